//! Which types have to do with given other types: are made of them, or lead to them.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::fields::Field;
use super::{
    Key, LF_ALIAS, LF_ARGLIST, LF_ARRAY, LF_ENUM, LF_MFUNCTION, LF_MODIFIER, LF_POINTER,
    LF_PROCEDURE, TypeIndex, Types,
};

/// What a mentioned type has to do with another one, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// It is that type, or a pointer to it, an array of it, or a function that takes it.
    Is,
    /// It has a member or base of that type, at any depth.
    Contains,
    /// It has a member that is a pointer to that type, or to one that contains it.
    PointsTo,
}

/// A relation of a mentioned type to one of the types that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Related {
    /// Index of the type that was asked for.
    pub target: u32,
    /// What the mentioned type has to do with it.
    pub relation: Relation,
}

/// What a type is made of.
enum Part {
    /// Another type, which has to be looked into.
    Type(TypeIndex),
    /// A class, structure, union or enumeration.
    Key(Key),
}

/// All classes, structures and unions that have to do with given ones.
pub struct Relations<'t> {
    types: &'t Types,
    of_key: HashMap<Key, Vec<Related>>,
}

impl<'t> Relations<'t> {
    /// The relations to these types, which are given by the names of [`Types::layouts`].
    pub fn new(types: &'t Types, targets: &[&str]) -> Self {
        let owners = types.owners();
        let mut of_key: HashMap<Key, Vec<Related>> = HashMap::new();
        for (target, name) in targets.iter().enumerate() {
            let Some(key) = types.keys.get(*name) else {
                continue;
            };
            for (key, relation) in related(&owners, *key) {
                of_key.entry(key).or_default().push(Related {
                    target: target as u32,
                    relation,
                });
            }
        }
        Relations { types, of_key }
    }

    /// What a type has to do with those that were asked for: each with the name of the
    /// class, structure or union that says so.
    pub fn of(&self, index: TypeIndex) -> Vec<(Related, String)> {
        let mut found = Vec::new();
        self.types.mentions(index, &mut |key, _| {
            let related = self.of_key.get(&key).into_iter().flatten();
            let name = || self.types.name_of(key).to_owned();
            found.extend(related.map(|r| (*r, name())));
        });
        found.sort();
        found.dedup();
        found
    }
}

/// A type that has a member of another one, and whether that is a pointer only.
type Owner = (Key, bool);

/// Everything that has to do with one type, once each by its closest relation.
fn related(owners: &HashMap<Key, Vec<Owner>>, key: Key) -> Vec<(Key, Relation)> {
    let of = |key: Key| owners.get(&key).into_iter().flatten();
    let mut seen = HashSet::from([key]);
    let mut queue = VecDeque::from([key]);
    let mut found = vec![(key, Relation::Is)];
    while let Some(part) = queue.pop_front() {
        for (owner, _) in of(part).filter(|(_, pointer)| !pointer) {
            if seen.insert(*owner) {
                found.push((*owner, Relation::Contains));
                queue.push_back(*owner);
            }
        }
    }
    for (part, _) in found.clone() {
        for (owner, _) in of(part).filter(|(_, pointer)| *pointer) {
            if seen.insert(*owner) {
                found.push((*owner, Relation::PointsTo));
            }
        }
    }
    found
}

impl Types {
    /// For each class, structure, union and enumeration those that have a member or base of it.
    fn owners(&self) -> HashMap<Key, Vec<Owner>> {
        let mut owners: HashMap<Key, Vec<Owner>> = HashMap::new();
        for index in self.indices() {
            if let Some(owner) = self.key_of.get(&index) {
                self.parts_in(index, &mut |key, pointer| {
                    owners.entry(key).or_default().push((*owner, pointer));
                });
            }
        }
        owners
    }

