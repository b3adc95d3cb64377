//! Edits of functions as a whole, and of their order.

use super::edits::new_statements;
use super::model::{Entries, Function, Global, Program, Stmt, Unit, Value};
use super::rng::Rng;

pub fn text_first(program: &mut Program, rng: &mut Rng) -> bool {
    let text = rng.word(33);
    program.units[0].functions[0]
        .body
        .insert(0, Stmt::Text(text));
    true
}

/// A line above everything in one unit: only line numbers move.
pub fn line_added(program: &mut Program, rng: &mut Rng) -> bool {
    let unit = rng.below(program.units.len());
    program.units[unit].note.push_str(" *\n * one line more");
    true
}

pub fn function_added(program: &mut Program, rng: &mut Rng) -> bool {
    let body = new_statements(program, rng, 4);
    let unit = rng.below(program.units.len());
    let unit = &mut program.units[unit];
    let name = format!("added_to_{}", unit.functions[0].name);
    let at = rng.below(unit.functions.len());
    unit.functions[at].body.push(Stmt::Call(name.clone(), 5));
    let file_local = rng.percent(50);
    let attribute = "noinline";
    unit.functions.insert(
        at,
        Function {
            name,
            file_local,
            attribute,
            body,
            tail_call: None,
        },
    );
    true
}

/// Removes a local function; whoever used it uses another.
pub fn function_removed(program: &mut Program, rng: &mut Rng) -> bool {
    let unit = rng.below(program.units.len());
    let locals: Vec<usize> = indices(&program.units[unit].functions, |f| f.file_local);
    if locals.is_empty() {
        return false;
    }
    let gone = program.units[unit]
        .functions
        .remove(*rng.pick(&locals))
        .name;
    let others = program.units[unit]
        .functions
        .iter()
        .filter(|f| !f.file_local);
    let other = others.map(|f| f.name.clone()).next().unwrap_or_default();
    let mut part = program.clone();
    part.units = vec![program.units[unit].clone()];
    part.shared.clear();
    replace_callee(&mut part, &gone, &other);
    program.units[unit] = part.units.remove(0);
    true
}

fn replace_callee(program: &mut Program, gone: &str, other: &str) {
    let replace = |name: &mut String| {
        if name == gone {
            other.clone_into(name);
        }
    };
    program.each_body(&mut |body| {
        for stmt in body {
            if let Stmt::Call(name, _) | Stmt::AddressOf(name) = stmt {
                replace(name);
            }
        }
    });
    for unit in &mut program.units {
        for function in &mut unit.functions {
            function.tail_call.iter_mut().for_each(replace);
        }
        for table in &mut unit.tables {
            if let Entries::Functions(names) = &mut table.entries {
                names.iter_mut().for_each(replace);
            }
        }
        for global in &mut unit.globals {
            if let Value::FunctionAddress(name) = &mut global.value {
                replace(name);
            }
        }
    }
}

/// The indices of the items that pass a test.
pub fn indices<T>(items: &[T], test: impl Fn(&T) -> bool) -> Vec<usize> {
    (0..items.len()).filter(|i| test(&items[*i])).collect()
}

fn shuffle<T: Clone>(items: &mut Vec<T>, rng: &mut Rng) {
    *items = rng
        .order(items.len())
        .iter()
        .map(|i| items[*i].clone())
        .collect();
}

pub fn functions_reordered(program: &mut Program, rng: &mut Rng) -> bool {
    let unit = rng.below(program.units.len());
    shuffle(&mut program.units[unit].functions, rng);
    true
}

pub fn data_reordered(program: &mut Program, rng: &mut Rng) -> bool {
    for unit in &mut program.units {
        // Addresses of variables come after the variables.
        let (mut plain, pointers): (Vec<Global>, Vec<Global>) = unit
            .globals
            .drain(..)
            .partition(|g| matches!(g.value, Value::Zero | Value::Int(_)));
        shuffle(&mut plain, rng);
        unit.globals = plain.into_iter().chain(pointers).collect();
        shuffle(&mut unit.tables, rng);
    }
    true
}

pub fn local_body(program: &mut Program, rng: &mut Rng) -> bool {
    let added = new_statements(program, rng, 1);
    let unit = rng.below(program.units.len());
    let functions = &mut program.units[unit].functions;
    let locals = indices(functions, |f| f.file_local);
    if locals.is_empty() {
        return false;
    }
    functions[*rng.pick(&locals)].body.extend(added);
    true
}

/// Two units have a function of one name: each gets the other's body, as far as the
/// names in it mean something there.
pub fn locals_swapped(program: &mut Program, rng: &mut Rng) -> bool {
    let count = program.units.len();
    let (a, b) = (rng.below(count), rng.below(count));
    if a == b {
        return false;
    }
    let name_of = |unit: &Unit| -> Vec<String> {
        unit.functions
            .iter()
            .filter(|f| f.file_local)
            .map(|f| f.name.clone())
            .collect()
    };
    let (of_a, of_b) = (name_of(&program.units[a]), name_of(&program.units[b]));
    let Some(name) = of_a.into_iter().find(|n| of_b.contains(n)) else {
        return false;
    };
    for (unit, value) in [(a, 11), (b, 22)] {
        let body = new_statements(program, rng, 2);
        let functions = program.units[unit].functions.iter_mut();
        for function in functions.filter(|f| f.name == name) {
            function.body.extend(body.clone());
            function.body.push(Stmt::Arith('x', '*', value));
        }
    }
    true
}

pub fn attribute(program: &mut Program, rng: &mut Rng) -> bool {
    let unit = rng.below(program.units.len());
    let functions = &mut program.units[unit].functions;
    let at = rng.below(functions.len());
    let function = &mut functions[at];
    function.attribute = if function.attribute == "noinline" {
        ""
    } else {
        "noinline"
    };
    true
}

pub fn tail_call(program: &mut Program, rng: &mut Rng) -> bool {
    let all: Vec<String> = program
        .functions()
        .filter(|f| !f.file_local)
        .map(|f| f.name.clone())
        .collect();
    let unit = rng.below(program.units.len());
    let functions = &mut program.units[unit].functions;
    let at = rng.below(functions.len());
    let other = rng.pick(&all).clone();
    if functions[at].name == other || functions[at].tail_call.as_ref() == Some(&other) {
        return false;
    }
    functions[at].tail_call = Some(other);
    true
}
