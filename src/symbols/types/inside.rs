//! What lies inside objects, not behind a pointer: members, elements and bases, at any depth.

use std::collections::BTreeSet;

use super::{Key, LF_ENUM, TypeIndex, Types};

impl Types {
    /// The definitions of a name.
    pub fn definitions(&self, name: &str) -> &[TypeIndex] {
        let key = self.keys.get(name);
        key.map_or(&[], |key| self.definitions_of(*key))
    }

    /// The definitions of the classes, structures and unions inside an object of one.
    pub fn parts_of(&self, class: TypeIndex) -> BTreeSet<TypeIndex> {
        let mut keys = BTreeSet::new();
        for key in self.direct_parts(class) {
            self.add_with_parts(key, &mut keys);
        }
        let definitions = keys.iter().flat_map(|key| self.definitions_of(*key));
        definitions.copied().filter(|d| self.is_class(*d)).collect()
    }

    /// Names of the classes, structures, unions and enumerations that values of these types are,
    /// or have inside.
    pub fn wholes(&self, types: impl IntoIterator<Item = TypeIndex>) -> BTreeSet<&str> {
        let mut keys = BTreeSet::new();
        for index in types {
            let mut whole = Vec::new();
            self.mentions(index, &mut |key, pointer| {
                whole.extend((!pointer).then_some(key));
            });
            for key in whole {
                self.add_with_parts(key, &mut keys);
            }
        }
        keys.into_iter().map(|key| self.name_of(key)).collect()
    }

    fn add_with_parts(&self, key: Key, found: &mut BTreeSet<Key>) {
        let mut waiting = vec![key];
        while let Some(key) = waiting.pop() {
            if found.insert(key) {
                let definitions = self.definitions_of(key).iter();
                waiting.extend(definitions.flat_map(|d| self.direct_parts(*d)));
            }
        }
    }

    fn is_class(&self, index: TypeIndex) -> bool {
        self.udt(index).is_some_and(|h| h.kind != LF_ENUM)
    }

    /// The members and bases of a class, as far as its record is understood.
    fn direct_parts(&self, class: TypeIndex) -> Vec<Key> {
        let mut found = Vec::new();
        self.parts_in(class, &mut |key, pointer| {
            found.extend((!pointer).then_some(key));
        });
        found
    }
}
