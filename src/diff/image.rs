//! Differences of the images outside of functions, data and types.

use super::same::Comparer;
use crate::addr::Rva;
use crate::image::TlsDirectory;

/// What else differs, each as words for a finding.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImageDiff {
    /// Exports that were added, removed or lead elsewhere.
    pub exports: Vec<String>,
    /// The thread-local storage, where it differs.
    pub tls: Vec<String>,
    /// Entry point and TLS callbacks that are other functions now.
    pub startup: Vec<String>,
    /// Objects that were compiled by another compiler.
    pub toolchain: Vec<String>,
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
        tls: tls(comparer),
        startup: startup(comparer),
        toolchain: toolchain(comparer),
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

fn tls(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (&comparer.old.image.tls, &comparer.new.image.tls);
    let (a, b) = match (old, new) {
        (None, None) => return Vec::new(),
        (Some(a), Some(b)) => (a, b),
        (None, Some(_)) => return vec!["the new build has thread-local variables".into()],
        (Some(_), None) => return vec!["the new build has no thread-local variables".into()],
    };
    let mut found = Vec::new();
    let sizes = |t: &TlsDirectory| (t.template_size, t.zero_fill);
    if sizes(a) != sizes(b) {
        let (bytes, zeros) = sizes(a);
        let (new_bytes, new_zeros) = sizes(b);
        found.push(format!(
            "the TLS block has {new_bytes}+{new_zeros} bytes instead of {bytes}+{zeros}"
        ));
    } else if !comparer.same_bytes(a.template, b.template, a.template_size) {
        found.push("the initial value of a thread-local variable differs".into());
    }
    let offsets = |symbols: &crate::symbols::Symbols, t: &TlsDirectory| {
        let mut list: Vec<(String, u32)> = symbols
            .thread_locals
            .iter()
            .map(|v| (v.name.clone(), v.rva.0.wrapping_sub(t.template.0)))
            .collect();
        list.sort();
        list.dedup();
        list
    };
    if offsets(comparer.old.symbols, a) != offsets(comparer.new.symbols, b) {
        found.push("thread-local variables lie at other offsets of the TLS block".into());
    }
    found
}

fn startup(comparer: &Comparer<'_>) -> Vec<String> {
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
    found
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
