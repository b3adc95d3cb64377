//! The pieces of code that make up a function: itself, its separated parts, its funclets.

use crate::addr::Rva;
use crate::function::{FunctionIndex, Item, Place, Program};

/// The pieces of both versions of a function, in pairs; the function itself first. Pieces
/// that cannot be paired are left out: the comparison finds them to differ.
pub fn bodies(
    old: &Program<'_>,
    new: &Program<'_>,
    (f, g): (FunctionIndex, FunctionIndex),
) -> Vec<(FunctionIndex, FunctionIndex)> {
    let mut pairs = vec![(f, g)];
    let mut next = 0;
    while let Some((f, g)) = pairs.get(next).copied() {
        next += 1;
        let (a, b) = (pieces(old, f), pieces(new, g));
        if a.len() == b.len() {
            for pair in a.into_iter().zip(b) {
                if !pairs.iter().any(|(known, _)| *known == pair.0) {
                    pairs.push(pair);
                }
            }
        }
    }
    pairs
}

/// Separated parts, then the funclets that the handler data of the function names.
fn pieces(program: &Program<'_>, function: FunctionIndex) -> Vec<FunctionIndex> {
    let f = program.function(function);
    let parts = f
        .parts
        .iter()
        .filter_map(|(rva, _)| program.function_at(*rva));
    let mut pieces: Vec<FunctionIndex> = parts.filter(|part| *part != function).collect();
    pieces.extend(funclets(program, f.rva, f.size));
    pieces
}

fn funclets(program: &Program<'_>, rva: Rva, size: u32) -> Vec<FunctionIndex> {
    let table = &program.image.runtime_functions;
    let from = table.partition_point(|f| f.begin < rva);
    let entries = table[from..].iter();
    let entries = entries.take_while(|f| f.begin.0 < rva.0.saturating_add(size));
    let mut found = Vec::new();
    for entry in entries {
        let Some((handler, data)) = program
            .image
            .unwind_info(entry.info)
            .ok()
            .and_then(|info| info.handler)
        else {
            continue;
        };
        let form = program.handler_at(handler);
        let items = form.and_then(|f| f.items(program.image, data));
        for item in items.into_iter().flatten() {
            if let Item::Place(rva) = item
                && let Place::Function(index, 0) = program.place(rva)
                && program.is_funclet(index)
            {
                found.push(index);
            }
        }
    }
    found
}
