//! Which named data changed, was added or removed.

use std::collections::HashSet;

use super::same::Comparer;
use crate::function::{DataIndex, DataItem, Program};
use crate::image::ExportTarget;

/// What differs in a datum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataChangeKind {
    /// Its size, by its type.
    Size,
    /// It was writable and is constant now, or the other way.
    Protection,
    /// The value that a variable starts with.
    InitialValue,
    /// The value of a constant.
    Constant,
    /// The value of a constant that others know by its address: a virtual function table,
    /// run-time type information, an export.
    Identity,
}

/// A datum that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataChange {
    /// In the old build.
    pub old: DataIndex,
    /// In the new build.
    pub new: DataIndex,
    /// What differs.
    pub kind: DataChangeKind,
}

/// Named data of both builds, by what became of it.
#[derive(Debug, Default)]
pub struct DataDiff {
    /// Changed, by old address.
    pub changed: Vec<DataChange>,
    /// Only in the new build.
    pub added: Vec<DataIndex>,
    /// Only in the old build.
    pub removed: Vec<DataIndex>,
}

/// Compares the named data of two builds.
pub fn diff(comparer: &Comparer<'_>) -> DataDiff {
    let mut result = DataDiff::default();
    let (mut old_seen, mut new_seen) = (HashSet::new(), HashSet::new());
    for (o, n) in comparer.keys.data_pairs() {
        old_seen.insert(o);
        new_seen.insert(n);
        let (d, e) = (comparer.old.datum(o), comparer.new.datum(n));
        if is_linker_made(comparer.old, d) {
            continue;
        }
        if let Some(kind) = change(comparer, o, n, d, e) {
            result.changed.push(DataChange {
                old: o,
                new: n,
                kind,
            });
        }
    }
    let of_old = comparer.old.data_indices();
    result.removed = of_old
        .filter(|d| !old_seen.contains(d) && !is_linker_made(comparer.old, comparer.old.datum(*d)))
        .collect();
    let of_new = comparer.new.data_indices();
    result.added = of_new
        .filter(|d| !new_seen.contains(d) && !is_linker_made(comparer.new, comparer.new.datum(*d)))
        .collect();
    result
}

fn change(
    comparer: &Comparer<'_>,
    o: DataIndex,
    n: DataIndex,
    d: &DataItem,
    e: &DataItem,
) -> Option<DataChangeKind> {
    if comparer.same_type_descriptor(d, e) == Some(true) {
        return None;
    }
    if (d.writable || e.writable) && is_resized(comparer, d, e) {
        return Some(DataChangeKind::Size);
    }
    if d.writable != e.writable {
        return Some(DataChangeKind::Protection);
    }
    if comparer.same_datum_content(o, n) {
        return None;
    }
    Some(if d.writable {
        DataChangeKind::InitialValue
    } else if has_identity(comparer, d) {
        DataChangeKind::Identity
    } else {
        DataChangeKind::Constant
    })
}

/// Whether a variable has another size. Object files may disagree about it: then the largest
/// size counts, as it does for the linker.
fn is_resized(comparer: &Comparer<'_>, d: &DataItem, e: &DataItem) -> bool {
    let (before, after) = (d.type_sizes.iter().max(), e.type_sizes.iter().max());
    match (before, after) {
        (Some(before), Some(after)) => {
            after > before || !d.type_sizes.iter().any(|size| e.type_sizes.contains(size))
        }
        _ => has_more_room(comparer, d, e),
    }
}

/// Whether a variable of which no record says the size reaches further than it did: up to the
/// next symbol, or to the end of what its object file contributes. Where nothing says what an
/// object file contributes, the neighbours are those that the linker chose, which say nothing.
fn has_more_room(comparer: &Comparer<'_>, d: &DataItem, e: &DataItem) -> bool {
    let is_known = |program: &Program<'_>, item: &DataItem| {
        item.writable && program.symbols.contribution_at(item.rva).is_some()
    };
    let declared = e.type_sizes.iter().max().copied();
    is_known(comparer.old, d) && is_known(comparer.new, e) && declared.unwrap_or(e.size) > d.size
}

/// Whether others than the code that refers to it know a constant by its address.
fn has_identity(comparer: &Comparer<'_>, item: &DataItem) -> bool {
    const PREFIXES: [&str; 9] = [
        "??_7", "??_8", "??_R", "_TI", "_CT", "_ZTV", "_ZTI", "_ZTS", "_ZTT",
    ];
    let named = item
        .names
        .iter()
        .any(|n| PREFIXES.iter().any(|p| n.name.starts_with(p)));
    let place = ExportTarget::At(item.rva);
    let mut exports = comparer.old.image.exports.iter();
    named || exports.any(|e| e.leads_to == place)
}

/// Symbols of tables that the linker makes and that are compared through what they
/// stand for (imports, load configuration, guard tables).
fn is_linker_made(program: &Program<'_>, item: &DataItem) -> bool {
    const PREFIXES: [&str; 8] = [
        "__imp_",
        "__IMPORT_DESCRIPTOR_",
        "__NULL_IMPORT_DESCRIPTOR",
        "\u{7f}",
        "_load_config_used",
        "__guard_",
        "__DELAY_IMPORT_DESCRIPTOR_",
        "__RUNTIME_PSEUDO_RELOC_LIST",
    ];
    let table = program.image.import_table;
    let in_table =
        table.is_some_and(|t| (t.rva.0..t.rva.0.saturating_add(t.size)).contains(&item.rva.0));
    in_table
        || item
            .names
            .iter()
            .any(|n| PREFIXES.iter().any(|p| n.name.starts_with(p)))
}
