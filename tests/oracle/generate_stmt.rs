//! Makes statements up.

use super::model::{Entries, EntryUse, Handlers, PointerUse, Program, Shared, Stmt, Value, Walk};
use super::rng::Rng;

const TESTS: [&str; 4] = ["==", ">", "<", "!="];
const OPERATORS: [char; 6] = ['+', '-', '*', '^', '|', '&'];
const IMPORTS: [&str; 3] = ["GetTickCount", "GetCurrentThreadId", "GetCurrentProcessId"];

/// What statements at some place can refer to.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub callable: Vec<String>,
    globals: Vec<String>,
    pointers: Vec<(String, PointerUse)>,
    tables: Vec<(String, usize, EntryUse, bool)>,
    members: Vec<(usize, String)>,
    templates: Vec<String>,
    inlines: Vec<String>,
    methods: Vec<(String, String)>,
    cpp: bool,
    handlers: Option<Handlers>,
}

impl Scope {
    /// What the header declares.
    pub fn of_header(program: &Program) -> Self {
        let mut scope = Self::common(program);
        let functions = program.functions().filter(|f| !f.file_local);
        scope.callable = functions.map(|f| f.name.clone()).collect();
        for index in 0..program.units.len() {
            scope.add_data(program, index, false);
        }
        scope
    }

    /// What a unit declares, too.
    pub fn of_unit(program: &Program, index: usize, callable: Vec<String>) -> Self {
        let mut scope = Self::common(program);
        scope.callable = callable;
        for unit in 0..program.units.len() {
            scope.add_data(program, unit, unit == index);
        }
        for shared in &program.shared {
            match shared {
                Shared::Template { name, .. } => scope.templates.push(name.clone()),
                Shared::Inline { name, .. } => scope.inlines.push(name.clone()),
                Shared::Class { name, methods, .. } => {
                    let pairs = methods.iter().map(|(m, _)| (name.clone(), m.clone()));
                    scope.methods.extend(pairs);
                }
            }
        }
        scope
    }

    fn common(program: &Program) -> Self {
        let members = program.structs.iter().enumerate();
        Scope {
            members: members
                .flat_map(|(i, s)| s.members.iter().map(move |m| (i, m.1.clone())))
                .collect(),
            cpp: program.cpp,
            handlers: Some(program.handlers).filter(|h| *h != Handlers::None),
            ..Scope::default()
        }
    }

    fn add_data(&mut self, program: &Program, index: usize, with_local: bool) {
        let unit = &program.units[index];
        for global in unit.globals.iter().filter(|g| with_local || !g.file_local) {
            let name = global.name.clone();
            match global.value {
                Value::Zero | Value::Int(_) | Value::Dynamic(_) => self.globals.push(name),
                Value::Text(_) => self.pointers.push((name, PointerUse::Text)),
                Value::AddressOf(_) => self.pointers.push((name, PointerUse::Int)),
                Value::FunctionAddress(_) => self.pointers.push((name, PointerUse::Function)),
            }
        }
        for table in unit.tables.iter().filter(|t| with_local || !t.file_local) {
            let used = match table.entries {
                Entries::Texts(_) => EntryUse::Text,
                Entries::Functions(_) => EntryUse::Function,
                _ => EntryUse::Number,
            };
            let ints = matches!(table.entries, Entries::Ints(_));
            self.tables
                .push((table.name.clone(), table.entries.len(), used, ints));
        }
    }
}

/// A list of statements.
pub fn body(rng: &mut Rng, scope: &Scope, count: usize) -> Vec<Stmt> {
    (0..count).map(|_| stmt(rng, scope, 2)).collect()
}

fn nested(rng: &mut Rng, scope: &Scope, depth: u32) -> Vec<Stmt> {
    let count = 1 + rng.below(2);
    (0..count).map(|_| stmt(rng, scope, depth - 1)).collect()
}

