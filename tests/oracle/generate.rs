//! Makes programs up.

use super::generate_stmt::{Scope, body};
use super::model::{
    Entries, Function, Global, Handlers, Program, Shared, Struct, Table, Unit, Value,
};
use super::rng::Rng;

/// Names that several units use for functions of their own.
const LOCAL_FUNCTIONS: [&str; 6] = ["check", "helper", "parse_one", "next", "update", "scale_it"];
const LOCAL_TABLES: [&str; 3] = ["lookup", "weights", "labels"];
const LOCAL_GLOBALS: [&str; 3] = ["state", "last_error", "current"];
const MEMBER_TYPES: [&str; 5] = ["int", "short", "unsigned char", "long long", "double"];
const ATTRIBUTES: [&str; 6] = ["", "", "", "noinline", "noinline", "cold"];

/// What the options of a build allow in its sources.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    pub cpp: bool,
    pub handlers: Handlers,
}

/// A program; the same one for the same seed.
pub fn program(rng: &mut Rng, dialect: Dialect) -> Program {
    let structs = (0..2).map(|i| structure(rng, i)).collect();
    let mut program = Program {
        cpp: dialect.cpp,
        handlers: dialect.handlers,
        structs,
        shared: Vec::new(),
        units: (0..3).map(|u| frame(rng, u, dialect)).collect(),
    };
    fill_pointers(rng, &mut program);
    if dialect.cpp {
        shared(rng, &mut program);
    }
    for unit in 0..program.units.len() {
        fill_functions(rng, &mut program, unit);
    }
    call_every_local(rng, &mut program);
    program
}

fn structure(rng: &mut Rng, index: usize) -> Struct {
    let count = 3 + rng.below(4);
    Struct {
        name: format!("record_{index}"),
        members: (0..count)
            .map(|m| (*rng.pick(&MEMBER_TYPES), format!("m{m}")))
            .collect(),
    }
}

/// A unit with the names of everything in it, and functions without statements.
fn frame(rng: &mut Rng, index: usize, dialect: Dialect) -> Unit {
    let mut functions: Vec<Function> = (0..4 + rng.below(3))
        .map(|f| function(rng, format!("unit{index}_f{f}"), false))
        .collect();
    for name in LOCAL_FUNCTIONS {
        if rng.percent(60) {
            let at = rng.below(functions.len() + 1);
            functions.insert(at, function(rng, name.into(), true));
        }
    }
    let mut globals: Vec<Global> = (0..3)
        .map(|g| global(rng, format!("global{index}_{g}"), false))
        .collect();
    for name in LOCAL_GLOBALS {
        if rng.percent(60) {
            globals.push(global(rng, name.into(), true));
        }
    }
    if dialect.cpp && rng.percent(30) {
        globals.push(Global {
            name: format!("made{index}"),
            file_local: false,
            thread_local: false,
            value: Value::Dynamic(rng.range(1, 999)),
        });
    }
    Unit {
        note: format!("unit {index}"),
        name: format!("unit{index}"),
        globals,
        tables: Vec::new(),
        functions,
    }
}

fn function(rng: &mut Rng, name: String, file_local: bool) -> Function {
    let attribute = match file_local {
        true if rng.percent(70) => "noinline",
        _ => *rng.pick(&ATTRIBUTES),
    };
    Function {
        name,
        file_local,
        attribute,
        body: Vec::new(),
        tail_call: None,
    }
}

fn global(rng: &mut Rng, name: String, file_local: bool) -> Global {
    let value = match rng.below(3) {
        0 => Value::Zero,
        _ => Value::Int(rng.range(-5000, 5000)),
    };
    Global {
        name,
        file_local,
        thread_local: rng.percent(20),
        value,
    }
}

