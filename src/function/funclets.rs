//! Which functions are funclets of others.
//!
//! Microsoft's compiler makes catch blocks, destructor calls of unwinding, `__finally`
//! blocks and filters functions of their own, named after their parent and numbered. The
//! numbers shift between builds, so such names say nothing; what a funclet belongs to is in
//! the handler data of its parent.

use std::collections::BTreeSet;

use super::{FunctionIndex, Item, Place, Program};
use crate::addr::Rva;
use crate::image::RuntimeFunction;

/// What the names of funclets have in common.
const MARKS: [&str; 4] = ["catch$", "dtor$", "fin$", "filt$"];

/// For each function whether it has the name of a funclet and is none but that: handler data
/// leads to it, or nothing at all does (the compiler keeps destructor funclets whose work
/// the handler data names directly).
pub fn find(program: &Program<'_>) -> Vec<bool> {
    let named: Vec<FunctionIndex> = program
        .function_indices()
        .filter(|f| has_funclet_name(program, *f))
        .collect();
    let mut funclets = vec![false; program.functions.len()];
    if named.is_empty() {
        return funclets;
    }
    for index in named {
        funclets[index.0 as usize] = true;
    }
    let targets = program.code.iter().flat_map(|c| &c.references);
    for target in targets.map(|r| r.target) {
        if let Place::Function(index, _) = program.place(target) {
            funclets[index.0 as usize] = false;
        }
    }
    for rva in handler_places(program) {
        if let Place::Function(index, 0) = program.place(rva)
            && has_funclet_name(program, index)
        {
            funclets[index.0 as usize] = true;
        }
    }
    funclets
}

/// Every place that handler data of a known form leads to.
fn handler_places(program: &Program<'_>) -> Vec<Rva> {
    let entries = program.image.runtime_functions.iter();
    entries.flat_map(|e| places_of(program, e)).collect()
}

/// The places that the handler data of one entry leads to.
fn places_of(program: &Program<'_>, entry: &RuntimeFunction) -> Vec<Rva> {
    let info = program.image.unwind_info(entry.info).ok();
    let data = info.and_then(|i| i.handler).and_then(|(handler, data)| {
        let form = program.handler_at(handler)?;
        form.read(program.image, data)
    });
    let items = data.iter().flat_map(|d| d.items());
    items
        .filter_map(|item| match item {
            Item::Place(rva) => Some(rva),
            _ => None,
        })
        .collect()
}

/// The funclets that the handler data of a function leads to, in its order.
pub fn direct(program: &Program<'_>, function: FunctionIndex) -> Vec<FunctionIndex> {
    let f = program.function(function);
    let table = &program.image.runtime_functions;
    let from = table.partition_point(|e| e.begin < f.rva);
    let to = table.partition_point(|e| e.begin < f.end());
    let places = table[from..to.max(from)].iter();
    let places = places.flat_map(|e| places_of(program, e));
    let funclet = |rva| match program.place(rva) {
        Place::Function(index, 0) if program.is_funclet(index) => Some(index),
        _ => None,
    };
    places.filter_map(funclet).collect()
}

/// The funclets that the handler data of a function leads to, and those that theirs lead to.
pub fn of(program: &Program<'_>, function: FunctionIndex) -> Vec<FunctionIndex> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![function];
    while let Some(next) = waiting.pop() {
        let new = direct(program, next).into_iter();
        waiting.extend(new.filter(|index| found.insert(*index)));
    }
    found.into_iter().collect()
}

fn has_funclet_name(program: &Program<'_>, index: FunctionIndex) -> bool {
    program
        .function(index)
        .names
        .iter()
        .any(|n| is_funclet_name(&n.name))
}

/// Whether a name ends in a mark and a number (`…'::`1'::catch$3`, `f$filt$0`), or has them
/// before a decorated tail (`?dtor$2@?0?f@4HA`).
fn is_funclet_name(name: &str) -> bool {
    MARKS.iter().any(|mark| {
        name.rsplit_once(mark).is_some_and(|(_, rest)| {
            let number = rest.split('@').next().unwrap_or(rest);
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_funclets() {
        for name in [
            "`std::f'::`1'::catch$14",
            "g$fin$0",
            "?dtor$2@?0?f@4HA",
            "h$filt$1",
        ] {
            assert!(is_funclet_name(name), "{name}");
        }
        for name in ["catch$", "final", "filt$er", "fin$1x"] {
            assert!(!is_funclet_name(name), "{name}");
        }
    }
}
