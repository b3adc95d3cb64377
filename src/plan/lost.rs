//! Variables without a symbol that new code gives up.
//!
//! A compiler that keeps a static variable in another form, as one of two values or as one of
//! its members, leaves it without a symbol. In the new build the same variable may have its
//! symbol again, and looks new, or may be a constant, as nothing sets it any more: what the
//! running program has stored in the old one is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::{FixupTarget, Piece, PieceKind};
use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, rules};
use crate::function::{FunctionIndex, Place, Program};

/// The variables without a symbol that only old code uses, but for those of functions of which it
/// is known already that they refer to something that is not found.
pub fn findings(
    old: &Program<'_>,
    diff: &Diff,
    pieces: &[Piece],
    known: &[Finding],
) -> Vec<Finding> {
    let brought = pieces.iter().filter(|p| p.kind == PieceKind::Variable);
    let brought: Vec<&str> = brought.map(|p| p.symbol.as_str()).collect();
    if diff.is_identity() {
        return Vec::new();
    }
    let changed = diff.functions.changed.iter().map(|c| c.old);
    let gone: BTreeSet<FunctionIndex> = changed
        .chain(diff.functions.removed.iter().copied())
        .flat_map(|f| std::iter::once(f).chain(old.parts_of(f)))
        .collect();
    let mut lost: BTreeMap<Rva, FunctionIndex> = BTreeMap::new();
    for function in &gone {
        lost.extend(variables(old, *function).map(|rva| (rva, *function)));
    }
    let fixups = pieces.iter().flat_map(|piece| &piece.fixups);
    for fixup in fixups {
        if let FixupTarget::Old(rva) = fixup.target {
            lost.remove(&Rva(rva.0.wrapping_add_signed(fixup.addend)));
        }
    }
    // Most functions are looked at only where something may be lost.
    if lost.is_empty() {
        return Vec::new();
    }
    for function in old.function_indices().filter(|f| !gone.contains(f)) {
        variables(old, function).for_each(|rva| {
            lost.remove(&rva);
        });
    }
    let lost = lost.into_iter().map(|(rva, function)| {
        let name = old.function(function).display_name();
        let mut detail =
            format!("the variable without a symbol at {rva} that {name} uses is used no more");
        if !brought.is_empty() {
            detail.push_str(&format!(", and the patch brings {}", brought.join(", ")));
        }
        let rule = &rules::data::DATA_REMOVED;
        Finding::about(rule, name, detail)
    });
    let unresolved = &rules::code::UNRESOLVED_REFERENCE;
    let is_open = |f: &Finding| {
        let mut known = known.iter();
        known.any(|k| k.rule == unresolved && k.subject == f.subject)
    };
    lost.filter(|f| !is_open(f)).collect()
}

/// The writable places without a symbol to which a function refers.
pub(super) fn variables<'p>(
    program: &'p Program<'_>,
    function: FunctionIndex,
) -> impl Iterator<Item = Rva> + 'p {
    let references = program.code_of(function).references.iter();
    let targets = references.map(|r| r.target);
    targets.filter(|target| program.place(*target) == Place::Variable)
}
