//! Differences of the images outside of functions, data and types.

mod startup;
mod unnamed;

use super::same::Comparer;
use crate::addr::Rva;
use crate::function::Program;
use crate::image::TlsDirectory;

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
        tls: tls(comparer),
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

fn tls(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (&comparer.old.image.tls, &comparer.new.image.tls);
    let (a, b) = match (old, new) {
        (None, None) => return Vec::new(),
        (Some(a), Some(b)) => (a, b),
        (None, Some(_)) => return vec!["the new build has thread-local variables".into()],
        (Some(_), None) => return vec!["the new build has no thread-local variables".into()],
    };
    let (before, after) = (variables(comparer.old, a), variables(comparer.new, b));
    if before.is_empty() && after.is_empty() {
        let sizes = |t: &TlsDirectory| (t.template_size, t.zero_fill);
        let same =
            sizes(a) == sizes(b) && comparer.same_bytes(a.template, b.template, a.template_size);
        return match same {
            true => Vec::new(),
            false => vec!["the TLS block differs, and no symbol says in what".into()],
        };
    }
    // Where the variables lie does not matter here: code that knows it is compared by what
    // it means.
    let names = |list: &[(String, Rva, u32)]| -> Vec<String> {
        list.iter().map(|(name, _, _)| name.clone()).collect()
    };
    if names(&before) != names(&after) {
        return vec!["the build has other thread-local variables".into()];
    }
    let pairs = before.iter().zip(&after);
    pairs
        .filter(|(x, y)| !comparer.same_extents((x.1, x.2), (y.1, y.2), &[]))
        .map(|(x, _)| format!("the initial value or size of {} differs", x.0))
        .collect()
}

/// Thread-local variables by name, each with its place in the template and the bytes up to
/// the next one or the end of the template.
fn variables(program: &Program<'_>, tls: &TlsDirectory) -> Vec<(String, Rva, u32)> {
    let all = &program.symbols.thread_locals;
    let template_end = tls.template.0.saturating_add(tls.template_size);
    let section_end = program
        .image
        .section_at(tls.template)
        .map_or(0, |s| s.end().0);
    let end = template_end.min(section_end.max(tls.template.0));
    let mut list: Vec<(String, Rva, u32)> = all
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let next = all[i + 1..].iter().map(|n| n.rva.0).find(|n| *n > v.rva.0);
            let to = next.unwrap_or(end).min(end);
            (v.name.clone(), v.rva, to.saturating_sub(v.rva.0))
        })
        .collect();
    list.sort_by(|x, y| x.0.cmp(&y.0).then(x.1.cmp(&y.1)));
    list.dedup();
    list
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
