//! The pieces of code that belong to a function: its separated parts, and its funclets.

use super::{FunctionIndex, Program, funclets};

/// Separated parts, then the funclets that the handler data of the function names, then the
/// pieces of those; without the function itself, each once.
pub fn of(program: &Program<'_>, function: FunctionIndex) -> Vec<FunctionIndex> {
    let mut found = vec![function];
    let mut next = 0;
    while let Some(index) = found.get(next).copied() {
        next += 1;
        for piece in program
            .parts_of(index)
            .chain(funclets::direct(program, index))
        {
            if !found.contains(&piece) {
                found.push(piece);
            }
        }
    }
    found.remove(0);
    found
}
