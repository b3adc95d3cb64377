//! Classes that only the new build has, and that have one of the old build's inside.
//!
//! The running program has no object of such a class. Where new code makes its own, what it does
//! with each is followed (see [`super::untold`]). What else it takes for one is an object of the
//! class inside, which the old build made: it ends before what the new class adds.

use std::collections::{BTreeMap, BTreeSet};

use super::Diff;
use super::handling::{Deed, is_constructor, special};
use crate::function::{Call, FunctionIndex, Program};
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
    let made = made(new, mentions);
    let found = candidates.into_iter().filter_map(|candidate| {
        let is_made = made.contains(candidate.name)
            || is_constructed(new, mentions, candidate.name)
            || is_asked_for(diff, new, &candidate);
        let (inside, why) = match is_made {
            true => {
                let mut inside = candidate.inside.iter();
                inside.find_map(|inside| {
                    let parts = (*inside, candidate.class);
                    let function = asked_instead(diff, (old, new), parts)?;
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
            inside: new.symbols.types.type_name(inside),
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

/// Names of the classes of which there are variables, or that are allocated, handed over or
/// returned as a whole, and of what is inside those.
fn made<'p>(new: &'p Program<'_>, mentions: &Mentions) -> BTreeSet<&'p str> {
    let types = &new.symbols.types;
    let data = new.data_indices().flat_map(|d| &new.datum(d).types);
    let functions = new.function_indices().flat_map(|f| &new.function(f).names);
    let passed = functions.filter_map(|name| name.type_index);
    let passed = passed.flat_map(|function| {
        let handed = types.handed(function).unwrap_or_default();
        handed.into_iter().chain(types.result_of(function))
    });
    let whole = mentions.made.iter().chain(data).copied().chain(passed);
    types.wholes(whole)
}

/// Whether the new build has a constructor of a class, or has inlined one.
fn is_constructed(new: &Program<'_>, mentions: &Mentions, class: &str) -> bool {
    let types = &new.symbols.types;
    let constructs = |f| {
        let name = new.function(f).display_name();
        special(&name, class) == Some(Deed::Constructs)
    };
    let mut inlined = mentions.inlined.iter();
    let is_own = inlined
        .any(|(name, of)| is_constructor(name, class) && types.wholes([*of]).contains(class));
    is_own || new.function_indices().any(constructs)
}

/// Whether new code hands over the size of a class, or of several objects of it, or the address of
/// one in its frame.
fn is_asked_for(diff: &Diff, new: &Program<'_>, candidate: &Candidate<'_>) -> bool {
    const FEW: u64 = 8;
    let size = u64::from(new.symbols.types.size_of(candidate.class).unwrap_or(0));
    let is_room = |number: &Option<u64>| {
        let several = |n: &u64| size > FEW && *n >= size && n.is_multiple_of(size);
        number.as_ref().is_some_and(|n| *n == size || several(n))
    };
    let mut code = code_of(diff);
    code.any(|f| {
        let asks = new
            .calls(f)
            .iter()
            .any(|call| call.numbers.iter().any(is_room));
        asks || new.objects_in_frame(f).contains(&candidate.class)
    })
}

/// The first function that hands over the size of a class less often that is inside another one,
/// whose size it hands over more often, or a function that is new does. An object that is only used through its
/// virtual functions may be either.
fn asked_instead(
    diff: &Diff,
    (old, new): (&Program<'_>, &Program<'_>),
    (inside, class): (TypeIndex, TypeIndex),
) -> Option<FunctionIndex> {
    let types = &new.symbols.types;
    if types.within(inside, 0) == Within::Table {
        return None;
    }
    let sizes = [inside, class].map(|class| types.size_of(class));
    let [Some(less), Some(more)] = sizes.map(|size| size.map(u64::from)) else {
        return None;
    };
    let count = |calls: &[Call], size: u64| {
        let hands = calls.iter().filter(|c| c.numbers.contains(&Some(size)));
        hands.count()
    };
    let mut added = diff.functions.added.iter();
    let elsewhere = added.any(|f| count(&new.all_calls(*f), more) > 0);
    let mut changed = diff.functions.changed.iter();
    let found = changed.find(|change| {
        let (before, after) = (old.all_calls(change.old), new.all_calls(change.new));
        let fewer = count(&before, less) > count(&after, less);
        fewer && (elsewhere || count(&after, more) > count(&before, more))
    });
    found.map(|change| change.new)
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
