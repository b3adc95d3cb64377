//! Names by which functions and data of two builds are matched.
//!
//! A decorated or public name is one key. A file-local name is one only together with
//! its object file, its enclosing function and its position among equals. Several keys
//! share an address after identical code folding.

use std::collections::HashMap;

use super::modules::{ModuleId, ModulePairs};
use crate::function::{DataIndex, DataName, FunctionIndex, FunctionName, Program};
use crate::symbols::ModuleIndex;

/// An interned key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Global(String),
    Local {
        module: Option<ModuleId>,
        scope: Option<String>,
        name: String,
        ordinal: u32,
    },
}

/// Keys of one kind (functions or data) in one build.
#[derive(Debug, Default)]
struct Side {
    /// Keys of each item.
    of_item: Vec<Vec<KeyId>>,
    /// Item of each key.
    item: HashMap<KeyId, u32>,
}

/// The keys of both builds.
#[derive(Debug)]
pub struct Keys {
    old_functions: Side,
    new_functions: Side,
    old_data: Side,
    new_data: Side,
    /// Names of the function keys, for display.
    pub(super) function_key_count: u32,
    ambiguous: Vec<bool>,
    /// Module ids of both builds.
    pub(super) modules: ModuleIds,
}

/// The ids of the modules of both builds.
#[derive(Debug)]
pub struct ModuleIds {
    old: Vec<ModuleId>,
    new: Vec<ModuleId>,
}

impl ModuleIds {
    /// Whether an old and a new module are the same object file.
    pub fn same(&self, old: ModuleIndex, new: ModuleIndex) -> bool {
        match (self.old.get(old.0 as usize), self.new.get(new.0 as usize)) {
            (Some(o), Some(n)) => o == n,
            _ => false,
        }
    }

    /// Pairs of old and new module indices.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let old = self.old.len() as u32;
        self.new
            .iter()
            .enumerate()
            .filter(move |(_, id)| id.0 < old)
            .map(|(n, id)| (id.0 as usize, n))
    }
}

#[derive(Default)]
struct Interner {
    ids: HashMap<Key, KeyId>,
    ambiguous: Vec<bool>,
}

impl Interner {
    fn intern(&mut self, key: Key) -> KeyId {
        let next = KeyId(self.ambiguous.len() as u32);
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.ambiguous.push(false);
        }
        id
    }
}

/// Gives equal local names of one build their ordinals.
struct SideBuilder<'b> {
    interner: &'b mut Interner,
    modules: &'b [ModuleId],
    seen: HashMap<(Option<ModuleId>, Option<String>, String), u32>,
    side: Side,
}

impl<'b> SideBuilder<'b> {
    fn new(interner: &'b mut Interner, modules: &'b [ModuleId]) -> Self {
        SideBuilder {
            interner,
            modules,
            seen: HashMap::new(),
            side: Side::default(),
        }
    }

    fn id_of(&self, module: Option<ModuleIndex>) -> Option<ModuleId> {
        self.modules.get(module?.0 as usize).copied()
    }

    fn local(&mut self, module: Option<ModuleIndex>, scope: Option<&str>, name: &str) -> KeyId {
        let module = self.id_of(module);
        let group = (module, scope.map(str::to_owned), name.to_owned());
        let ordinal = self.seen.entry(group).or_default();
        let this = *ordinal;
        *ordinal += 1;
        let key = |ordinal| Key::Local {
            module,
            scope: scope.map(str::to_owned),
            name: name.to_owned(),
            ordinal,
        };
        let id = self.interner.intern(key(this));
        if this > 0 {
            // Which of several equal names is which cannot be proven from their order.
            let first = self.interner.intern(key(0));
            self.interner.ambiguous[first.0 as usize] = true;
            self.interner.ambiguous[id.0 as usize] = true;
        }
        id
    }

    fn item(&mut self, keys: Vec<KeyId>) {
        let item = self.side.of_item.len() as u32;
        for key in &keys {
            self.side.item.entry(*key).or_insert(item);
        }
        self.side.of_item.push(keys);
    }

    fn functions(mut self, program: &Program<'_>) -> Side {
        for function in &program.functions {
            let mut keys: Vec<KeyId> = Vec::with_capacity(function.names.len().max(1));
            for name in &function.names {
                keys.push(self.function_key(name));
            }
            if keys.is_empty() {
                let contribution = program.symbols.contribution_at(function.rva);
                keys.push(self.local(contribution.map(|c| c.module), None, "<code>"));
            }
            keys.sort_unstable();
            keys.dedup();
            self.item(keys);
        }
        self.side
    }

    fn function_key(&mut self, name: &FunctionName) -> KeyId {
        match &name.linkage {
            Some(linkage) => self.interner.intern(Key::Global(linkage.clone())),
            None => self.local(name.module, None, &name.name),
        }
    }

    fn data(mut self, program: &Program<'_>) -> Side {
        for item in &program.data {
            let mut keys: Vec<KeyId> = item.names.iter().map(|n| self.data_key(n)).collect();
            keys.sort_unstable();
            keys.dedup();
            self.item(keys);
        }
        self.side
    }

