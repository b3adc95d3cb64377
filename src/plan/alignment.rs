//! Whether what the new code leaves in the old image is aligned as the code needs it.
//!
//! A field of an instruction that asks for alignment must lead to an address that has it. A
//! pointer is checked where a function that asks for alignment behind its pointers, or one that
//! calls it, takes the address of a datum that has the alignment in the new build alone. Where
//! a pointer comes from anywhere else, nobody knows what it leads to: then it counts that the
//! old code of the same function got along with any address there.

use std::collections::{BTreeMap, BTreeSet};

use super::closure::Closure;
use super::{FixupKind, FixupTarget, PieceIndex};
use crate::addr::Rva;
use crate::finding::{Finding, rules};
use crate::function::{Alignment, DataIndex, FunctionIndex, Place, ReferenceKind};

/// The findings about everything that stays where the old image has it.
pub fn findings(closure: &Closure<'_>) -> Vec<Finding> {
    // Moved as it is, code finds everything where it was.
    if closure.diff.is_identity() {
        return Vec::new();
    }
    let carried = closure.carried_functions();
    let mut found: BTreeMap<(Rva, u32), Finding> = BTreeMap::new();
    let mut add = |new: Rva, old: Rva, align: u32, user: FunctionIndex| {
        let function = closure.new.function(user).display_name();
        let name = match closure.new.place(new) {
            Place::Data(d, _) => closure.new.datum(d).display_name().to_owned(),
            _ => format!("{new}"),
        };
        let detail = format!(
            "{function} needs it at a multiple of {align} bytes, as it is at {new} in the new \
             build; the old image has it at {old}"
        );
        let rule = &rules::data::VARIABLE_ALIGNMENT;
        let finding = Finding::about(rule, name, detail);
        found.entry((new, align)).or_insert(finding);
    };
    let mut behind_pointers: BTreeMap<FunctionIndex, u32> = BTreeMap::new();
    for (piece, function) in &carried {
        let alignment = Alignment::of(closure.new, *function);
        for (at, align) in alignment.fields {
            if let Some(old) = kept(closure, *piece, at)
                && old.0 % align != 0
                && let Some(new) = new_target(closure, *function, at)
            {
                add(new, old, align, *function);
            }
        }
        if alignment.pointers > 0 {
            behind_pointers.insert(*function, alignment.pointers);
        }
    }
    for function in closure.new.function_indices() {
        let references = &closure.new.code_of(function).references;
        let callees = references
            .iter()
            .filter(|r| r.kind == ReferenceKind::Branch32);
        let callees = callees.filter_map(|r| match closure.new.place(r.target) {
            Place::Function(callee, 0) => behind_pointers.get(&callee),
            _ => None,
        });
        let own = behind_pointers.get(&function);
        let Some(align) = callees
            .chain(own)
            .max()
            .filter(|_| !behind_pointers.is_empty())
        else {
            continue;
        };
        for (new, old) in taken(closure, function, *align) {
            add(new, old, *align, function);
        }
    }
    found.into_values().chain(anywhere(closure)).collect()
}

/// Functions that ask for alignment behind pointers of which nobody knows where they lead, in
/// the place of instructions that asked for none.
fn anywhere(closure: &Closure<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in &closure.diff.functions.changed {
        let after = Alignment::of(closure.new, change.new);
        if after.unknown == 0 {
            continue;
        }
        let before = Alignment::of(closure.old, change.old);
        if after.strict > before.strict && after.loose < before.loose {
            let detail = format!(
                "it reads or writes behind a pointer with an instruction that needs a multiple of \
                 {} bytes, where its old code takes any address; what the pointer leads to in the \
                 running program need not have that",
                after.unknown
            );
            let name = closure.new.function(change.new).display_name().to_owned();
            let rule = &rules::data::VARIABLE_ALIGNMENT;
            found.push(Finding::about(rule, name, detail));
        }
    }
    found
}

/// Where in the old image a field of a piece leads; `None` where it leads elsewhere.
fn kept(closure: &Closure<'_>, piece: PieceIndex, at: u32) -> Option<Rva> {
    let fixups = &closure.pieces[piece.0 as usize].fixups;
    let fixup = fixups.iter().find(|f| f.at == at)?;
    match (fixup.kind, fixup.target) {
        (FixupKind::Relative(_), FixupTarget::Old(rva)) => rva.checked_offset(fixup.addend.into()),
        _ => None,
    }
}

fn new_target(closure: &Closure<'_>, function: FunctionIndex, at: u32) -> Option<Rva> {
    let references = &closure.new.code_of(function).references;
    references.iter().find(|r| r.at == at).map(|r| r.target)
}

/// Data that stay, of which a function takes the address, and that only the new build has at a
/// multiple of `align`: where the new and where the old build has them.
fn taken(closure: &Closure<'_>, function: FunctionIndex, align: u32) -> BTreeSet<(Rva, Rva)> {
    let (old, new) = (closure.old, closure.new);
    let references = new.code_of(function).references.iter();
    let addresses = references.filter_map(|r| match r.kind {
        ReferenceKind::Address | ReferenceKind::Absolute => Some(r.target),
        _ => new.import_pointer(r.target),
    });
    let places = addresses.filter_map(|target| {
        let Place::Data(d, offset) = new.place(target) else {
            return None;
        };
        let item = new.datum(d);
        // Instructions that ask for alignment reach as far.
        if item.content_size() < align || !stays(closure, d) {
            return None;
        }
        let before = old
            .datum(closure.diff.old_datum(d)?)
            .rva
            .checked_add(offset)?;
        let only_new = target.0 % align == 0 && before.0 % align != 0;
        only_new.then_some((target, before))
    });
    places.collect()
}

/// Whether the payload brings no copy of a datum.
fn stays(closure: &Closure<'_>, d: DataIndex) -> bool {
    let item = closure.new.datum(d);
    let is_literal = item.names.iter().any(|n| n.name.starts_with("??_C@"));
    let mut changes = closure.diff.data.changed.iter();
    !is_literal && (item.writable || !changes.any(|c| c.new == d))
}
