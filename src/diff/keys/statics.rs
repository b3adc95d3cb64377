//! Function-local statics whose function is inlined in one build and not in the other.
//!
//! The record of such a variable is in the function that its own one was inlined into. So the
//! variable has another scope by name, but it is the same one and keeps its value.

use std::collections::{BTreeSet, HashMap};

use super::Table;
use super::draft::Drafter;
use crate::diff::modules::ModuleId;
use crate::diff::names::stable_name;
use crate::function::{DataIndex, DataItem};

/// Where a variable may have been declared: its module, a function, its name.
type Candidate = (ModuleId, String, String);

/// Pairs of an old and a new variable that are one and the same: of one name, type and object
/// file, declared in a function that one build inlined into the other's scope; no other
/// variable without a partner can be meant.
pub fn moved((old, new): (&Drafter<'_>, &Drafter<'_>), table: &Table) -> Vec<(u32, u32)> {
    let (olds, news) = table.unmatched();
    let (before, after) = (candidates(old, &olds), candidates(new, &news));
    let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
    for (candidate, items) in &before {
        if let ([o], Some([n])) = (items.as_slice(), after.get(candidate).map(Vec::as_slice)) {
            let (d, e) = (item(old, *o), item(new, *n));
            if (&d.type_name, d.type_size, d.writable) == (&e.type_name, e.type_size, e.writable) {
                pairs.insert((*o, *n));
            }
        }
    }
    let alone = |(o, n): &(u32, u32)| pairs.iter().filter(|(p, q)| p == o || q == n).count() == 1;
    pairs.iter().filter(|p| alone(p)).copied().collect()
}

fn item<'d>(drafter: &Drafter<'d>, index: u32) -> &'d DataItem {
    drafter.program.datum(DataIndex(index))
}

/// The statics that the other build has none for, by where they may have been declared. Of
/// several object files that cannot be told apart, none is known to declare it.
fn candidates(drafter: &Drafter<'_>, unmatched: &[u32]) -> HashMap<Candidate, Vec<u32>> {
    let mut found: HashMap<Candidate, Vec<u32>> = HashMap::new();
    for index in unmatched {
        let mut candidates: BTreeSet<Candidate> = BTreeSet::new();
        for name in &item(drafter, *index).names {
            let (Some(module), Some(scope)) = (name.module, &name.scope) else {
                continue;
            };
            let Some(id) = drafter.module(Some(module)) else {
                continue;
            };
            if drafter.open.contains(&id) {
                continue;
            }
            let inlined = drafter
                .program
                .symbols
                .inlined
                .get(&(module, scope.clone()));
            for function in inlined.into_iter().flatten().chain([scope]) {
                let stable = |text: &str| stable_name(text).0.into_owned();
                candidates.insert((id, stable(function), stable(&name.name)));
            }
        }
        for candidate in candidates {
            found.entry(candidate).or_default().push(*index);
        }
    }
    found
}
