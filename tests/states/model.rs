//! What the process must be like after each step. Says nothing of how: no addresses, no
//! bytes, no files.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Catalogue, Image, Package, functions};
use crate::ends::Ends;
use crate::step::{Operation, Step};

/// Whether a patch runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Active,
    /// A newer one stands on it.
    Replaced,
    /// Its module was unloaded.
    Detached,
}

/// A patch in the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Tells it from others of the same package, earlier or later.
    pub key: u32,
    pub id: String,
    pub standing: Standing,
    /// The patches that it replaced.
    pub over: Vec<u32>,
}

/// Everything that decides what comes next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub patches: Vec<Patch>,
    pub loaded: bool,
    /// The function that a thread sits in, and the patch of which it is a version.
    pub sitting: Option<(String, Option<u32>)>,
    /// The patch that the program points into.
    pub held: Option<u32>,
    /// Killed operations may have left something that does nothing.
    pub remains: bool,
    next: u32,
}

impl Model {
    pub fn patch(&self, key: u32) -> Option<&Patch> {
        self.patches.iter().find(|p| p.key == key)
    }

    fn with(&self, standing: Standing) -> impl Iterator<Item = &Patch> {
        self.patches.iter().filter(move |p| p.standing == standing)
    }

    /// The patch with this id that calls are led to, or that is beneath.
    pub fn standing(&self, id: &str) -> Option<&Patch> {
        let mut patches = self.patches.iter();
        patches.find(|p| p.id == id && p.standing != Standing::Detached)
    }

    /// Everything beneath a patch.
    pub fn beneath(&self, patch: &Patch) -> Vec<u32> {
        let mut keys = patch.over.clone();
        let mut next = 0;
        while let Some(key) = keys.get(next).copied() {
            next += 1;
            keys.extend(self.patch(key).into_iter().flat_map(|p| &p.over));
        }
        keys
    }

    /// The version of each function that runs.
    pub fn versions(&self, all: &Catalogue) -> BTreeMap<String, u32> {
        let mut versions = BTreeMap::new();
        let images = [Image::Program, Image::Library];
        for image in images.into_iter().filter(|i| self.has(*i)) {
            versions.extend(functions(image).iter().map(|f| ((*f).to_owned(), 0)));
        }
        for patch in self.with(Standing::Active) {
            versions.extend(package(all, &patch.id).functions.clone());
        }
        versions
    }

    fn has(&self, image: Image) -> bool {
        image == Image::Program || self.loaded
    }

    /// The active patch that replaces a function.
    fn of_function(&self, all: &Catalogue, name: &str) -> Option<&Patch> {
        let mut active = self.with(Standing::Active);
        active.find(|p| package(all, &p.id).functions.contains_key(name))
    }

    /// Whether `check` would let a package in, and which patches it would replace.
    pub fn check(&self, all: &Catalogue, id: &str) -> (Ends, Vec<u32>) {
        let new = package(all, id);
        let active = || self.with(Standing::Active);
        if active().any(|p| p.id == id) {
            return (Ends::done(&["already-applied"]), Vec::new());
        }
        let (mut codes, mut replaced) = (BTreeSet::new(), Vec::new());
        if !self.has(new.image) {
            codes.insert("HP501");
        }
        // One that was replaced is older.
        if self.with(Standing::Replaced).any(|p| p.id == id) {
            codes.insert("HP512");
        }
        for patch in active() {
            let old = package(all, &patch.id);
            let same_line = old.product == new.product;
            if same_line && old.sequence > new.sequence {
                codes.insert("HP512");
            } else if old.image == new.image && self.has(new.image) {
                let missing = |f: &&String| !new.functions.contains_key(*f);
                let missing = old.functions.keys().filter(missing).count();
                let shares = missing < old.functions.len();
                let outdated = shares && same_line && old.sequence < new.sequence;
                if new.supersedes.contains(&old.id) || outdated {
                    if missing > 0 {
                        codes.insert("HP525");
                    } else {
                        replaced.push(patch.key);
                    }
                }
            }
        }
        if !new.requires.iter().all(|id| active().any(|p| p.id == *id)) {
            codes.insert("HP511");
        }
        let clash = |f: &String| {
            let other = self.of_function(all, f);
            other.is_some_and(|p| !replaced.contains(&p.key))
        };
        if self.has(new.image) && new.functions.keys().any(clash) {
            codes.insert("HP506");
        }
        match codes.is_empty() {
            true => (Ends::done(&["ready"]), replaced),
            false => (Ends::refused(codes), Vec::new()),
        }
    }

    /// How an operation ends, and what is there then.
    pub fn after(&self, all: &Catalogue, operation: &Operation) -> (Ends, Model) {
        match operation {
            Operation::Apply(id) => self.apply(all, id),
            Operation::Revert(id) => self.take_out(all, id.as_deref(), false),
            Operation::Rollback(id) => self.take_out(all, id.as_deref(), true),
            Operation::Recover => {
                let mut next = self.clone();
                next.clear();
                next.remains = false;
                (Ends::done(&["recovered", "clean"]), next)
            }
        }
    }

