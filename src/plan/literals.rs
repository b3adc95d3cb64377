//! Literals of one function that lie side by side.
//!
//! The address where one object ends is the address where the next begins, and machine
//! code does not say which of the two it means. Where a function takes the addresses of
//! both, the payload carries a copy of both together, so that either reading holds.

use crate::addr::Rva;
use crate::function::{Code, Place, Program, ReferenceKind};

/// Names that compilers give to literals; such objects have no identity beyond their value.
const LITERAL_PREFIXES: [&str; 4] = ["??_C@_", "__real@", "__xmm@", "__ymm@"];

/// Runs of two or more adjacent literals whose addresses the code takes: start and length.
pub fn adjacent(program: &Program<'_>, code: &Code) -> Vec<(Rva, u32)> {
    let mut literals: Vec<(Rva, u32)> = code
        .references
        .iter()
        .filter(|r| r.kind == ReferenceKind::Address)
        .filter_map(|r| extent(program, r.target))
        .collect();
    literals.sort_unstable();
    literals.dedup();
    let mut runs: Vec<(Rva, u32, usize)> = Vec::new();
    for (start, size) in literals {
        match runs.last_mut() {
            Some((first, length, count)) if start.0 <= first.0 + *length => {
                *length = (*length).max(start.0 + size - first.0);
                *count += 1;
            }
            _ => runs.push((start, size, 1)),
        }
    }
    runs.into_iter()
        .filter(|(_, _, count)| *count > 1)
        .map(|(start, length, _)| (start, length))
        .collect()
}

/// Where the literal at an address lies; `None` where something else does.
fn extent(program: &Program<'_>, rva: Rva) -> Option<(Rva, u32)> {
    match program.place(rva) {
        Place::Constant => Some((rva, program.anonymous_extent(rva))),
        Place::Data(datum, _) => {
            let item = program.datum(datum);
            let literal = item
                .names
                .iter()
                .any(|n| LITERAL_PREFIXES.iter().any(|p| n.name.starts_with(p)));
            (literal && !item.writable).then_some((item.rva, item.size))
        }
        _ => None,
    }
}
