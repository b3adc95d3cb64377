use super::*;
use crate::symbols::ModuleIndex;

/// Variables as (name, module, offset, size), parts as (module, offset, size).
fn block(
    variables: &[(&str, Option<u32>, u32, Option<u32>)],
    parts: &[(u32, u32, u32)],
) -> ThreadLocals {
    let part = |(module, offset, size): &(u32, u32, u32)| ThreadLocalPart {
        offset: *offset,
        size: *size,
        module: ModuleIndex(*module),
    };
    let variable = |(name, module, offset, size): &(&str, Option<u32>, u32, Option<u32>)| {
        ThreadLocalVariable {
            offset: *offset,
            size: *size,
            is_array: name.starts_with("list"),
            type_name: None,
            names: vec![ThreadLocalName {
                name: (*name).into(),
                module: module.map(ModuleIndex),
                scope: None,
            }],
        }
    };
    ThreadLocals {
        size: 0x100,
        variables: variables.iter().map(variable).collect(),
        parts: parts.iter().map(part).collect(),
    }
}

fn pairs<'p>(old: &'p ThreadLocals, new: &'p ThreadLocals) -> ThreadLocalPairs<'p> {
    ThreadLocalPairs::of(old, new, (0..8).map(|i| (i, i)).collect())
}

#[test]
fn variables_are_found_where_they_were() {
    let old = block(&[("a", None, 8, Some(8)), ("b", None, 16, Some(4))], &[]);
    let new = block(&[("b", None, 8, Some(4)), ("a", None, 32, Some(8))], &[]);
    let pairs = pairs(&old, &new);
    assert_eq!(pairs.old_offset(Rva(36), false), Ok(12));
    assert_eq!(pairs.old_offset(Rva(8), true), Ok(16));
    assert!(pairs.same(Rva(12), Rva(36), false));
    assert!(!pairs.same(Rva(8), Rva(8), false));
}

#[test]
fn namesakes_of_two_object_files_are_told_apart() {
    let old = block(
        &[("n", Some(0), 8, Some(4)), ("n", Some(1), 12, Some(4))],
        &[],
    );
    let new = block(
        &[("n", Some(1), 8, Some(4)), ("n", Some(0), 12, Some(4))],
        &[],
    );
    let pairs = pairs(&old, &new);
    assert_eq!(pairs.old_offset(Rva(8), false), Ok(12));
    assert!(!pairs.same(Rva(8), Rva(8), false));
    assert!(pairs.same(Rva(8), Rva(12), false));
}

#[test]
fn new_and_ambiguous_variables_are_refused() {
    let old = block(
        &[
            ("a", None, 8, Some(4)),
            ("n", Some(0), 16, Some(4)),
            ("n", Some(0), 24, Some(4)),
        ],
        &[],
    );
    let new = block(
        &[
            ("b", None, 8, Some(4)),
            ("n", Some(0), 16, Some(4)),
            ("n", Some(0), 24, Some(4)),
        ],
        &[],
    );
    let different = pairs(&old, &new);
    let error = |offset| different.old_offset(Rva(offset), false).unwrap_err();
    assert!(error(8).contains("new thread-local b"), "{}", error(8));
    assert!(error(16).contains("several"), "{}", error(16));
    assert!(!different.same(Rva(16), Rva(16), false));
    // Where nothing moved, code that did not change means what it meant; but which of the
    // two new code means is not known.
    let same = pairs(&old, &old);
    assert!(same.same(Rva(16), Rva(16), false));
    assert!(same.old_offset(Rva(16), false).is_err());
}

#[test]
fn what_has_no_name_is_not_known_by_its_neighbour() {
    let parts = [(0, 0, 8), (1, 8, 8)];
    let old = block(&[("a", None, 0, Some(4)), ("b", None, 8, Some(4))], &parts);
    // The guard was behind `a` of object 0, and is behind `b` of object 1 now.
    let swapped = block(
        &[("b", None, 0, Some(4)), ("a", None, 8, Some(4))],
        &[(1, 0, 8), (0, 8, 8)],
    );
    assert_eq!(pairs(&old, &swapped).old_offset(Rva(12), false), Ok(4));
    // Its object got one more variable: nothing says what is where.
    let grown = block(
        &[
            ("a", None, 0, Some(4)),
            ("c", None, 4, Some(4)),
            ("b", None, 12, Some(4)),
        ],
        &[(0, 0, 12), (1, 12, 8)],
    );
    assert!(pairs(&old, &grown).old_offset(Rva(8), false).is_err());
    assert_eq!(pairs(&old, &grown).old_offset(Rva(16), false), Ok(12));
    // Without contributions only the layout as a whole is left.
    let bare = block(&[("a", None, 0, Some(4))], &[]);
    let moved = block(&[("a", None, 16, Some(4))], &[]);
    assert_eq!(pairs(&bare, &bare).old_offset(Rva(4), false), Ok(4));
    assert!(pairs(&bare, &moved).old_offset(Rva(20), false).is_err());
}

#[test]
fn the_end_of_an_array_may_be_meant() {
    let old = block(
        &[("list", None, 0, Some(16)), ("x", None, 16, Some(4))],
        &[],
    );
    let apart = block(
        &[
            ("x", None, 0, Some(4)),
            ("list", None, 16, Some(16)),
            ("y", None, 32, Some(4)),
        ],
        &[],
    );
    let pairs = pairs(&old, &apart);
    assert_eq!(pairs.old_offset(Rva(0), true), Ok(16));
    // The start of a new variable or the end of the list.
    assert!(pairs.old_offset(Rva(32), true).is_err());
    // The old code may mean the end of the list, which is elsewhere now.
    assert!(!pairs.same(Rva(16), Rva(0), true));
    assert!(pairs.same(Rva(16), Rva(0), false));
}