    fn data_key(&mut self, name: &DataName) -> KeyId {
        if name.global && name.scope.is_none() {
            self.interner.intern(Key::Global(name.name.clone()))
        } else {
            self.local(name.module, name.scope.as_deref(), &name.name)
        }
    }
}

impl Keys {
    /// Interns the names of two builds.
    pub fn new(old: &Program<'_>, new: &Program<'_>) -> Self {
        let pairs = ModulePairs::new(old.symbols, new.symbols);
        let mut functions = Interner::default();
        let old_functions = SideBuilder::new(&mut functions, &pairs.old).functions(old);
        let new_functions = SideBuilder::new(&mut functions, &pairs.new).functions(new);
        let mut data = Interner::default();
        let old_data = SideBuilder::new(&mut data, &pairs.old).data(old);
        let new_data = SideBuilder::new(&mut data, &pairs.new).data(new);
        let function_key_count = functions.ambiguous.len() as u32;
        let mut ambiguous = functions.ambiguous;
        ambiguous.extend(data.ambiguous);
        Keys {
            old_functions,
            new_functions,
            old_data,
            new_data,
            function_key_count,
            ambiguous,
            modules: ModuleIds {
                old: pairs.old,
                new: pairs.new,
            },
        }
    }

    /// Pairs of an old and a new function that carry the same key, once each.
    pub fn function_pairs(&self) -> Vec<(FunctionIndex, FunctionIndex)> {
        pairs(&self.old_functions, &self.new_functions)
            .into_iter()
            .map(|(o, n)| (FunctionIndex(o), FunctionIndex(n)))
            .collect()
    }

    /// Pairs of an old and a new datum that carry the same key, once each.
    pub fn data_pairs(&self) -> Vec<(DataIndex, DataIndex)> {
        pairs(&self.old_data, &self.new_data)
            .into_iter()
            .map(|(o, n)| (DataIndex(o), DataIndex(n)))
            .collect()
    }

    /// Whether an old and a new function have a key in common.
    pub fn same_function(&self, old: FunctionIndex, new: FunctionIndex) -> bool {
        common(
            &self.old_functions.of_item[old.0 as usize],
            &self.new_functions.of_item[new.0 as usize],
        )
    }

    /// Whether an old and a new datum have a key in common.
    pub fn same_datum(&self, old: DataIndex, new: DataIndex) -> bool {
        common(
            &self.old_data.of_item[old.0 as usize],
            &self.new_data.of_item[new.0 as usize],
        )
    }

    /// The old function with the first key of this new one that the old build has.
    pub fn old_function_of(&self, new: FunctionIndex) -> Option<FunctionIndex> {
        let keys = &self.new_functions.of_item[new.0 as usize];
        let old = keys.iter().find_map(|k| self.old_functions.item.get(k));
        old.copied().map(FunctionIndex)
    }

    /// The old datum with the first key of this new one that the old build has.
    pub fn old_datum_of(&self, new: DataIndex) -> Option<DataIndex> {
        let keys = &self.new_data.of_item[new.0 as usize];
        let old = keys.iter().find_map(|k| self.old_data.item.get(k));
        old.copied().map(DataIndex)
    }

    /// New functions that carry a key of this old one.
    pub fn new_functions_of(&self, old: FunctionIndex) -> Vec<FunctionIndex> {
        let keys = &self.old_functions.of_item[old.0 as usize];
        let mut new: Vec<FunctionIndex> = keys
            .iter()
            .filter_map(|k| self.new_functions.item.get(k))
            .map(|n| FunctionIndex(*n))
            .collect();
        new.sort_unstable();
        new.dedup();
        new
    }

    /// Whether the old build has a key that neither build has once only.
    pub fn function_is_ambiguous(&self, old: FunctionIndex) -> bool {
        let keys = &self.old_functions.of_item[old.0 as usize];
        keys.iter().any(|k| self.ambiguous[k.0 as usize])
    }

    /// Whether a key of this new datum occurs several times.
    pub fn datum_is_ambiguous(&self, new: DataIndex) -> bool {
        let keys = &self.new_data.of_item[new.0 as usize];
        keys.iter()
            .any(|k| self.ambiguous[(self.function_key_count + k.0) as usize])
    }
}

fn pairs(old: &Side, new: &Side) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> = old
        .item
        .iter()
        .filter_map(|(key, o)| new.item.get(key).map(|n| (*o, *n)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Whether two ascending lists have an element in common.
fn common(a: &[KeyId], b: &[KeyId]) -> bool {
    if a.len() == 1 && b.len() == 1 {
        return a == b;
    }
    a.iter().any(|k| b.binary_search(k).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_functions_share_a_key_with_each_of_their_names() {
        let [a, b, c] = [KeyId(1), KeyId(2), KeyId(3)];
        assert!(common(&[a, b], &[b, c]));
        assert!(!common(&[a], &[b, c]));
    }
}
