//! What runs when the image is loaded or unloaded, and only then.

use crate::addr::Rva;
use crate::diff::functions::place_text;
use crate::diff::same::Comparer;
use crate::function::Program;
use crate::image::TlsDirectory;

/// Entry point, TLS callbacks and tables of initialisers, where they are others now.
pub fn differences(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (comparer.old.image, comparer.new.image);
    let mut found = Vec::new();
    let entries = (old.entry.0 != 0, new.entry.0 != 0);
    if entries.0 != entries.1 || (entries.0 && !comparer.same_place(old.entry, new.entry, None)) {
        found.push("the entry point is another function".into());
    }
    let callbacks = |t: &Option<TlsDirectory>| t.as_ref().map_or(vec![], |t| t.callbacks.clone());
    let (a, b) = (callbacks(&old.tls), callbacks(&new.tls));
    let same = a.len() == b.len()
        && a.iter()
            .zip(&b)
            .all(|(x, y)| comparer.same_place(*x, *y, None));
    if !same {
        found.push("the TLS callbacks are other functions".into());
    }
    found.extend(tables(comparer));
    found
}

/// The initialisers and terminators that one build has and the other has not.
fn tables(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (listed(comparer.old), listed(comparer.new));
    let mut found = Vec::new();
    for (list, rva) in &new {
        let known = old.iter().any(|(_, o)| comparer.same_place(*o, *rva, None));
        if !known {
            let name = place_text(comparer.new, *rva);
            found.push(format!(
                "{name} is new in the {list}, which has run already"
            ));
        }
    }
    for (list, rva) in &old {
        let known = new.iter().any(|(_, n)| comparer.same_place(*rva, *n, None));
        if !known {
            let name = place_text(comparer.old, *rva);
            found.push(format!("{name} is no longer in the {list}"));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The section groups that hold tables of functions for the C runtime, and what they are. The
/// letters after `.CRT$` are those of the Visual C++ runtime; `.ctors` and the like are GNU.
const GROUPS: [(&str, &str); 8] = [
    (".CRT$XC", "list of C++ initialisers"),
    (".CRT$XI", "list of C initialisers"),
    (".CRT$XP", "list of C terminators"),
    (".CRT$XT", "list of C terminators"),
    (".ctors", "list of constructors"),
    (".init_array", "list of constructors"),
    (".dtors", "list of destructors"),
    (".fini_array", "list of destructors"),
];

/// Symbols of the Visual C++ runtime between which the same tables lie, for a PDB without
/// groups.
const BOUNDS: [(&str, &str, &str); 4] = [
    ("__xc_a", "__xc_z", "list of C++ initialisers"),
    ("__xi_a", "__xi_z", "list of C initialisers"),
    ("__xp_a", "__xp_z", "list of C terminators"),
    ("__xt_a", "__xt_z", "list of C terminators"),
];

/// Symbols of the GNU linkers: a list begins there with -1 and ends with 0.
const LISTS: [(&str, &str); 2] = [
    ("__CTOR_LIST__", "list of constructors"),
    ("__DTOR_LIST__", "list of destructors"),
];

/// Length of a list of the GNU linkers in bytes.
fn list_size(program: &Program<'_>, rva: Rva) -> u32 {
    let is_pointer = |place: Rva| !program.image.relocations_in(place, 8).is_empty();
    let entries = (1..).take_while(|i| rva.checked_add(i * 8).is_some_and(is_pointer));
    8 + entries.count() as u32 * 8
}

/// The functions in these tables, each with the table's name.
fn listed(program: &Program<'_>) -> Vec<(&'static str, Rva)> {
    let groups = program.symbols.groups.iter().filter_map(|group| {
        let (_, what) = GROUPS.iter().find(|(p, _)| group.name.starts_with(p))?;
        Some((*what, group.rva, group.size))
    });
    let public = |name: &str| {
        let mut publics = program.symbols.publics.iter();
        publics.find(|p| p.name == name).map(|p| p.rva)
    };
    let bounds = BOUNDS.iter().filter_map(|(from, to, what)| {
        let (from, to) = (public(from)?, public(to)?);
        Some((*what, from, to.0.checked_sub(from.0)?))
    });
    let lists = LISTS.iter().filter_map(|(name, what)| {
        let rva = public(name)?;
        Some((*what, rva, list_size(program, rva)))
    });
    let mut found = Vec::new();
    for (what, rva, size) in groups.chain(bounds).chain(lists) {
        let pointers = program.image.relocations_in(rva, size).iter();
        let targets = pointers.filter_map(|place| program.image.pointer_at(*place));
        found.extend(targets.map(|target| (what, target)));
    }
    found.sort_unstable();
    found.dedup();
    found
}
