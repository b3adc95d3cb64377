//! Variables that keep their name and size, and mean something else in the new build: new code
//! would read what old code has stored as what it is not.

use std::collections::BTreeMap;

use super::same::Comparer;
use crate::function::DataIndex;
use crate::symbols::{Meanings, Symbols, TypeIndex};

/// A variable of another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retyped {
    /// Its name.
    pub name: String,
    /// The variable in both builds; `None` for a thread-local one.
    pub pair: Option<(DataIndex, DataIndex)>,
    /// Its type in the old build, as text.
    pub old_type: String,
    /// Its type in the new build, as text.
    pub new_type: String,
}

/// All variables of both builds whose value means something else.
pub fn diff(comparer: &Comparer<'_>) -> Vec<Retyped> {
    let (old, new) = (comparer.old, comparer.new);
    let mut types = TypePairs::new(old.symbols, new.symbols);
    let mut found = Vec::new();
    for (o, n) in comparer.keys.data_pairs() {
        let (d, e) = (old.datum(o), new.datum(n));
        if !d.writable || !e.writable {
            continue;
        }
        if let Some((old_type, new_type)) = types.difference(&d.types, &e.types) {
            found.push(Retyped {
                name: d.display_name().to_owned(),
                pair: Some((o, n)),
                old_type,
                new_type,
            });
        }
    }
    let others = thread_locals(new.symbols);
    for (name, before) in thread_locals(old.symbols) {
        let after = others.get(name).map_or(&[][..], Vec::as_slice);
        // Namesakes of several files are in one order while none comes or goes.
        let differing = before
            .iter()
            .zip(after)
            .filter(|_| before.len() == after.len());
        for (a, b) in differing {
            if let Some((old_type, new_type)) = types.difference(&[*a], &[*b]) {
                found.push(Retyped {
                    name: name.to_owned(),
                    pair: None,
                    old_type,
                    new_type,
                });
            }
        }
    }
    found
}

/// The types of thread-local variables by name.
fn thread_locals(symbols: &Symbols) -> BTreeMap<&str, Vec<TypeIndex>> {
    let mut types: BTreeMap<&str, Vec<TypeIndex>> = BTreeMap::new();
    for local in &symbols.thread_locals {
        types.entry(&local.name).or_default().push(local.type_index);
    }
    types
}

/// Compares lists of types that records give one variable in two builds.
struct TypePairs<'t> {
    old: &'t Symbols,
    new: &'t Symbols,
    meanings: Meanings<'t>,
}

impl<'t> TypePairs<'t> {
    fn new(old: &'t Symbols, new: &'t Symbols) -> Self {
        TypePairs {
            old,
            new,
            meanings: Meanings::new(&old.types, &new.types),
        }
    }

    /// The types as text where no type of the one list means what one of the other does. A
    /// variable that one build knows no type of says nothing.
    fn difference(&mut self, old: &[TypeIndex], new: &[TypeIndex]) -> Option<(String, String)> {
        let known = |list: &[TypeIndex]| -> Vec<TypeIndex> {
            list.iter().copied().filter(|t| t.0 != 0).collect()
        };
        let (before, after) = (known(old), known(new));
        let pairs = before
            .iter()
            .flat_map(|a| after.iter().map(move |b| (*a, *b)));
        let any_same = pairs.into_iter().any(|(a, b)| self.same(a, b));
        let (a, b) = (before.first()?, after.first()?);
        let texts = (self.old.types.type_name(*a), self.new.types.type_name(*b));
        (!any_same).then_some(texts)
    }

    fn same(&mut self, old: TypeIndex, new: TypeIndex) -> bool {
        self.meanings.same(old, new).unwrap_or_else(|| {
            // Of what is not understood the texts are all there is.
            let texts = (self.old.types.type_name(old), self.new.types.type_name(new));
            texts.0 == texts.1 && !texts.0.contains("unknown")
        })
    }
}
