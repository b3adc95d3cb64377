//! Which types have to do with given other types: are made of them, or lead to them.

use std::collections::{HashMap, HashSet, VecDeque};

use super::layout::Field;
use super::{
    LF_ARGLIST, LF_ARRAY, LF_ENUM, LF_MFUNCTION, LF_MODIFIER, LF_POINTER, LF_PROCEDURE, MAX_DEPTH,
    TypeIndex, Types,
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

/// All classes, structures and unions that have to do with given ones.
pub struct Relations<'t> {
    types: &'t Types,
    of_key: HashMap<&'t [u8], Vec<Related>>,
}

impl<'t> Relations<'t> {
    /// The relations to these types, which are given by the keys of [`Types::layouts`].
    pub fn new(types: &'t Types, targets: &[&str]) -> Self {
        let owners = types.owners();
        let mut of_key: HashMap<&'t [u8], Vec<Related>> = HashMap::new();
        for (target, key) in targets.iter().enumerate() {
            let Some((key, _)) = types.definitions.get_key_value(key.as_bytes()) else {
                continue;
            };
            for (key, relation) in related(&owners, key) {
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
            let related = self.of_key.get(key).into_iter().flatten();
            let name = || self.types.display_name(&String::from_utf8_lossy(key));
            found.extend(related.map(|r| (*r, name())));
        });
        found.sort();
        found.dedup();
        found
    }
}

/// A type that has a member of another one, and whether that is a pointer only.
type Owner<'t> = (&'t [u8], bool);

/// Everything that has to do with one type, once each by its closest relation.
fn related<'t>(
    owners: &HashMap<&'t [u8], Vec<Owner<'t>>>,
    key: &'t [u8],
) -> Vec<(&'t [u8], Relation)> {
    let of = |key: &[u8]| owners.get(key).into_iter().flatten();
    let mut seen = HashSet::from([key]);
    let mut queue = VecDeque::from([key]);
    let mut found = vec![(key, Relation::Is)];
    while let Some(part) = queue.pop_front() {
        for (owner, _) in of(part).filter(|(_, pointer)| !pointer) {
            if seen.insert(owner) {
                found.push((owner, Relation::Contains));
                queue.push_back(owner);
            }
        }
    }
    for (part, _) in found.clone() {
        for (owner, _) in of(part).filter(|(_, pointer)| *pointer) {
            if seen.insert(owner) {
                found.push((owner, Relation::PointsTo));
            }
        }
    }
    found
}

impl Types {
    /// For each class, structure and union those that have a member or base of it.
    fn owners(&self) -> HashMap<&[u8], Vec<Owner<'_>>> {
        let mut owners: HashMap<&[u8], Vec<Owner<'_>>> = HashMap::new();
        for index in self.indices() {
            let Some(header) = self.udt(index) else {
                continue;
            };
            if header.forward || header.kind == LF_ENUM {
                continue;
            }
            // What is not understood of the record is missing here: nothing is proven by it.
            let _ = self.fields_of(&header, &mut |field| {
                let part = match field {
                    Field::Member { member_type, .. } => member_type,
                    Field::Base { base, .. } | Field::VirtualBase { base, .. } => base,
                    Field::Table | Field::VirtualFunction { .. } => return,
                };
                self.mentions(part, &mut |key, pointer| {
                    owners.entry(key).or_default().push((header.key, pointer));
                });
            });
        }
        owners
    }

    /// Names the classes, structures and unions that a type is made of without looking into
    /// them, each with whether it is behind a pointer.
    pub(super) fn mentions<'t>(&'t self, index: TypeIndex, each: &mut dyn FnMut(&'t [u8], bool)) {
        let _ = self.mentions_at(index, false, 0, each);
    }

    fn mentions_at<'t>(
        &'t self,
        index: TypeIndex,
        pointer: bool,
        depth: u32,
        each: &mut dyn FnMut(&'t [u8], bool),
    ) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (kind, mut c) = self.record(index)?;
        let mut follow = |index: u32, pointer: bool| {
            let _ = self.mentions_at(TypeIndex(index), pointer, depth + 1, each);
        };
        match kind {
            LF_MODIFIER | LF_ARRAY => follow(c.u32()?, pointer),
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
            _ => {
                let header = self.udt(index).filter(|h| h.kind != LF_ENUM)?;
                each(header.key, pointer);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containing_types_are_followed_and_one_pointer() {
        let owners: HashMap<&[u8], Vec<Owner<'_>>> = HashMap::from([
            (b"point".as_slice(), vec![(b"line".as_slice(), false)]),
            (b"line".as_slice(), vec![(b"shape", false), (b"list", true)]),
            (b"list".as_slice(), vec![(b"program", true)]),
            (b"shape".as_slice(), vec![(b"line", false)]),
        ]);
        let mut found = related(&owners, b"point");
        found.sort();
        let expected: [(&[u8], Relation); 4] = [
            (b"line", Relation::Contains),
            (b"list", Relation::PointsTo),
            (b"point", Relation::Is),
            (b"shape", Relation::Contains),
        ];
        assert_eq!(found, expected);
    }
}
