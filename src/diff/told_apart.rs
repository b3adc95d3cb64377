//! Functions of one address that the new build tells apart.
//!
//! The linker gives functions of equal code one address (identical code folding). Where a fix
//! changes one of them, the new build has two functions for one old address, and a redirect
//! there would change both. But the new build says who means which: every caller whose new code
//! names the changed one. Then the old address keeps what did not change, the changed function
//! counts as a new one, and its callers, which refer to another function now, as changed.
//!
//! That is the whole of the change only where nobody but callers can mean the changed function.
//! Who holds an address may have stored it where nobody sees it, and of an old address that was
//! stored nobody can tell whether the one or the other function was meant; see `obstacle`.

use std::collections::BTreeSet;

use super::keys::Keys;
use super::same::Comparer;
use crate::function::{FunctionIndex, Holder, HolderText, Holders, Program};

/// A function of the new build that shared its address with others in the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldApart {
    /// What stands at that address in the old build.
    pub old: FunctionIndex,
    /// The changed function, which is no version of the old one any more.
    pub new: FunctionIndex,
}

/// What became of the functions that changed and had one address with others.
#[derive(Debug, Default)]
pub struct Folded {
    /// Those that count as new ones.
    pub told_apart: Vec<ToldApart>,
    /// Those that cannot, and why, in words that go on after "in the new build they differ, and".
    pub stuck: Vec<(ToldApart, String)>,
    /// Old functions of which one name is gone from the new build, while others are there, and
    /// who may have stored its address, in words.
    pub gone: Vec<(FunctionIndex, String)>,
}

/// Old addresses of several functions of which one is gone, and that somebody held who does not
/// hold one of the others in its place: what was stored may mean the one that is gone.
fn gone(old: &Program<'_>, new: &Program<'_>, keys: &Keys) -> Vec<(FunctionIndex, String)> {
    let is_one = |o: &FunctionIndex| {
        old.function(*o).procedures() > 1
            && !old.belongs_to_another(*o)
            && keys.loses_a_name(*o)
            && !keys.new_functions_of(*o).is_empty()
    };
    let ones: BTreeSet<FunctionIndex> = old.function_indices().filter(is_one).collect();
    let versions = ones.iter().flat_map(|o| keys.new_functions_of(*o));
    let comparer = Comparer::new(old, new, keys);
    let apart = Apart {
        before: Holders::of(old, &ones),
        after: Holders::of(new, &versions.collect()),
        comparer: &comparer,
        folds: Vec::new(),
    };
    let forgotten = |o: &FunctionIndex| Some((*o, apart.forgotten(*o, None)?));
    ones.iter().filter_map(forgotten).collect()
}

/// Takes the pairs out of the keys whose old function stays what it is, because the new build
/// tells apart who means which.
pub fn tell_apart(old: &Program<'_>, new: &Program<'_>, keys: &mut Keys) -> Folded {
    let mut found = Folded {
        gone: gone(old, new, keys),
        ..Folded::default()
    };
    if folds(old, new, keys).is_empty() {
        return found;
    }
    // A caller that is told apart tells those apart that it calls.
    loop {
        let round = {
            let comparer = Comparer::new(old, new, keys);
            Apart::new(&comparer).round()
        };
        for pair in &round.told_apart {
            keys.part(pair.old, pair.new);
        }
        found.stuck = round.stuck;
        if round.told_apart.is_empty() {
            return found;
        }
        found.told_apart.extend(round.told_apart);
    }
}

/// Old functions with several new versions, and these.
fn folds(
    old: &Program<'_>,
    new: &Program<'_>,
    keys: &Keys,
) -> Vec<(FunctionIndex, Vec<FunctionIndex>)> {
    let whole = |o: &FunctionIndex| !old.belongs_to_another(*o) && !keys.function_is_ambiguous(*o);
    let versions = |o| {
        let versions = keys.new_functions_of(o);
        let plain = versions
            .iter()
            .all(|n| !new.belongs_to_another(*n) && !keys.new_function_is_ambiguous(*n));
        (versions.len() > 1 && plain).then_some((o, versions))
    };
    let functions = old.function_indices().filter(whole);
    functions.filter_map(versions).collect()
}

/// Tells the functions of two builds apart.
struct Apart<'a> {
    comparer: &'a Comparer<'a>,
    folds: Vec<(FunctionIndex, Vec<FunctionIndex>)>,
    before: Holders,
    after: Holders,
}

