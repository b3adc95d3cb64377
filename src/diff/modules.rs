//! Which object file of the new build is which of the old one.
//!
//! File-local names only mean something within their object file. Objects are paired
//! by name; those whose name is not the same in both builds (temporary objects,
//! renamed sources) by the procedures they share.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::symbols::{Symbols, object_name};

/// A number that two modules have in common when they are the same object file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// The ids of the modules of both builds, by module index.
pub struct ModulePairs {
    /// Of the old build.
    pub old: Vec<ModuleId>,
    /// Of the new build.
    pub new: Vec<ModuleId>,
}

impl ModulePairs {
    /// Pairs the modules of two builds.
    pub fn new(old: &Symbols, new: &Symbols) -> Self {
        let mut pairs: Vec<Option<usize>> = vec![None; new.modules.len()];
        pair_by_name(old, new, &mut pairs);
        pair_by_procedures(old, new, &mut pairs);
        let old_count = old.modules.len() as u32;
        ModulePairs {
            old: (0..old_count).map(ModuleId).collect(),
            new: pairs
                .iter()
                .enumerate()
                .map(|(i, o)| ModuleId(o.map_or(old_count + i as u32, |o| o as u32)))
                .collect(),
        }
    }
}

fn by_name(symbols: &Symbols) -> BTreeMap<(String, String), Vec<usize>> {
    let mut map: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (i, module) in symbols.modules.iter().enumerate() {
        let library = if module.library == module.name {
            String::new()
        } else {
            object_name(&module.library)
        };
        map.entry((library, module.object_name()))
            .or_default()
            .push(i);
    }
    map
}

/// Modules of one name are paired in link order where both builds have as many.
fn pair_by_name(old: &Symbols, new: &Symbols, pairs: &mut [Option<usize>]) {
    let old_names = by_name(old);
    for (name, new_indices) in by_name(new) {
        let Some(old_indices) = old_names.get(&name) else {
            continue;
        };
        if old_indices.len() == new_indices.len() {
            for (o, n) in old_indices.iter().zip(new_indices) {
                pairs[n] = Some(*o);
            }
        }
    }
}

/// The rest are paired by most shared procedure names, ties by link order.
fn pair_by_procedures(old: &Symbols, new: &Symbols, pairs: &mut [Option<usize>]) {
    let taken: HashSet<usize> = pairs.iter().flatten().copied().collect();
    let mut names_of_old: HashMap<&str, Vec<usize>> = HashMap::new();
    for procedure in &old.procedures {
        let module = procedure.module.0 as usize;
        if !taken.contains(&module) {
            names_of_old
                .entry(&procedure.name)
                .or_default()
                .push(module);
        }
    }
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for procedure in &new.procedures {
        let module = procedure.module.0 as usize;
        if pairs.get(module).is_some_and(Option::is_none) {
            for old_module in names_of_old
                .get(procedure.name.as_str())
                .into_iter()
                .flatten()
            {
                *shared.entry((module, *old_module)).or_default() += 1;
            }
        }
    }
    let mut ranked: Vec<((usize, usize), usize)> = shared.into_iter().collect();
    ranked.sort_by_key(|(pair, count)| (std::cmp::Reverse(*count), *pair));
    let mut used = HashSet::new();
    for ((n, o), _) in ranked {
        if pairs[n].is_none() && used.insert(o) {
            pairs[n] = Some(o);
        }
    }
}
