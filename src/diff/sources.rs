//! Changed functions whose source files are the same in both builds.
//!
//! Line tables name the source files that a function has code of, inlined ones among them, each
//! with a checksum. Where these are the same the function came out differently for another
//! reason: options, a profile, a definition or a header that has no code of its own.

use std::collections::BTreeSet;

use super::Diff;
use crate::function::{FunctionIndex, Program};
use crate::symbols::Lines;

/// The changed functions whose source files are known, old and new, with whether all of them
/// are the same.
pub(super) fn compare(
    diff: &Diff,
    old: (&Program<'_>, &Lines),
    new: (&Program<'_>, &Lines),
) -> Vec<(FunctionIndex, FunctionIndex, bool)> {
    let changed = diff.functions.changed.iter();
    let compared = changed.filter_map(|c| {
        let same = sources(old, c.old)? == sources(new, c.new)?;
        Some((c.old, c.new, same))
    });
    compared.collect()
}

/// Names and checksums of the source files of a function; `None` where one is not known.
fn sources<'l>(
    (program, lines): (&Program<'_>, &'l Lines),
    function: FunctionIndex,
) -> Option<BTreeSet<(&'l str, &'l str)>> {
    let mut found = BTreeSet::new();
    for range in program.code_ranges(function) {
        for (path, checksum) in lines.files_of(range.rva) {
            let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
            found.insert((name, checksum?));
        }
    }
    (!found.is_empty()).then_some(found)
}