    /// Names what the members and bases of a class, structure or union are made of, as
    /// [`Types::mentions`] does; nothing for one that is only declared. What is not understood of
    /// the record is missing: nothing is proven by it.
    pub(super) fn parts_in(&self, class: TypeIndex, each: &mut dyn FnMut(Key, bool)) {
        let header = self.udt(class);
        let Some(header) = header.filter(|h| !h.forward && h.kind != LF_ENUM) else {
            return;
        };
        let _ = self.fields_of(&header, &mut |field| {
            let part = match field {
                Field::Member { member_type, .. } => member_type,
                Field::Base { base, .. } | Field::VirtualBase { base, .. } => base,
                Field::Table
                | Field::VirtualFunction { .. }
                | Field::Destructor
                | Field::NotPlain
                | Field::Enumerator { .. } => return,
            };
            self.mentions(part, each);
        });
    }

    /// Names the classes, structures, unions and enumerations that a type is made of without
    /// looking into them, each with whether it is behind a pointer.
    pub(super) fn mentions(&self, index: TypeIndex, each: &mut dyn FnMut(Key, bool)) {
        // Each once, as the records of a damaged file may lead in circles or back and forth.
        let mut seen = BTreeSet::new();
        let mut waiting = vec![(index, false)];
        while let Some((index, pointer)) = waiting.pop() {
            let _ = self.mentioned_by(index, pointer, &mut |part, pointer| match part {
                Part::Type(next) if seen.insert((next, pointer)) => waiting.push((next, pointer)),
                Part::Type(_) => {}
                Part::Key(key) => each(key, pointer),
            });
        }
    }

    /// What one record is made of; `None` where it is cut off.
    fn mentioned_by(
        &self,
        index: TypeIndex,
        pointer: bool,
        each: &mut dyn FnMut(Part, bool),
    ) -> Option<()> {
        let (kind, mut c) = self.record(index)?;
        let mut follow = |index: u32, pointer: bool| each(Part::Type(TypeIndex(index)), pointer);
        match kind {
            LF_MODIFIER | LF_ARRAY | LF_ALIAS => follow(c.u32()?, pointer),
            LF_POINTER => follow(c.u32()?, true),
            LF_PROCEDURE => {
                follow(c.u32()?, true);
                c.skip(4)?;
                follow(c.u32()?, true);
            }
            LF_MFUNCTION => {
                // Result and class; the type of `this` is a pointer to the class.
                follow(c.u32()?, true);
                follow(c.u32()?, true);
                c.skip(8)?;
                follow(c.u32()?, true);
            }
            LF_ARGLIST => {
                for _ in 0..c.u32()? {
                    follow(c.u32()?, true);
                }
            }
            _ => each(Part::Key(*self.key_of.get(&index)?), pointer),
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::types::testing::{Stream, structure};

    #[test]
    fn containing_types_are_followed_and_one_pointer() {
        let [point, line, shape, list, program] = [0, 1, 2, 3, 4].map(Key);
        let owners = HashMap::from([
            (point, vec![(line, false)]),
            (line, vec![(shape, false), (list, true)]),
            (list, vec![(program, true)]),
            (shape, vec![(line, false)]),
        ]);
        let mut found = related(&owners, point);
        found.sort();
        let expected = [
            (point, Relation::Is),
            (line, Relation::Contains),
            (shape, Relation::Contains),
            (list, Relation::PointsTo),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_function_type_that_has_itself_everywhere_comes_to_an_end() {
        let mut stream = Stream::default();
        let [itself, arguments] = [0x1000u32, 0x1001].map(u32::to_le_bytes);
        stream.add(LF_PROCEDURE, &[&itself, &[0, 0, 40, 0], &arguments]);
        let mut list = 40u32.to_le_bytes().to_vec();
        list.extend(itself.repeat(40));
        stream.add(LF_ARGLIST, &[&list]);
        let fields = stream.fields(&[("work", 0x1000, 0)]);
        structure(&mut stream, "worker", fields, 8);
        let types = stream.types();
        let mut keys = 0;
        types.mentions(TypeIndex(0x1000), &mut |_, _| keys += 1);
        assert_eq!(keys, 0);
        Relations::new(&types, &["worker"]);
    }
}
