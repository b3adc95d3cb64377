//! Names by which functions and data of two builds are matched.
//!
//! A decorated or public name is one key. A file-local name is one only together with
//! its object file, its enclosing function and its position among equals. Several keys
//! share an address after identical code folding.

mod statics;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::align::{align, rust_name, stable_name};
use super::modules::{ModuleId, ModulePairs};
use crate::function::{DataIndex, DataItem, DataName, FunctionIndex, Program};
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

impl Side {
    /// Gives an item one more key, greater than all others.
    fn add(&mut self, item: u32, key: KeyId) {
        self.of_item[item as usize].push(key);
        self.item.insert(key, item);
    }
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
    pub(crate) modules: ModuleIds,
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
    fn intern(&mut self, key: Key, ambiguous: bool) -> KeyId {
        let next = KeyId(self.ambiguous.len() as u32);
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.ambiguous.push(false);
        }
        self.ambiguous[id.0 as usize] |= ambiguous;
        id
    }

    /// A key that no name has.
    fn fresh(&mut self) -> KeyId {
        self.ambiguous.push(false);
        KeyId(self.ambiguous.len() as u32 - 1)
    }

    /// Interns the keys of one build.
    fn side(&mut self, draft: Draft) -> Side {
        let mut side = Side::default();
        for (item, names) in draft.names.into_iter().enumerate() {
            let mut keys: Vec<KeyId> = names
                .into_iter()
                .map(|(key, guess)| self.intern(key, guess))
                .collect();
            keys.sort_unstable();
            keys.dedup();
            for key in &keys {
                side.item.entry(*key).or_insert(item as u32);
            }
            side.of_item.push(keys);
        }
        side
    }
}

/// The keys of one build before namesakes are numbered, each with whether its number is a
/// guess; and what each item looks like.
struct Draft {
    names: Vec<Vec<(Key, bool)>>,
    /// Hashes of the same names as they are, with what changes from build to build.
    whole: Vec<Vec<u64>>,
    looks: Vec<u64>,
}

/// Makes the keys of one build.
struct Drafter<'d> {
    program: &'d Program<'d>,
    modules: &'d [ModuleId],
}

impl Drafter<'_> {
    fn local(&self, module: Option<ModuleIndex>, scope: Option<&str>, name: &str) -> Key {
        Key::Local {
            module: module.and_then(|m| self.modules.get(m.0 as usize).copied()),
            scope: scope.map(|s| stable_name(s).0.into_owned()),
            name: stable_name(name).0.into_owned(),
            ordinal: 0,
        }
    }

    /// A name that is known everywhere, unless it holds what changes with each build.
    fn global(&self, name: &str) -> Key {
        if stable_name(name).1 {
            // Of a COMDAT the linker keeps any module's copy, so the module says nothing.
            self.local(None, None, name)
        } else {
            Key::Global(name.to_owned())
        }
    }

    fn functions(&self) -> Draft {
        let program = self.program;
        let mut names = Vec::with_capacity(program.functions.len());
        for function in &program.functions {
            let mut keys: Vec<(Key, bool)> = function
                .names
                .iter()
                .map(|name| match &name.linkage {
                    // The mangled name alone does not tell the instances of a generic apart.
                    Some(linkage) => match rust_name(linkage) {
                        Some(stable) => self.local(None, None, &format!("{stable} {}", name.name)),
                        None => self.global(linkage),
                    },
                    None => self.local(name.module, None, &name.name),
                })
                .map(|key| (key, false))
                .collect();
            if keys.is_empty() {
                let contribution = program.symbols.contribution_at(function.rva);
                keys.push((
                    self.local(contribution.map(|c| c.module), None, "<code>"),
                    false,
                ));
            }
            names.push(keys);
        }
        let looks = program.function_indices().map(|f| looks_of(program, f));
        let whole = program.functions.iter().map(|f| {
            let names = f.names.iter().map(|n| hash(&(&n.linkage, &n.name)));
            let names: Vec<u64> = names.collect();
            if names.is_empty() { vec![0] } else { names }
        });
        Draft {
            names,
            whole: whole.collect(),
            looks: looks.collect(),
        }
    }

    fn data(&self) -> Draft {
        let items = &self.program.data;
        let key = |name: &DataName| {
            if name.global && name.scope.is_none() {
                self.global(&name.name)
            } else {
                self.local(name.module, name.scope.as_deref(), &name.name)
            }
        };
        Draft {
            names: items
                .iter()
                .map(|item| own_names(item).map(|n| (key(n), false)).collect())
                .collect(),
            whole: items
                .iter()
                .map(|item| {
                    own_names(item)
                        .map(|n| hash(&(&n.scope, &n.name)))
                        .collect()
                })
                .collect(),
            looks: items
                .iter()
                .map(|i| hash(&(&i.type_name, i.type_size)))
                .collect(),
        }
    }
}

