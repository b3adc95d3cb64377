//! Items whose linkage or decorated name changed.
//!
//! `static` taken from a function, or given to it, changes where its name is known, not what
//! it is: whoever has its address goes on calling it. The decorated name of a variable holds
//! its type. In the records both keep their name; an item of that name and object file for
//! which the other build has nothing else is the same.

use std::collections::{BTreeSet, HashMap};

use super::Table;
use super::draft::Drafter;
use crate::addr::Rva;
use crate::diff::modules::ModuleId;
use crate::diff::names::{is_promoted, stable_name};
use crate::function::{DataIndex, FunctionIndex};
use crate::symbols::ModuleIndex;

/// Object file, enclosing function, name in the record.
type Record = (ModuleId, Option<String>, String);

/// The records of each item, each with whether the name is known to other files.
type Records = HashMap<u32, Vec<(Record, bool)>>;

/// Functions that only differ in linkage.
pub fn functions((old, new): (&Drafter<'_>, &Drafter<'_>), table: &Table) -> Vec<(u32, u32)> {
    let (olds, news) = table.unmatched();
    let records = |drafter: &Drafter<'_>, list: &[u32]| {
        let of = |i: &u32| (*i, of_function(drafter, FunctionIndex(*i)));
        list.iter().map(of).collect::<Records>()
    };
    // Functions of one linkage whose names differ are overloads.
    alone(&records(old, &olds), &records(new, &news), |a, b| a != b)
}

/// Data that differ in linkage, or in a decorated name that holds the type.
pub fn data((old, new): (&Drafter<'_>, &Drafter<'_>), table: &Table) -> Vec<(u32, u32)> {
    let (olds, news) = table.unmatched();
    let records = |drafter: &Drafter<'_>, list: &[u32]| {
        let of = |i: &u32| (*i, of_datum(drafter, DataIndex(*i)));
        list.iter().map(of).collect::<Records>()
    };
    let mut pairs = alone(&records(old, &olds), &records(new, &news), |_, _| true);
    let function = |drafter: &Drafter<'_>, index: u32| {
        let item = drafter.program.datum(DataIndex(index));
        let mut names = item.names.iter().filter(|n| n.public);
        names.find_map(|n| enclosing(&n.name))
    };
    // Variables of one name in two functions are two variables.
    pairs.retain(|(o, n)| {
        let (before, after) = (function(old, *o), function(new, *n));
        before.is_none() || after.is_none() || before == after
    });
    pairs
}

/// What the decorated name of a static variable of a function says but its type: its own name
/// and the function; `None` for any other variable.
fn enclosing(name: &str) -> Option<String> {
    const IN_FUNCTION: [(&str, &str); 2] = [("?", "@?"), ("_ZZ", "")];
    let (prefix, _) = IN_FUNCTION
        .into_iter()
        .find(|(prefix, scope)| name.starts_with(prefix) && name.contains(scope))?;
    // Itanium's names of variables have no type.
    let end = match prefix {
        "?" => name.rfind("@4").unwrap_or(name.len()),
        _ => name.len(),
    };
    Some(stable_name(&name[..end]).0.into_owned())
}

/// Pairs of items with a record in common that nothing else without a partner has.
fn alone(old: &Records, new: &Records, fits: impl Fn(bool, bool) -> bool) -> Vec<(u32, u32)> {
    let by_record = |records: &Records| {
        let mut map: HashMap<Record, Vec<(u32, bool)>> = HashMap::new();
        for (item, list) in records {
            for (record, global) in list {
                map.entry(record.clone())
                    .or_default()
                    .push((*item, *global));
            }
        }
        map
    };
    let (before, after) = (by_record(old), by_record(new));
    let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
    for (record, items) in &before {
        let others = after.get(record).map(Vec::as_slice);
        if let ([(o, a)], Some([(n, b)])) = (items.as_slice(), others)
            && fits(*a, *b)
        {
            pairs.insert((*o, *n));
        }
    }
    let lone = |(o, n): &(u32, u32)| pairs.iter().filter(|(p, q)| p == o || q == n).count() == 1;
    pairs.iter().filter(|p| lone(p)).copied().collect()
}

fn record(
    drafter: &Drafter<'_>,
    module: Option<ModuleIndex>,
    rva: Rva,
    scope: Option<&str>,
    name: &str,
) -> Option<Record> {
    let module = module.or_else(|| drafter.module_at(rva));
    let id = drafter.module(module)?;
    let stable = |text: &str| stable_name(text).0.into_owned();
    (!drafter.open.contains(&id)).then(|| (id, scope.map(stable), stable(name)))
}

fn of_function(drafter: &Drafter<'_>, function: FunctionIndex) -> Vec<(Record, bool)> {
    let f = drafter.program.function(function);
    if drafter.program.is_funclet(function) {
        return Vec::new();
    }
    let records = f.names.iter().filter(|n| n.module.is_some());
    records
        .filter_map(|n| {
            let record = record(drafter, n.module, f.rva, None, &n.name)?;
            let promoted = n.linkage.as_deref().is_some_and(is_promoted);
            Some((record, n.global && !promoted))
        })
        .collect()
}

fn of_datum(drafter: &Drafter<'_>, datum: DataIndex) -> Vec<(Record, bool)> {
    let item = drafter.program.datum(datum);
    // Names that are no more than public have no record; in C, they are the same.
    let has_record = item.names.iter().any(|n| !n.public || n.module.is_some());
    let records = item
        .names
        .iter()
        .filter(|n| !has_record || !is_mangled(&n.name));
    records
        .filter_map(|n| {
            let record = record(drafter, n.module, item.rva, n.scope.as_deref(), &n.name)?;
            Some((record, n.global))
        })
        .collect()
}

fn is_mangled(name: &str) -> bool {
    name.starts_with('?') || name.starts_with("_Z")
}
