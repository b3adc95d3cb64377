//! Exports that differ: by name, and by ordinal where other modules may use that.

use std::collections::BTreeMap;

use crate::diff::same::Comparer;
use crate::image::{Export, ExportTarget};

/// Exports that were added, removed, lead elsewhere or have another ordinal.
pub fn differences(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (&comparer.old.image.exports, &comparer.new.image.exports);
    let (of_old, of_new) = (by_key(old), by_key(new));
    let mut found = Vec::new();
    let mut shifted = Vec::new();
    for (key, export) in &of_old {
        let Some(other) = of_new.get(key) else {
            found.push(format!("{} is no longer exported", key.words()));
            continue;
        };
        let (before, after) = (&export.leads_to, &other.leads_to);
        if !same_target(comparer, before, after) {
            found.push(format!(
                "{} leads to {after} instead of {before}",
                key.words()
            ));
        }
        if export.ordinal != other.ordinal {
            shifted.push((key, export.ordinal, other.ordinal));
        }
    }
    let added = of_new.keys().filter(|key| !of_old.contains_key(key));
    found.extend(added.map(|key| format!("{} is a new export", key.words())));
    let same_names = of_old.keys().eq(of_new.keys());
    found.extend(ordinals(&shifted, same_names));
    found
}

/// What an importer asks for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Name(&'a str),
    Ordinal(u32),
}

impl Key<'_> {
    fn words(&self) -> String {
        match self {
            Key::Name(name) => (*name).to_owned(),
            Key::Ordinal(ordinal) => format!("ordinal {ordinal}, which has no name,"),
        }
    }
}

fn key(export: &Export) -> Key<'_> {
    match &export.name {
        Some(name) => Key::Name(name),
        None => Key::Ordinal(export.ordinal),
    }
}

fn by_key(exports: &[Export]) -> BTreeMap<Key<'_>, &Export> {
    exports.iter().map(|e| (key(e), e)).collect()
}

/// Linkers number names that have no ordinal of their own one after the other: where names
/// come or go, all behind them shift, and one line says so. Where they are the same,
/// somebody gave an ordinal to another name.
fn ordinals(shifted: &[(&Key<'_>, u32, u32)], same_names: bool) -> Vec<String> {
    let words = |(key, before, after): &(&Key<'_>, u32, u32)| {
        format!("{} has ordinal {after} instead of {before}", key.words())
    };
    match shifted {
        [first, rest @ ..] if !same_names && !rest.is_empty() => {
            vec![format!(
                "{}, and so on for {} more",
                words(first),
                rest.len()
            )]
        }
        _ => shifted.iter().map(words).collect(),
    }
}

fn same_target(comparer: &Comparer<'_>, old: &ExportTarget, new: &ExportTarget) -> bool {
    match (old, new) {
        // A constant that changed is reported as such, not as a moved export.
        (ExportTarget::At(a), ExportTarget::At(b)) => comparer.same_place(*a, *b, Some(0)),
        _ => old == new,
    }
}
