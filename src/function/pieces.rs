//! The pieces of code that belong to a function: its separated parts, and its funclets.

use super::{Function, FunctionIndex, Item, Place, Program};

/// Separated parts, then the funclets that the handler data of the function names, then the
/// pieces of those; without the function itself, each once.
pub fn of(program: &Program<'_>, function: FunctionIndex) -> Vec<FunctionIndex> {
    let mut found = vec![function];
    let mut next = 0;
    while let Some(index) = found.get(next).copied() {
        next += 1;
        let f = program.function(index);
        let parts = f.parts.iter();
        let parts = parts.filter_map(|(rva, _)| program.function_at(*rva));
        for piece in parts.chain(funclets(program, f)) {
            if !found.contains(&piece) {
                found.push(piece);
            }
        }
    }
    found.remove(0);
    found
}

fn funclets(program: &Program<'_>, f: &Function) -> Vec<FunctionIndex> {
    let table = &program.image.runtime_functions;
    let from = table.partition_point(|entry| entry.begin < f.rva);
    let entries = table[from..].iter().take_while(|e| e.begin < f.end());
    let mut found = Vec::new();
    for entry in entries {
        let info = program.image.unwind_info(entry.info).ok();
        let Some((handler, data)) = info.and_then(|info| info.handler) else {
            continue;
        };
        let form = program.handler_at(handler);
        let items = form.and_then(|form| form.items(program.image, data));
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