/// The names of a datum that count. The record of a static variable in an inline function or
/// a template, or of a static member, says less than its decorated public name does: where
/// both are there, namesakes must not be matched by the record.
fn own_names(item: &DataItem) -> impl Iterator<Item = &DataName> {
    let is_decorated = |name: &DataName| {
        let last = name.name.rsplit("::").next().unwrap_or(&name.name);
        let mut others = item.names.iter();
        !name.public
            && (name.global || name.scope.is_some())
            && others.any(|o| o.public && o.name.contains(last))
    };
    item.names.iter().filter(move |name| !is_decorated(name))
}

/// What the code of a function looks like without its references.
fn looks_of(program: &Program<'_>, function: FunctionIndex) -> u64 {
    let mut bytes = program.bytes_of(function).to_vec();
    for reference in &program.code_of(function).references {
        let at = reference.at as usize;
        let end = (at + reference.kind.width() as usize).min(bytes.len());
        bytes[at.min(end)..end].fill(0);
    }
    hash(&bytes)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Items of one key in one build: index of the item, and of the key among its keys.
type Namesakes = Vec<(usize, usize)>;

/// Numbers local names that occur several times so that the same items of both builds have
/// the same number.
fn number(old: &mut Draft, new: &mut Draft) {
    let mut groups: HashMap<Key, (Namesakes, Namesakes)> = HashMap::new();
    for (is_new, draft) in [(false, &*old), (true, &*new)] {
        for (item, keys) in draft.names.iter().enumerate() {
            for (slot, (key, _)) in keys.iter().enumerate() {
                if matches!(key, Key::Local { .. }) {
                    let group = groups.entry(key.clone()).or_default();
                    let side = if is_new { &mut group.1 } else { &mut group.0 };
                    side.push((item, slot));
                }
            }
        }
    }
    for (before, after) in groups.into_values() {
        if before.len() <= 1 && after.len() <= 1 {
            continue;
        }
        let looks = |draft: &Draft, items: &Namesakes| -> Vec<(u64, u64)> {
            let of =
                |(item, slot): &(usize, usize)| (draft.whole[*item][*slot], draft.looks[*item]);
            items.iter().map(of).collect()
        };
        let numbers = align(&looks(old, &before), &looks(new, &after));
        for (draft, items, numbers) in [
            (&mut *old, before, numbers.0),
            (&mut *new, after, numbers.1),
        ] {
            for ((item, slot), (number, guess)) in items.into_iter().zip(numbers) {
                let entry = &mut draft.names[item][slot];
                entry.1 = guess;
                if let Key::Local { ordinal, .. } = &mut entry.0 {
                    *ordinal = number;
                }
            }
        }
    }
}

impl Keys {
    /// Interns the names of two builds.
    pub fn new(old: &Program<'_>, new: &Program<'_>) -> Self {
        let pairs = ModulePairs::new(old.symbols, new.symbols);
        let before = Drafter {
            program: old,
            modules: &pairs.old,
        };
        let after = Drafter {
            program: new,
            modules: &pairs.new,
        };
        let (mut drafts, mut functions) =
            ((before.functions(), after.functions()), Interner::default());
        number(&mut drafts.0, &mut drafts.1);
        let old_functions = functions.side(drafts.0);
        let new_functions = functions.side(drafts.1);
        let (mut drafts, mut data) = ((before.data(), after.data()), Interner::default());
        number(&mut drafts.0, &mut drafts.1);
        let mut sides = (data.side(drafts.0), data.side(drafts.1));
        for (o, n) in statics::moved((&before, &sides.0), (&after, &sides.1)) {
            let key = data.fresh();
            sides.0.add(o, key);
            sides.1.add(n, key);
        }
        let (old_data, new_data) = sides;
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

    /// Whether which function of either build carries a name of this one is a guess.
    pub fn function_is_ambiguous(&self, old: FunctionIndex) -> bool {
        let keys = &self.old_functions.of_item[old.0 as usize];
        keys.iter().any(|k| self.ambiguous[k.0 as usize])
    }

    /// Whether which datum of either build carries a name of this one is a guess.
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
