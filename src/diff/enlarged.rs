//! Classes that only the new build has, and that have one of the old build's inside.
//!
//! The running program has no object of such a class. Where new code makes its own, what it does
//! with each is followed (see [`super::untold`]). What else it takes for one is an object of the
//! class inside, which the old build made: it ends before what the new class adds.

use std::collections::{BTreeMap, BTreeSet};

use super::Diff;
use super::makers::Makers;
use crate::function::{FunctionIndex, Program};
use crate::symbols::{Mentions, TypeIndex, Types, Within, is_closure, is_unnamed};

/// A class of which new code may take an object of the old build for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enlarged {
    /// Its name.
    pub class: String,
    /// Name of the class of the old build that is inside.
    pub inside: String,
    /// What shows it.
    pub why: WhyTaken,
}

/// Why an object of the old build may be taken for one of a new class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyTaken {
    /// Nothing in the new build makes one. The functions of the patch whose records mention the
    /// class, in the new build.
    Unmade(Vec<FunctionIndex>),
    /// This function of the new build asks for room for one, where the old one asked for room for
    /// the class inside.
    Instead(FunctionIndex),
}

/// A new class, and those of the old build that are inside, the largest first.
struct Candidate<'p> {
    name: &'p str,
    class: TypeIndex,
    inside: Vec<TypeIndex>,
}

/// The classes that only the new build has, and what is inside of them.
pub(super) struct Larger {
    /// The classes of the new build that are inside of one which the old build does not know.
    pub inside: BTreeSet<TypeIndex>,
    /// Those that have one of the old build's inside, with its size in bytes.
    pub around: BTreeMap<TypeIndex, i64>,
}

impl Larger {
    /// Finds them.
    pub fn new(old: &Types, new: &Types) -> Self {
        let classes = new_classes(old, new);
        let inside = classes.flat_map(|(_, class)| new.parts_of(class)).collect();
        let around = candidates(old, new).into_iter().filter_map(|candidate| {
            let size = new.size_of(*candidate.inside.first()?)?;
            Some((candidate.class, i64::from(size)))
        });
        Larger {
            inside,
            around: around.collect(),
        }
    }
}

/// Whether something has to be asked of mentions.
pub(super) fn may_be_found(diff: &Diff, old: &Program<'_>, new: &Program<'_>) -> bool {
    let mut code = code_of(diff);
    code.next().is_some() && !candidates(&old.symbols.types, &new.symbols.types).is_empty()
}

/// Finds them.
pub(super) fn find(
    diff: &Diff,
    old: &Program<'_>,
    (new, mentions): (&Program<'_>, &Mentions),
) -> Vec<Enlarged> {
    let mut code = code_of(diff);
    let candidates = candidates(&old.symbols.types, &new.symbols.types);
    if code.next().is_none() || candidates.is_empty() {
        return Vec::new();
    }
    let types = &new.symbols.types;
    let makers = Makers::new(diff, old, (new, mentions));
    let found = candidates.into_iter().filter_map(|candidate| {
        let size = u64::from(types.size_of(candidate.class).unwrap_or(0));
        let is_made = makers.make(candidate.name, candidate.class, size);
        let (inside, why) = match is_made {
            true => {
                let mut inside = candidate.inside.iter();
                inside.find_map(|inside| {
                    let parts = (*inside, candidate.class);
                    let function = asked_instead(&makers, types, parts)?;
                    Some((*inside, WhyTaken::Instead(function)))
                })?
            }
            false => {
                let users = users(diff, (new, mentions), candidate.name);
                (*candidate.inside.first()?, WhyTaken::Unmade(users))
            }
        };
        Some(Enlarged {
            class: candidate.name.to_owned(),
            inside: types.type_name(inside),
            why,
        })
    });
    found.collect()
}

/// The changed and added functions, in the new build.
fn code_of(diff: &Diff) -> impl Iterator<Item = FunctionIndex> {
    let changed = diff.functions.changed.iter().map(|c| c.new);
    changed.chain(diff.functions.added.iter().copied())
}

/// The classes that the old build does not know; not those without a name, which code can't speak
/// of.
fn new_classes<'n>(old: &Types, new: &'n Types) -> impl Iterator<Item = (&'n str, TypeIndex)> {
    let is_new = |name: &&str| !old.knows(name) && !is_unnamed(name) && !is_closure(name);
    let names = new.defined().filter(is_new);
    names.flat_map(|name| {
        new.definitions(name)
            .iter()
            .map(move |class| (name, *class))
    })
}

fn candidates<'p>(old: &Types, new: &'p Types) -> Vec<Candidate<'p>> {
    let found = new_classes(old, new).filter_map(|(name, class)| {
        // One byte is what a class without members has. What is no larger has nothing beyond.
        let whole = new.size_of(class).unwrap_or(0);
        let is_old = |part: &TypeIndex| {
            let size = new.size_of(*part).unwrap_or(0);
            (2..whole).contains(&size) && old.defines(new, *part)
        };
        let mut inside: Vec<TypeIndex> = new.parts_of(class).into_iter().filter(is_old).collect();
        inside.sort_by_key(|part| std::cmp::Reverse(new.size_of(*part)));
        let is_any = !inside.is_empty();
        is_any.then_some(Candidate {
            name,
            class,
            inside,
        })
    });
    found.collect()
}

/// The first function that hands over the size of a class less often that is inside another one,
/// whose size is handed over in its place. An object that is only used through its virtual
/// functions may be either.
fn asked_instead(
    makers: &Makers<'_>,
    types: &Types,
    (inside, class): (TypeIndex, TypeIndex),
) -> Option<FunctionIndex> {
    if types.within(inside, 0) == Within::Table {
        return None;
    }
    let [less, more] = [inside, class].map(|class| types.size_of(class).map(u64::from));
    makers.hands_instead(less?, more?)
}

/// The functions of the patch whose records mention a class.
fn users(
    diff: &Diff,
    (new, mentions): (&Program<'_>, &Mentions),
    class: &str,
) -> Vec<FunctionIndex> {
    let wanted = BTreeSet::from([class]);
    let mentioned = |f: &FunctionIndex| {
        let rva = new.function(*f).rva;
        !mentions.names(&new.symbols.types, rva, &wanted).is_empty()
    };
    code_of(diff).filter(mentioned).collect()
}
