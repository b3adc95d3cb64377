//! The names of the items of one build, as keys.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::diff::modules::ModuleId;
use crate::diff::names::{hashed_name, is_of_lambda, is_promoted, rust_name, stable_name};
use crate::function::{DataIndex, DataItem, DataName, FunctionIndex, Place, Program};
use crate::symbols::{ModuleIndex, TypeIndex};

/// What an item is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A name that is known everywhere.
    Global(String),
    /// One that is known in an object file, or that holds what changes with each build.
    Local {
        /// The object file, where it matters.
        module: Option<ModuleId>,
        /// The enclosing function.
        scope: Option<String>,
        /// Without what changes with each build.
        name: String,
    },
}

/// Numbers the keys of both builds.
#[derive(Default)]
pub struct Interner {
    /// The number of each key.
    pub names: HashMap<Key, u32>,
    /// Whether items of different object files can have the key.
    pub several_modules: Vec<bool>,
}

impl Interner {
    fn intern(&mut self, key: Key, open: &BTreeSet<ModuleId>) -> u32 {
        let next = self.names.len() as u32;
        let several = match &key {
            Key::Local { module, .. } => module.is_none_or(|m| open.contains(&m)),
            Key::Global(_) => true,
        };
        let id = *self.names.entry(key).or_insert(next);
        if id == next {
            self.several_modules.push(several);
        }
        id
    }

    /// So many names that say nothing.
    #[cfg(test)]
    pub fn of_plain_names(count: usize) -> Self {
        let key = |i: usize| (Key::Global(i.to_string()), i as u32);
        Interner {
            names: (0..count).map(key).collect(),
            several_modules: vec![false; count],
        }
    }
}

/// The keys of each item of one build, each with a hash of the same name with the hashes that
/// are in it, where there are any.
pub struct Draft {
    /// By item.
    pub names: Vec<Vec<(u32, Option<u64>)>>,
}

impl Draft {
    /// The items of each key.
    pub fn groups(&self, count: usize) -> Vec<Vec<u32>> {
        let mut groups = vec![Vec::new(); count];
        for (item, names) in self.names.iter().enumerate() {
            for (name, _) in names {
                let group: &mut Vec<u32> = &mut groups[*name as usize];
                if group.last() != Some(&(item as u32)) {
                    group.push(item as u32);
                }
            }
        }
        groups
    }

    /// Pairs of items with one and the same hash in one and the same name, which nothing else
    /// in either build has.
    pub fn certain(&self, new: &Draft) -> Vec<(u32, u32)> {
        let by_hash = |draft: &Draft| {
            let mut map: HashMap<(u32, u64), Option<u32>> = HashMap::new();
            for (item, names) in draft.names.iter().enumerate() {
                for (name, hash) in names {
                    let Some(hash) = hash else { continue };
                    let known = map.entry((*name, *hash)).or_insert(Some(item as u32));
                    if *known != Some(item as u32) {
                        *known = None;
                    }
                }
            }
            map
        };
        let (before, after) = (by_hash(self), by_hash(new));
        let pairs = before.iter().filter_map(|(name, o)| {
            let n = after.get(name)?;
            Some(((*o)?, (*n)?))
        });
        let mut pairs: Vec<(u32, u32)> = pairs.collect();
        pairs.sort_unstable();
        pairs
    }
}

/// Makes the keys of one build.
pub struct Drafter<'d> {
    /// The build.
    pub program: &'d Program<'d>,
    /// The id of each of its modules.
    pub modules: &'d [ModuleId],
    /// Ids that say nothing.
    pub open: &'d BTreeSet<ModuleId>,
}

impl<'d> Drafter<'d> {
    /// Of one build, with the ids of its modules.
    pub fn new(
        program: &'d Program<'d>,
        modules: &'d [ModuleId],
        open: &'d BTreeSet<ModuleId>,
    ) -> Self {
        Drafter {
            program,
            modules,
            open,
        }
    }

    /// The id of a module.
    pub fn module(&self, module: Option<ModuleIndex>) -> Option<ModuleId> {
        module.and_then(|m| self.modules.get(m.0 as usize).copied())
    }

    /// The module whose contribution holds an address.
    pub fn module_at(&self, rva: crate::addr::Rva) -> Option<ModuleIndex> {
        Some(self.program.symbols.contribution_at(rva)?.module)
    }

    fn local(&self, module: Option<ModuleIndex>, scope: Option<&str>, name: &str) -> Key {
        Key::Local {
            module: self.module(module),
            scope: scope.map(|s| stable_name(s).0.into_owned()),
            name: stable_name(name).0.into_owned(),
        }
    }

    /// A name that is known everywhere, unless it holds what changes with each build.
    fn global(&self, name: &str, module: Option<ModuleIndex>) -> Key {
        if is_promoted(name) && rust_name(name).is_none() {
            // A file's own name, made visible to others by link-time optimisation.
            self.local(module, None, name)
        } else if stable_name(name).1 {
            // Of a COMDAT the linker keeps any module's copy, so the module says nothing.
            self.local(None, None, name)
        } else {
            Key::Global(name.to_owned())
        }
    }

