//! Differences of the images outside of functions, data and types.

mod startup;
mod unnamed;

use super::same::Comparer;
use super::thread_local;
use crate::addr::Rva;

/// What else differs, each as words for a finding.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImageDiff {
    /// Exports that were added, removed or lead elsewhere.
    pub exports: Vec<String>,
    /// The thread-local storage, where it differs.
    pub tls: Vec<String>,
    /// Entry point, TLS callbacks, initialisers and terminators that are other functions now.
    pub startup: Vec<String>,
    /// Objects that were compiled by another compiler.
    pub toolchain: Vec<String>,
    /// Writable data without a symbol that differs.
    pub unnamed: Vec<String>,
}

impl ImageDiff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == ImageDiff::default()
    }
}

/// Compares what the loader and the debugger see.
pub fn diff(comparer: &Comparer<'_>) -> ImageDiff {
    ImageDiff {
        exports: exports(comparer),
        tls: thread_local::differences(comparer),
        startup: startup::differences(comparer),
        toolchain: toolchain(comparer),
        unnamed: unnamed::differences(comparer),
    }
}

fn exports(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (&comparer.old.image.exports, &comparer.new.image.exports);
    let find = |list: &[(String, String)], name: &str| {
        let at = list.binary_search_by(|(n, _)| n.as_str().cmp(name)).ok()?;
        Some(list[at].1.clone())
    };
    let mut found = Vec::new();
    for (name, leads_to) in old {
        match find(new, name) {
            None => found.push(format!("{name} is no longer exported")),
            Some(other) if !same_export(comparer, leads_to, &other) => {
                found.push(format!("{name} leads to {other} instead of {leads_to}"));
            }
            Some(_) => {}
        }
    }
    let added = new.iter().filter(|(name, _)| find(old, name).is_none());
    found.extend(added.map(|(name, _)| format!("{name} is a new export")));
    found
}

fn same_export(comparer: &Comparer<'_>, old: &str, new: &str) -> bool {
    let rva = |text: &str| {
        u32::from_str_radix(text.strip_prefix("0x")?, 16)
            .ok()
            .map(Rva)
    };
    match (rva(old), rva(new)) {
        // A constant that changed is reported as such, not as a moved export.
        (Some(a), Some(b)) => comparer.same_place(a, b, Some(0)),
        _ => old == new,
    }
}

/// Objects of both builds whose compiler is not the same.
fn toolchain(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (&comparer.old.symbols.modules, &comparer.new.symbols.modules);
    let mut found = Vec::new();
    for (o, n) in comparer.keys.modules.pairs() {
        let (Some(a), Some(b)) = (&old[o].compiler, &new[n].compiler) else {
            continue;
        };
        if a != b {
            found.push(format!("{}: {b} instead of {a}", new[n].object_name()));
        }
    }
    found
}
