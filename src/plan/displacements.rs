//! Numbers in code that is carried, which may be RVAs: the register beside them may hold the
//! address of the image, wherever it comes from.
//!
//! An offset into a large structure looks the same. It does not follow when data move, and it
//! is where an object begins by chance only.

use crate::addr::Rva;
use crate::diff::{Comparer, Diff};
use crate::function::{FunctionIndex, Place, Program};

/// The first number of a function of the new build that may be an RVA and would lead
/// elsewhere in the old image: offset of its field, and the place in the new image.
pub fn lost(
    (old, new): (&Program<'_>, &Program<'_>),
    diff: &Diff,
    function: FunctionIndex,
) -> Option<(u32, Rva)> {
    let numbers = &new.code_of(function).numbers;
    if numbers.is_empty() || diff.is_identity() {
        return None;
    }
    let comparer = diff.comparer(old, new);
    let before = diff.old_function(function);
    let before = before.map_or(&[][..], |o| &old.code_of(o).numbers);
    let is_lost = |(_, rva): &&(u32, Rva)| {
        if comparer.same_place(*rva, *rva, None) {
            return false;
        }
        let mut before = before.iter().map(|(_, rva)| *rva);
        if before.clone().any(|old| old == *rva) {
            // The number stayed. An RVA would have followed an object that moved.
            return comparer.same_name(*rva, *rva);
        }
        let moved = before.any(|old| comparer.same_name(old, *rva) || same(&comparer, old, *rva));
        moved || begins(new, *rva)
    };
    numbers.iter().find(is_lost).copied()
}

fn same(comparer: &Comparer<'_>, old: Rva, new: Rva) -> bool {
    comparer.same_constant_at(old, new, None)
}

/// Whether an object is known to begin at an address.
fn begins(program: &Program<'_>, rva: Rva) -> bool {
    match program.place(rva) {
        Place::Data(_, offset) => offset == 0,
        Place::Constant | Place::Variable => !program.incoming().at(rva).is_empty(),
        Place::SwitchTable(_) | Place::Import(_) => true,
        _ => false,
    }
}