    /// The keys of all functions.
    pub fn functions(&self, interner: &mut Interner) -> Draft {
        let program = self.program;
        let mut names = Vec::with_capacity(program.functions.len());
        for (index, function) in program.functions.iter().enumerate() {
            let has_public = function.names.iter().any(|n| n.linkage.is_some());
            let funclet = program.is_funclet(FunctionIndex(index as u32));
            let mut keys: Vec<(u32, Option<u64>)> = Vec::new();
            for name in &function.names {
                let module = name.module.or_else(|| self.module_at(function.rva));
                let key = match &name.linkage {
                    // The mangled name alone does not tell the instances of a generic apart.
                    Some(linkage) => match rust_name(linkage) {
                        Some(stable) => self.local(None, None, &format!("{stable} {}", name.name)),
                        None => self.global(linkage, module),
                    },
                    // The record says less than the public names do.
                    None if name.global && has_public => continue,
                    None => self.local(module, None, &name.name),
                };
                let text = name.linkage.as_ref().unwrap_or(&name.name);
                let key = self.with_parameters(key, text, name.type_index);
                keys.push((interner.intern(key, self.open), hash_of(None, text)));
            }
            if keys.is_empty() && !funclet {
                let key = self.local(self.module_at(function.rva), None, "<code>");
                keys.push((interner.intern(key, self.open), None));
            }
            keys.sort_unstable();
            keys.dedup();
            names.push(keys);
        }
        Draft { names }
    }

    /// A lambda has no name of its own; what it takes belongs to what it is called.
    fn with_parameters(&self, key: Key, text: &str, index: Option<TypeIndex>) -> Key {
        let types = &self.program.symbols.types;
        let signature = index.filter(|_| is_of_lambda(text));
        let signature = signature.and_then(|index| types.signature(index));
        let parameters = signature.as_ref().and_then(|s| s.text.split_once(" ("));
        match (key, parameters) {
            (
                Key::Local {
                    module,
                    scope,
                    name,
                },
                Some((_, parameters)),
            ) => Key::Local {
                module,
                scope,
                name: format!("{name} ({}", stable_name(parameters).0),
            },
            (key, _) => key,
        }
    }

    /// The keys of all named data.
    pub fn data(&self, interner: &mut Interner) -> Draft {
        let items = self.program.data.iter();
        let names = items.map(|item| {
            let mut keys: Vec<(u32, Option<u64>)> = own_names(item)
                .map(|name| {
                    let key = self.of_datum(item, name);
                    let hash = hash_of(name.scope.as_deref(), &name.name);
                    (interner.intern(key, self.open), hash)
                })
                .collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        });
        Draft {
            names: names.collect(),
        }
    }

    fn of_datum(&self, item: &DataItem, name: &DataName) -> Key {
        if name.global && name.scope.is_none() {
            self.global(&name.name, self.module_at(item.rva))
        } else {
            let owner = name.owner.and_then(|rva| self.linkage_at(rva));
            let scope = owner.or(name.scope.as_deref());
            self.local(name.module, scope, &name.name)
        }
    }

    /// The only public name of the function that begins at an address: overloads and
    /// instances of a template have one name in the records.
    fn linkage_at(&self, rva: crate::addr::Rva) -> Option<&'d str> {
        let Place::Function(function, 0) = self.program.place(rva) else {
            return None;
        };
        let names = self.program.function(function).names.iter();
        let mut public = names.filter_map(|n| n.linkage.as_deref());
        match (public.next(), public.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// What the code of a function looks like without its references.
    pub fn looks_of_function(program: &Program<'_>, function: FunctionIndex) -> u64 {
        let mut bytes = program.bytes_of(function).to_vec();
        for reference in &program.code_of(function).references {
            let at = reference.at as usize;
            let end = (at + reference.kind.width() as usize).min(bytes.len());
            bytes[at.min(end)..end].fill(0);
        }
        hash(&bytes)
    }

    /// What a datum looks like: its type, and what is in it at the start but for pointers.
    pub fn looks_of_datum(program: &Program<'_>, datum: DataIndex) -> u64 {
        let item = program.datum(datum);
        let size = item.content_size();
        let bytes = program.image.initialised(item.rva, size);
        let mut bytes = bytes.unwrap_or_default().to_vec();
        for place in program.image.relocations_in(item.rva, size) {
            let at = (place.0 - item.rva.0) as usize;
            let end = (at + 8).min(bytes.len());
            bytes[at.min(end)..end].fill(0);
        }
        // What lies behind a value up to the next symbol is padding.
        let used = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        let type_name = item.type_name.as_deref().map(stable_name);
        let type_name = type_name.map(|(name, _)| name.into_owned());
        hash(&(type_name, item.type_size, item.writable, &bytes[..used]))
    }
}

/// The names of a datum that count. A record says less than the public names do, where both
/// are there: that of a static variable in an inline function or a template, or of a static
/// member; two virtual function tables of one class have one record name.
fn own_names(item: &DataItem) -> impl Iterator<Item = &DataName> {
    let has_public = item.names.iter().any(|n| n.public);
    let is_decorated = |name: &DataName| {
        let last = name.name.rsplit("::").next().unwrap_or(&name.name);
        let mut others = item.names.iter();
        !name.public && name.scope.is_some() && others.any(|o| o.public && o.name.contains(last))
    };
    let counts = move |name: &&DataName| {
        let is_record = name.global && name.scope.is_none() && !name.public;
        !(is_decorated(name) || is_record && has_public)
    };
    item.names.iter().filter(counts)
}

/// A hash of a name, where hashes are in it that are the same for the same thing only.
fn hash_of(scope: Option<&str>, name: &str) -> Option<u64> {
    let of_scope = scope.and_then(hashed_name);
    let of_name = hashed_name(name);
    (of_scope.is_some() || of_name.is_some()).then(|| hash(&(of_scope, of_name, scope.is_some())))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
