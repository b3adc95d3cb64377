//! What records say of the classes, structures and unions that a type leads to: how large they
//! are, or that they are only declared.

use std::collections::BTreeSet;

use super::{Key, LF_ENUM, TypeIndex, Types};

/// What is known of the types that others lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Size of the largest one that is defined, in bytes.
    pub largest: u64,
    /// Names of those that are declared and nowhere defined.
    pub declared: BTreeSet<String>,
}

impl Types {
    /// Names of C++ classes, structures and unions that are declared and nowhere defined.
    ///
    /// A compiler leaves out what another file may define: a class is defined where its virtual
    /// functions or its constructors are. In C, whatever code looks into is defined.
    pub fn declared(&self) -> BTreeSet<&str> {
        let declared = self.indices().filter_map(|index| {
            let header = self.udt(index)?;
            let of_class = header.forward && header.kind != LF_ENUM && header.key != header.name;
            let key = self.key_of.get(&index).filter(|_| of_class)?;
            let defined = !self.definitions_of(*key).is_empty();
            (!defined).then(|| self.name_of(*key))
        });
        declared.collect()
    }

    /// Whether a class, structure or union of this name is known at all.
    pub fn knows(&self, name: &str) -> bool {
        self.keys.contains_key(name)
    }

    /// Names of the classes, structures and unions that are defined.
    pub fn defined(&self) -> impl Iterator<Item = &str> {
        let defined = self.named.iter().filter(|(_, definitions)| {
            let mut kinds = definitions.iter().filter_map(|i| Some(self.udt(*i)?.kind));
            kinds.any(|kind| kind != LF_ENUM)
        });
        defined.map(|(name, _)| name.as_str())
    }

    /// Names of the classes, structures, unions and enumerations that these types lead to.
    pub fn named_by(&self, mentioned: impl IntoIterator<Item = TypeIndex>) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for index in mentioned {
            self.mentions(index, &mut |key, _| _ = names.insert(self.name_of(key)));
        }
        names
    }

    /// What is known of the types that a function leads to which mentions these ones: they, what
    /// they point to, and their members and what those point to.
    pub fn told(&self, mentioned: impl IntoIterator<Item = TypeIndex>) -> Told {
        let mut keys = BTreeSet::new();
        for index in mentioned {
            self.mentions(index, &mut |key, _| _ = keys.insert(key));
        }
        let members: Vec<Key> = keys.iter().flat_map(|key| self.members_of(*key)).collect();
        keys.extend(members);
        let mut told = Told::default();
        for key in keys {
            let definitions = self.definitions_of(key);
            if definitions.is_empty() {
                told.declared.insert(self.name_of(key).to_owned());
            }
            let sizes = definitions.iter().filter_map(|i| Some(self.udt(*i)?.size));
            told.largest = told.largest.max(sizes.max().unwrap_or(0));
        }
        told
    }

    /// The classes that the members and bases of one are, or point to.
    pub(super) fn members_of(&self, key: Key) -> Vec<Key> {
        let mut found = Vec::new();
        for index in self.definitions_of(key) {
            self.parts_in(*index, &mut |key, _| found.push(key));
        }
        found
    }
}
