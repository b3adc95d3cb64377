//! Which functions are funclets of others.
//!
//! Microsoft's compiler makes catch blocks, destructor calls of unwinding, `__finally`
//! blocks and filters functions of their own, named after their parent and numbered. The
//! numbers shift between builds, so such names say nothing; what a funclet belongs to is in
//! the handler data of its parent.

use super::{FunctionIndex, Item, Place, Program};

/// What the names of funclets have in common.
const MARKS: [&str; 4] = ["catch$", "dtor$", "fin$", "filt$"];

/// For each function whether handler data leads to it and its name is that of a funclet.
pub fn find(program: &Program<'_>) -> Vec<bool> {
    let mut funclets = vec![false; program.functions.len()];
    for entry in &program.image.runtime_functions {
        let Ok(info) = program.image.unwind_info(entry.info) else {
            continue;
        };
        let Some((handler, data)) = info.handler else {
            continue;
        };
        let form = program.handler_at(handler);
        let items = form.and_then(|f| f.items(program.image, data));
        for item in items.into_iter().flatten() {
            if let Item::Place(rva) = item
                && let Place::Function(index, 0) = program.place(rva)
                && has_funclet_name(program, index)
            {
                funclets[index.0 as usize] = true;
            }
        }
    }
    funclets
}

fn has_funclet_name(program: &Program<'_>, index: FunctionIndex) -> bool {
    let mut names = program.function(index).names.iter();
    names.any(|n| MARKS.iter().any(|mark| n.name.contains(mark)))
}