    fn apply(&self, all: &Catalogue, id: &str) -> (Ends, Model) {
        let (ends, over) = self.check(all, id);
        if !ends.outcomes.contains(&"ready") {
            return (ends, self.clone());
        }
        let mut next = self.clone();
        next.clear();
        let new = Patch {
            key: self.next,
            id: id.to_owned(),
            standing: Standing::Active,
            over,
        };
        let beneath = self.beneath(&new);
        let in_the_way = self
            .sitting
            .as_ref()
            .is_some_and(|(function, of)| match of {
                None => package(all, id).functions.contains_key(function),
                Some(key) => beneath.contains(key),
            });
        if in_the_way {
            return (Ends::busy(), next);
        }
        next.next += 1;
        for patch in &mut next.patches {
            if new.over.contains(&patch.key) {
                patch.standing = Standing::Replaced;
            }
        }
        next.patches.push(new);
        (Ends::done(&["applied"]), next)
    }

    /// Reverts a patch, or rolls it back.
    fn take_out(&self, all: &Catalogue, id: Option<&str>, rollback: bool) -> (Ends, Model) {
        let refused = |code| (Ends::refused(BTreeSet::from([code])), self.clone());
        let Some(patch) = self.choose(id) else {
            // Remains of an earlier one of this name may be there.
            let maybe = match rollback {
                true => Ends {
                    outcomes: vec!["not-applied", "refused"],
                    ..Ends::done(&[])
                },
                false => Ends::done(&["not-applied", "reverted"]),
            };
            return (maybe, self.clone());
        };
        let beneath = self.beneath(patch);
        let mut next = self.clone();
        match patch.standing {
            Standing::Replaced => return refused("HP526"),
            Standing::Detached if rollback => return refused("HP515"),
            Standing::Detached => {
                let gone = [&[patch.key], &beneath[..]].concat();
                next.patches.retain(|p| !gone.contains(&p.key));
                return (Ends::done(&["reverted"]), next);
            }
            Standing::Active => {}
        }
        let goes: Vec<u32> = match rollback {
            true => vec![patch.key],
            false => [&[patch.key], &beneath[..]].concat(),
        };
        let ids: Vec<&str> = goes
            .iter()
            .filter_map(|k| Some(&*self.patch(*k)?.id))
            .collect();
        let needs = |p: &Patch| {
            let requires = &package(all, &p.id).requires;
            p.key != patch.key && requires.iter().any(|id| ids.contains(&&**id))
        };
        if self.with(Standing::Active).any(needs) {
            return refused("HP527");
        }
        if rollback && patch.over.is_empty() {
            return refused("HP528");
        }
        let sits = |k: &u32| self.sitting.as_ref().is_some_and(|s| s.1 == Some(*k));
        if goes.iter().any(sits) {
            return (Ends::busy(), next);
        }
        let over = patch.over.clone();
        next.patches.retain(|p| !goes.contains(&p.key));
        for patch in next.patches.iter_mut().filter(|p| over.contains(&p.key)) {
            patch.standing = Standing::Active;
        }
        let word = if rollback { "rolled-back" } else { "reverted" };
        (Ends::done(&[word]), next)
    }

    /// The patch that is meant. Without an id, the only one that nothing stands on.
    fn choose(&self, id: Option<&str>) -> Option<&Patch> {
        let fits = |p: &&Patch| match id {
            Some(id) => p.id == id,
            None => p.standing != Standing::Replaced,
        };
        self.patches.iter().filter(fits).min_by_key(|p| p.standing)
    }

    /// What unloaded modules left goes with the next operation that changes something.
    fn clear(&mut self) {
        self.patches.retain(|p| p.standing != Standing::Detached);
    }

    /// The model after a step that is none of `hotpatch`.
    pub fn after_step(&self, all: &Catalogue, step: &Step) -> Model {
        let mut next = self.clone();
        match step {
            Step::Load | Step::Move => next.loaded = true,
            Step::Unload => {
                next.loaded = false;
                let of_library = |p: &&mut Patch| package(all, &p.id).image == Image::Library;
                for patch in next.patches.iter_mut().filter(of_library) {
                    patch.standing = Standing::Detached;
                }
            }
            Step::Sit(function) => {
                let of = self.of_function(all, function).map(|p| p.key);
                next.sitting = Some((function.clone(), of));
            }
            Step::Leave => next.sitting = None,
            Step::Hold(id) => next.held = self.standing(id).map(|p| p.key),
            Step::Drop => next.held = None,
            Step::Do(_) | Step::Kill(..) => {}
        }
        next
    }

    /// Whether a step means anything now. What a sequence lost when it was shortened may make
    /// others meaningless; they are passed over.
    pub fn allows(&self, step: &Step) -> bool {
        match step {
            Step::Load | Step::Move => !self.loaded,
            Step::Unload => self.loaded,
            Step::Sit(_) => self.sitting.is_none(),
            Step::Leave => self.sitting.is_some(),
            Step::Hold(id) => self.held.is_none() && self.standing(id).is_some(),
            Step::Drop => self.held.is_some(),
            Step::Do(operation) | Step::Kill(_, operation) => match operation {
                // Which one is meant has to be certain.
                Operation::Revert(None) | Operation::Rollback(None) => {
                    self.with(Standing::Active).count() == 1 && !self.remains
                }
                _ => true,
            },
        }
    }
}

fn package<'c>(all: &'c Catalogue, id: &str) -> &'c Package {
    all.of(id).unwrap_or_else(|| panic!("no package {id}"))
}