/// A statement, with others inside it up to this depth.
pub fn stmt(rng: &mut Rng, scope: &Scope, depth: u32) -> Stmt {
    if depth > 0 && rng.percent(35) {
        return compound(rng, scope, depth);
    }
    if scope.cpp
        && rng.percent(25)
        && let Some(stmt) = cpp(rng, scope)
    {
        return stmt;
    }
    let numbers = |rng: &mut Rng| {
        (0..4 + rng.below(9))
            .map(|_| rng.range(-70_000, 70_000))
            .collect()
    };
    match rng.below(29) {
        0..=2 => Stmt::Arith(
            *rng.pick(&['x', 'y']),
            *rng.pick(&OPERATORS),
            rng.range(-300, 70_000),
        ),
        3 => Stmt::Wide(rng.next()),
        4..=6 => Stmt::Call(rng.pick(&scope.callable).clone(), rng.range(-99, 999)),
        7 => Stmt::Recurse,
        8 => Stmt::AddressOf(rng.pick(&scope.callable).clone()),
        9 => Stmt::Import(rng.pick::<&str>(&IMPORTS)),
        10 | 11 => {
            let length = 1 + rng.below(24);
            Stmt::Text(rng.word(length))
        }
        12 => blob(rng),
        13 => Stmt::Double(f64::from(rng.range(-999, 999)) / 16.0 + 0.03125),
        14 => Stmt::Float(rng.range(-999, 999) as f32 / 4.0 + 0.125),
        15 => table(rng, scope, false),
        16 => table(rng, scope, true),
        17 => Stmt::Array(numbers(rng)),
        18 => Stmt::Chars(
            (0..16 + rng.below(24))
                .map(|i| if i % 4 == 2 { 0 } else { rng.below(128) as u8 })
                .collect(),
        ),
        19 => Stmt::StaticArray(rng.next() as u32 % 1_000_000, numbers(rng)),
        20 => Stmt::StaticVariable(rng.next() as u32 % 1_000_000, rng.range(-3, 99)),
        21 => Stmt::StaticText(rng.next() as u32 % 1_000_000, rng.word(7)),
        22 => Stmt::Global(rng.pick(&scope.globals).clone()),
        23 => {
            let (name, used) = rng.pick(&scope.pointers).clone();
            Stmt::Pointer(name, used)
        }
        24 => {
            let (index, member) = rng.pick(&scope.members).clone();
            if rng.percent(30) {
                Stmt::Copy(index)
            } else {
                Stmt::Member(index, member)
            }
        }
        25 => {
            let count = 2 + rng.below(5);
            let constants = (0..count).map(|_| {
                let length = 1 + rng.below(5);
                (0..length).map(|_| rng.range(-999, 999)).collect()
            });
            let constants: Vec<Vec<i32>> = constants.collect();
            Stmt::StaticPointers(rng.next() as u32 % 1_000_000, constants)
        }
        26 => Stmt::Flexible(rng.next() as u32 % 1_000_000, numbers(rng)),
        _ => Stmt::Assert(rng.range(0, 500)),
    }
}

/// A string with zeros in the middle and at the end.
fn blob(rng: &mut Rng) -> Stmt {
    let mut bytes = rng.word(2 + rng.clone().below(6)).into_bytes();
    bytes.push(0);
    let tail = 1 + rng.below(6);
    bytes.extend(rng.word(tail).into_bytes());
    if rng.percent(30) {
        bytes.push(0);
    }
    Stmt::Blob(bytes)
}

/// A use of a table; of one of integers as a whole where asked for.
fn table(rng: &mut Rng, scope: &Scope, whole: bool) -> Stmt {
    let (name, length, used, ints) = rng.pick(&scope.tables).clone();
    if whole && ints {
        let walk = *rng.pick(&[Walk::Forward, Walk::Backward, Walk::Handed]);
        Stmt::Sum(name, length, walk)
    } else {
        Stmt::Entry(name, length, used)
    }
}

fn compound(rng: &mut Rng, scope: &Scope, depth: u32) -> Stmt {
    if let Some(handlers) = scope.handlers.filter(|_| rng.percent(25)) {
        if handlers == Handlers::Cpp && rng.percent(40) {
            return Stmt::Throw(rng.range(0, 999));
        }
        let mut inner = nested(rng, scope, depth);
        inner.push(Stmt::Call(
            rng.pick(&scope.callable).clone(),
            rng.range(0, 99),
        ));
        let handler = nested(rng, scope, depth);
        return Stmt::Try {
            value: rng.range(1, 999),
            body: inner,
            handler,
        };
    }
    match rng.below(10) {
        0..=3 => {
            let inner = nested(rng, scope, depth);
            let value = rng.range(-50, 4000);
            Stmt::If {
                test: rng.pick::<&str>(&TESTS),
                value,
                unlikely: rng.percent(25),
                body: inner,
            }
        }
        4 => Stmt::Loop {
            count: rng.range(2, 20),
            body: nested(rng, scope, depth),
        },
        5 => Stmt::Names {
            names: (0..4 + rng.below(6)).map(|i| rng.word(1 + i % 7)).collect(),
        },
        dense => switch(rng, scope, depth, dense < 9),
    }
}

fn switch(rng: &mut Rng, scope: &Scope, depth: u32, dense: bool) -> Stmt {
    let mut labels: Vec<i32> = Vec::new();
    for i in 0..5 + rng.below(6) {
        let step = if dense { 1 } else { rng.range(1, 400) };
        labels.push(labels.last().map_or(0, |l| l + step) + i32::from(dense && i == 4));
    }
    let cases = labels
        .into_iter()
        .map(|l| (l, nested(rng, scope, depth.min(1))))
        .collect();
    Stmt::Switch {
        mask: if dense { 15 } else { 0 },
        cases,
    }
}

fn cpp(rng: &mut Rng, scope: &Scope) -> Option<Stmt> {
    match rng.below(5) {
        0 if !scope.templates.is_empty() => Some(Stmt::Template(
            rng.pick(&scope.templates).clone(),
            rng.range(0, 6),
        )),
        1 if !scope.inlines.is_empty() => Some(Stmt::Inline(rng.pick(&scope.inlines).clone())),
        2 | 3 if !scope.methods.is_empty() => {
            let (class, method) = rng.pick(&scope.methods).clone();
            Some(Stmt::Virtual(class, method, rng.percent(50)))
        }
        4 => Some(Stmt::Lambda(rng.percent(50), rng.range(2, 500))),
        _ => None,
    }
}
