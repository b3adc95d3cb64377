//! Edits of data and of classes.

use super::edits::new_statements;
use super::edits_program::indices;
use super::model::{Entries, Global, Program, Shared, Stmt, Struct, Table, Value};
use super::rng::Rng;

fn structure<'p>(program: &'p mut Program, rng: &mut Rng) -> &'p mut Struct {
    let at = rng.below(program.structs.len());
    &mut program.structs[at]
}

pub fn members_reordered(program: &mut Program, rng: &mut Rng) -> bool {
    let structure = structure(program, rng);
    let before = structure.members.clone();
    structure.members.reverse();
    structure.members != before
}

pub fn member_added(program: &mut Program, rng: &mut Rng) -> bool {
    let structure = structure(program, rng);
    let at = rng.below(structure.members.len() + 1);
    structure.members.insert(at, ("long long", "added".into()));
    true
}

pub fn global_start(program: &mut Program, rng: &mut Rng) -> bool {
    let unit = rng.below(program.units.len());
    let globals = &mut program.units[unit].globals;
    let at = rng.below(globals.len());
    match &mut globals[at].value {
        value @ Value::Zero => *value = Value::Int(rng.range(1, 99)),
        Value::Int(value) | Value::Dynamic(value) => *value += 1,
        Value::Text(text) => text.push('!'),
        Value::AddressOf(_) | Value::FunctionAddress(_) => return false,
    }
    true
}

fn add_global(program: &mut Program, rng: &mut Rng, thread_local: bool) -> bool {
    let unit = rng.below(program.units.len());
    let unit = &mut program.units[unit];
    let name = format!("added_{}", unit.functions[0].name);
    let value = Value::Int(rng.range(1, 999));
    unit.functions[0].body.push(Stmt::Global(name.clone()));
    unit.globals.insert(
        0,
        Global {
            name,
            file_local: rng.percent(50),
            thread_local,
            value,
        },
    );
    true
}

pub fn global_added(program: &mut Program, rng: &mut Rng) -> bool {
    add_global(program, rng, false)
}

pub fn thread_local_added(program: &mut Program, rng: &mut Rng) -> bool {
    add_global(program, rng, true)
}

fn a_table(program: &mut Program, rng: &mut Rng, change: fn(&mut Table, &mut Rng) -> bool) -> bool {
    let mut tables: Vec<&mut Table> = program
        .units
        .iter_mut()
        .flat_map(|u| &mut u.tables)
        .collect();
    let order = rng.order(tables.len());
    order.into_iter().any(|i| change(tables[i], rng))
}

pub fn table_entry(program: &mut Program, rng: &mut Rng) -> bool {
    a_table(program, rng, |table, rng| {
        let at = rng.below(table.entries.len());
        match &mut table.entries {
            Entries::Ints(v) => v[at] += 1,
            Entries::Bytes(v) => v[at] ^= 1,
            Entries::Texts(v) => v[at].push('?'),
            Entries::Doubles(v) => v[at] += 0.5,
            Entries::Functions(_) => return false,
        }
        true
    })
}

pub fn table_swapped(program: &mut Program, rng: &mut Rng) -> bool {
    a_table(program, rng, |table, rng| {
        let at = rng.below(table.entries.len() - 1);
        match &mut table.entries {
            Entries::Ints(v) => v.swap(at, at + 1),
            Entries::Bytes(v) => v.swap(at, at + 1),
            Entries::Texts(v) => v.swap(at, at + 1),
            Entries::Doubles(v) => v.swap(at, at + 1),
            Entries::Functions(v) => v.swap(at, at + 1),
        }
        true
    })
}

/// The uses keep their idea of the length: the table alone grows, and all behind it moves.
pub fn table_longer(program: &mut Program, rng: &mut Rng) -> bool {
    a_table(program, rng, |table, rng| {
        match &mut table.entries {
            Entries::Ints(v) => v.push(rng.range(0, 99)),
            Entries::Bytes(v) => v.push(0),
            Entries::Texts(v) => v.push(rng.word(5)),
            Entries::Doubles(v) => v.push(1.5),
            Entries::Functions(v) => v.push(v[0].clone()),
        }
        true
    })
}

fn a_class(program: &mut Program, rng: &mut Rng, change: impl Fn(&mut Shared, Vec<Stmt>)) -> bool {
    let added = new_statements(program, rng, 1);
    let classes = indices(&program.shared, |s| matches!(s, Shared::Class { .. }));
    if classes.is_empty() {
        return false;
    }
    change(&mut program.shared[*rng.pick(&classes)], added);
    true
}

pub fn method_changed(program: &mut Program, rng: &mut Rng) -> bool {
    a_class(program, rng, |shared, added| {
        if let Shared::Class { overridden, .. } = shared {
            overridden[0].1.extend(added);
        }
    })
}

pub fn method_added(program: &mut Program, rng: &mut Rng) -> bool {
    a_class(program, rng, |shared, added| {
        if let Shared::Class { methods, .. } = shared {
            methods.insert(1, ("added".into(), added));
        }
    })
}