impl<'a> Apart<'a> {
    /// Looks who refers to functions of one address.
    fn new(comparer: &'a Comparer<'a>) -> Self {
        let (old, new) = (comparer.old, comparer.new);
        let folds = folds(old, new, comparer.keys);
        let of_old: BTreeSet<FunctionIndex> = folds.iter().map(|(o, _)| *o).collect();
        let of_new = folds.iter().flat_map(|(_, versions)| versions);
        Apart {
            before: Holders::of(old, &of_old),
            after: Holders::of(new, &of_new.copied().collect()),
            comparer,
            folds,
        }
    }

    /// The pairs that can be parted as things stand, and those that cannot.
    fn round(&self) -> Folded {
        let mut round = Folded::default();
        for (old, versions) in &self.folds {
            let mut free = Vec::new();
            let mut stuck = Vec::new();
            for new in versions {
                let pair = ToldApart {
                    old: *old,
                    new: *new,
                };
                if self.comparer.difference(*old, *new).is_none() {
                    continue;
                }
                match self.obstacle(pair) {
                    None => free.push(pair),
                    Some(why) => stuck.push((pair, why)),
                }
            }
            // Where all changed, one of them takes the address: the one that most refer to.
            if free.len() == versions.len() {
                let callers = |p: &ToldApart| self.after.known(p.new).callers.len();
                free.sort_by_key(callers);
                free.pop();
            }
            round.told_apart.extend(free);
            round.stuck.extend(stuck);
        }
        round
    }

    /// Why a changed function cannot be told from what else has its old address.
    fn obstacle(&self, ToldApart { old, new }: ToldApart) -> Option<String> {
        let (before, after) = (self.before.known(old), self.after.known(new));
        let name = self.comparer.new.function(new).display_name();
        if let Some(holder) = after.holders.first() {
            let text = HolderText(self.comparer.new, holder);
            return Some(format!("who means {name} by it is not known: {text}"));
        }
        if before.entered_inside || after.entered_inside {
            return Some("other code leads into the middle of it".into());
        }
        let gone = before.callers.iter().find(|g| !self.is_known(**g));
        if let Some(gone) = gone {
            let caller = self.comparer.old.function(*gone).display_name();
            return Some(format!(
                "{caller} calls it, of which the new build has no version"
            ));
        }
        self.forgotten(old, Some(new))
    }

    /// Whether it is known what became of an old caller.
    fn is_known(&self, caller: FunctionIndex) -> bool {
        let (old, keys) = (self.comparer.old, self.comparer.keys);
        // Pieces are compared with the function that they belong to.
        old.belongs_to_another(caller)
            || !keys.function_is_ambiguous(caller) && !keys.new_functions_of(caller).is_empty()
    }

    /// A holder of the old address whose successor does not hold that of a function that stays
    /// there: it may have meant the changed one, and may have stored it.
    fn forgotten(&self, old: FunctionIndex, new: Option<FunctionIndex>) -> Option<String> {
        let keys = self.comparer.keys;
        let staying = keys
            .new_functions_of(old)
            .into_iter()
            .filter(|n| Some(*n) != new);
        let after: Vec<&Holder> = staying.flat_map(|n| &self.after.known(n).holders).collect();
        let before = &self.before.known(old).holders;
        let in_code = |holders: &[&Holder], of: FunctionIndex| {
            let codes = holders.iter();
            codes
                .filter(|h| matches!(h, Holder::Code(f, _) if *f == of))
                .count()
        };
        let refs: Vec<&Holder> = before.iter().collect();
        let lost = before.iter().find(|holder| match holder {
            Holder::Code(f, _) => {
                let successors = keys.new_functions_of(*f);
                let count = in_code(&refs, *f);
                successors.is_empty() || successors.iter().any(|g| in_code(&after, *g) != count)
            }
            Holder::Export(name) => !after
                .iter()
                .any(|h| matches!(h, Holder::Export(other) if other == name)),
            Holder::EntryPoint => !after.contains(holder),
            Holder::Pointer(_) | Holder::Word(_) => {
                let same_kind =
                    |h: &&Holder| std::mem::discriminant(*h) == std::mem::discriminant(*holder);
                let counts = (
                    refs.iter().copied().filter(|h| same_kind(h)).count(),
                    after.iter().copied().filter(|h| same_kind(h)).count(),
                );
                counts.0 != counts.1
            }
        })?;
        let text = HolderText(self.comparer.old, lost);
        Some(format!(
            "which of them was meant by its old address is not known: {text}"
        ))
    }
}