/// Tables, and variables that point to something.
fn fill_pointers(rng: &mut Rng, program: &mut Program) {
    for index in 0..program.units.len() {
        let callable = visible_functions(program, index);
        let addressable: Vec<String> = program.units[index]
            .globals
            .iter()
            .filter(|g| !g.thread_local && matches!(g.value, Value::Int(_) | Value::Zero))
            .map(|g| g.name.clone())
            .collect();
        let unit = &mut program.units[index];
        let named = LOCAL_TABLES.iter().map(|n| ((*n).to_owned(), true));
        let all = named.chain((0..2).map(|t| (format!("table{index}_{t}"), false)));
        for (name, file_local) in all {
            if file_local && rng.percent(40) {
                continue;
            }
            let entries = entries(rng, &callable);
            unit.tables.push(Table {
                name,
                file_local,
                entries,
            });
        }
        for (kind, name) in ["text", "place", "action"].iter().enumerate() {
            let value = match kind {
                0 => Value::Text(rng.word(6)),
                1 if addressable.is_empty() => continue,
                1 => Value::AddressOf(rng.pick(&addressable).clone()),
                _ => Value::FunctionAddress(rng.pick(&callable).clone()),
            };
            let name = format!("{name}{index}");
            unit.globals.push(Global {
                name,
                file_local: false,
                thread_local: false,
                value,
            });
        }
    }
}

pub fn entries(rng: &mut Rng, callable: &[String]) -> Entries {
    let length = 3 + rng.below(9);
    match rng.below(5) {
        0 => Entries::Texts((0..length).map(|i| rng.word(2 + i % 5)).collect()),
        1 => Entries::Functions((0..length).map(|_| rng.pick(callable).clone()).collect()),
        // Zeros between the bytes: they must not look like the end of a string.
        2 => Entries::Bytes(
            (0..length)
                .map(|i| if i % 3 == 1 { 0 } else { rng.below(256) as u8 })
                .collect(),
        ),
        3 => Entries::Doubles(
            (0..length)
                .map(|_| f64::from(rng.range(-99, 99)) / 8.0)
                .collect(),
        ),
        _ => Entries::Ints((0..length).map(|_| rng.range(-999, 9999)).collect()),
    }
}

/// Functions that a unit can name: its own, and those of all units that are not local.
fn visible_functions(program: &Program, index: usize) -> Vec<String> {
    let units = program.units.iter().enumerate();
    units
        .flat_map(|(u, unit)| unit.functions.iter().map(move |f| (u, f)))
        .filter(|(u, f)| *u == index || !f.file_local)
        .map(|(_, f)| f.name.clone())
        .collect()
}

fn shared(rng: &mut Rng, program: &mut Program) {
    let mut list = vec![
        Shared::Template {
            name: "mixed".into(),
            body: Vec::new(),
        },
        Shared::Template {
            name: "folded".into(),
            body: Vec::new(),
        },
        Shared::Inline {
            name: "counted".into(),
            start: rng.range(1, 99),
            body: Vec::new(),
        },
    ];
    for class in ["Shape", "Reader"] {
        let methods = ["first", "second", "third"];
        list.push(Shared::Class {
            name: class.into(),
            methods: methods.map(|m| (m.to_owned(), Vec::new())).into(),
            overridden: methods[..2]
                .iter()
                .map(|m| ((*m).to_owned(), Vec::new()))
                .collect(),
        });
    }
    // What is in the header only knows what the header declares.
    let scope = Scope::of_header(program);
    for shared in &mut list {
        match shared {
            Shared::Template { body: b, .. } | Shared::Inline { body: b, .. } => {
                *b = body(rng, &scope, 3);
            }
            Shared::Class {
                methods,
                overridden,
                ..
            } => {
                for (_, b) in methods.iter_mut().chain(overridden) {
                    *b = body(rng, &scope, 2);
                }
            }
        }
    }
    program.shared = list;
}

fn fill_functions(rng: &mut Rng, program: &mut Program, index: usize) {
    let scope = Scope::of_unit(program, index, visible_functions(program, index));
    for f in 0..program.units[index].functions.len() {
        let statements = 2 + rng.below(6);
        let stmts = body(rng, &scope, statements);
        let tail = rng.percent(25).then(|| rng.pick(&scope.callable).clone());
        let function = &mut program.units[index].functions[f];
        function.tail_call = tail.filter(|t| *t != function.name);
        function.body = stmts;
    }
}

/// A local function that nobody calls would not be in the build.
fn call_every_local(rng: &mut Rng, program: &mut Program) {
    for unit in &mut program.units {
        let locals: Vec<String> = unit
            .functions
            .iter()
            .filter(|f| f.file_local)
            .map(|f| f.name.clone())
            .collect();
        let mut callers: Vec<&mut Function> = unit
            .functions
            .iter_mut()
            .filter(|f| !f.file_local)
            .collect();
        for name in locals {
            let caller = rng.below(callers.len());
            let call = super::model::Stmt::Call(name, rng.range(-9, 99));
            callers[caller].body.push(call);
        }
    }
}
