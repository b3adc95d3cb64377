//! Functions that were given another name and nothing else.
//!
//! Compilers name lambdas, instances of templates and their own helpers, and another version
//! of a compiler names them otherwise. Where a function that only the old build has and one
//! that only the new build has are the same in every respect, and nothing else looks like
//! them, whoever calls the one may call the other.

use std::collections::BTreeMap;

use super::Keys;
use super::draft::Drafter;
use crate::diff::same::Comparer;
use crate::function::{FunctionIndex, Program};

/// Shorter functions are alike by chance.
const MIN_SIZE: u32 = 16;

/// Proves such pairs. They may refer to each other: what does not hold while all the others
/// are taken for granted is dropped, until the rest holds.
pub fn find(old: &Program<'_>, new: &Program<'_>, keys: &mut Keys) {
    let (olds, news) = keys.functions.unmatched();
    if olds.is_empty() || news.is_empty() {
        return;
    }
    let (before, after) = (unique(old, &olds), unique(new, &news));
    let pairs = before.iter().filter_map(|(looks, o)| {
        let n = after.get(looks)?;
        Some(((*o)?, (*n)?))
    });
    keys.assumed = pairs.collect();
    loop {
        let comparer = Comparer::new(old, new, keys);
        let wrong: Vec<(u32, u32)> = keys
            .assumed
            .iter()
            .filter(|(o, n)| {
                let difference = comparer.difference(FunctionIndex(*o), FunctionIndex(*n));
                difference.is_some()
            })
            .copied()
            .collect();
        drop(comparer);
        if wrong.is_empty() {
            break;
        }
        wrong.iter().for_each(|pair| {
            keys.assumed.remove(pair);
        });
    }
    for (o, n) in std::mem::take(&mut keys.assumed) {
        keys.functions.prove(o, n);
    }
}

/// Functions by their looks; `None` where several look alike.
fn unique(program: &Program<'_>, list: &[u32]) -> BTreeMap<u64, Option<u32>> {
    let mut map: BTreeMap<u64, Option<u32>> = BTreeMap::new();
    for index in list {
        let function = FunctionIndex(*index);
        let f = program.function(function);
        let has_life = !program.is_funclet(function) && !program.is_part(function);
        if f.size < MIN_SIZE || f.names.is_empty() || f.overlapped || !has_life {
            continue;
        }
        let looks = Drafter::looks_of_function(program, function);
        let known = map.entry(looks);
        known.and_modify(|k| *k = None).or_insert(Some(*index));
    }
    map
}
