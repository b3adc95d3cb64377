//! The pieces of code that make up a function: itself, its separated parts, its funclets.

use crate::function::{FunctionIndex, Program};

/// The pieces of both versions of a function, in pairs; the function itself first. Where
/// one has more pieces than the other, the function stands alone: the comparison finds the
/// others to differ.
pub fn bodies(
    old: &Program<'_>,
    new: &Program<'_>,
    (f, g): (FunctionIndex, FunctionIndex),
) -> Vec<(FunctionIndex, FunctionIndex)> {
    let (a, b) = (old.pieces_of(f), new.pieces_of(g));
    let mut pairs = vec![(f, g)];
    if a.len() == b.len() {
        pairs.extend(a.into_iter().zip(b));
    }
    pairs
}
