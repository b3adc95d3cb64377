//! Classes that no record of a build defines: their layout cannot be compared.
//!
//! What shows that it changed is code. Where a changed function that mentions such a class no
//! longer reads or writes at one place of an object and does so at another one instead, a
//! member may have moved. It has not where
//!
//! * the place lies within an object of another type that the function mentions, and that is
//!   defined: the change may be about that one;
//! * an unchanged function that mentions the class reads or writes there: that member is where
//!   it was.

use std::collections::{BTreeMap, BTreeSet};

use super::types::{TypeChange, TypeChangeKind};
use super::{ChangedFunction, Diff};
use crate::function::{FunctionIndex, MemberAccess, Place, Program};
use crate::symbols::{Mentions, Told};

/// Places in objects.
type Accesses = BTreeSet<MemberAccess>;

/// What changed functions that mention a class do otherwise.
#[derive(Default)]
struct Shift {
    /// Places that are not used any more.
    gone: Accesses,
    /// Places that were not used before.
    come: Accesses,
    /// The functions that use those.
    by: BTreeSet<String>,
}

/// Whether there are such classes and changed functions that may show something of them.
pub(super) fn may_be_found(diff: &Diff, old: &Program<'_>, new: &Program<'_>) -> bool {
    let shifts = |c: &ChangedFunction| {
        let (before, after) = (old.member_accesses(c.old), new.member_accesses(c.new));
        before != after
    };
    let others = !diff.functions.added.is_empty() && !diff.functions.removed.is_empty();
    (others || diff.functions.changed.iter().any(shifts)) && !names(old, new).is_empty()
}

/// The classes of which a member may have moved.
pub(super) fn find(
    diff: &Diff,
    old: (&Program<'_>, &Mentions),
    new: (&Program<'_>, &Mentions),
) -> Vec<TypeChange> {
    let names = names(old.0, new.0);
    let mut shifts: BTreeMap<&str, Shift> = BTreeMap::new();
    let changed = diff.functions.changed.iter();
    let changed = changed.map(|c| (Some(c.old), Some(c.new)));
    let added = diff.functions.added.iter().map(|n| (None, Some(*n)));
    let removed = diff.functions.removed.iter().map(|o| (Some(*o), None));
    for (o, n) in changed.chain(added).chain(removed) {
        let side = |(program, mentions): (&Program<'_>, &Mentions), f: Option<FunctionIndex>| {
            f.map_or_else(Default::default, |f| {
                (program.member_accesses(f), told(program, mentions, f))
            })
        };
        let ((before, of_old), (after, of_new)) = (side(old, o), side(new, n));
        let within = |told: &Told, (at, size): MemberAccess| {
            u64::try_from(at).is_ok_and(|at| at + u64::from(size).max(1) <= told.largest)
        };
        let unexplained = |accesses: &Accesses, others: &Accesses, told: &Told| -> Accesses {
            let only = accesses.difference(others).copied();
            only.filter(|a| !within(told, *a)).collect()
        };
        let gone = unexplained(&before, &after, &of_old);
        let come = unexplained(&after, &before, &of_new);
        for name in of_old.declared.union(&of_new.declared) {
            let Some(name) = names.get(name.as_str()) else {
                continue;
            };
            let shift = shifts.entry(name).or_default();
            shift.gone.extend(&gone);
            if let Some(n) = n.filter(|_| !come.is_empty()) {
                shift.come.extend(&come);
                shift.by.insert(new.0.function(n).display_name().to_owned());
            }
        }
    }
    shifts.retain(|_, shift| !shift.gone.is_empty() && !shift.come.is_empty());
    keep_what_stayed(diff, new, &mut shifts);
    shifts
        .into_iter()
        .map(|(name, s)| change(name, &s))
        .collect()
}

/// Takes the places out that unchanged functions use as well.
fn keep_what_stayed(
    diff: &Diff,
    (new, mentions): (&Program<'_>, &Mentions),
    shifts: &mut BTreeMap<&str, Shift>,
) {
    if shifts.is_empty() {
        return;
    }
    let changed: BTreeSet<_> = diff.functions.changed.iter().map(|c| c.new).collect();
    let pairs = diff.keys.function_pairs();
    let unchanged: BTreeSet<_> = pairs.iter().map(|(_, n)| *n).collect();
    for function in unchanged.difference(&changed) {
        let told = told(new, mentions, *function);
        for name in &told.declared {
            if let Some(shift) = shifts.get_mut(name.as_str()) {
                for access in new.member_accesses(*function) {
                    shift.come.remove(&access);
                }
            }
        }
    }
    shifts.retain(|_, shift| !shift.come.is_empty());
}

/// What is known of the types that a function mentions, or whose variables it refers to.
fn told(program: &Program<'_>, mentions: &Mentions, function: FunctionIndex) -> Told {
    let own = mentions.of_function.get(&program.function(function).rva);
    let mut types = own.cloned().unwrap_or_default();
    for reference in &program.code_of(function).references {
        if let Place::Data(datum, _) = program.place(reference.target) {
            types.extend(&program.datum(datum).types);
        }
    }
    program.symbols.types.told(types)
}

/// Classes of both builds that one of them does not define.
fn names<'p>(old: &'p Program<'_>, new: &'p Program<'_>) -> BTreeSet<&'p str> {
    let (a, b) = (&old.symbols.types, &new.symbols.types);
    let of_old = a.declared().into_iter().filter(|name| b.knows(name));
    let of_new = b.declared().into_iter().filter(|name| a.knows(name));
    of_old.chain(of_new).collect()
}

fn change(name: &str, shift: &Shift) -> TypeChange {
    let place = |accesses: &Accesses| {
        let first = accesses.first().map_or(0, |a| a.0);
        format!(
            "{}{:#x}",
            if first < 0 { "-" } else { "" },
            first.unsigned_abs()
        )
    };
    let (gone, come) = (place(&shift.gone), place(&shift.come));
    let by = shift.by.iter().next().map_or("", String::as_str);
    TypeChange {
        kind: TypeChangeKind::Layout,
        key: name.to_owned(),
        name: name.to_owned(),
        detail: format!(
            "a PDB declares it and does not define it, so that its layout cannot be compared, \
             and {by} uses offset {come} of an object where the old build uses {gone}"
        ),
        layout: None,
        users: Vec::new(),
    }
}
