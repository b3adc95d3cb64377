//! Where the relays of a package go.
//!
//! Each has a place of its own in the manifest, and others for when that one is taken: two
//! packages know nothing of each other, and the padding of an image is small. What is at a
//! place must be the padding that the package expects, and none of a patch's.

use std::collections::BTreeMap;

use super::record::{Body, Site};
use super::survey::{Installed, State, Survey};
use super::target::{Module, Target};
use crate::addr::{Rva, Va};
use crate::package::Package;
use crate::package::manifest::{Relay, ReplacedFunction};
use crate::payload::names::REDIRECT_LEN;

/// How many relays of the package itself are moved to make room for one.
const MOST_MOVED: usize = 6;

/// The places of relays, by the entries of their functions.
#[derive(Debug, Default)]
pub(super) struct Relays(BTreeMap<Rva, Rva>);

impl Relays {
    /// Where the relay of a function goes, and the bytes there as hex; its own place where
    /// nothing else was chosen.
    pub fn of<'f>(&self, function: &'f ReplacedFunction) -> Option<(Rva, &'f str)> {
        let relay = function.relay.as_ref()?;
        let chosen = self.0.get(&function.entry);
        let mut places = relay.places();
        let chosen = chosen.and_then(|at| places.find(|place| place.0 == *at));
        chosen.or_else(|| relay.places().next())
    }

    /// Whether a place was found for the relay of a function.
    pub fn has(&self, function: &ReplacedFunction) -> bool {
        self.0.contains_key(&function.entry)
    }

    /// The places that a record says, where the package allows them.
    pub fn recorded(body: &Body, package: &Package) -> Relays {
        let base = body.module.base;
        let sites = body.relays.iter().filter_map(|site| {
            let function = body.functions.get(site.function as usize)?;
            let rva = |at: Va| u32::try_from(at.0.checked_sub(base.0)?).ok().map(Rva);
            Some((rva(function.entry)?, rva(site.at)?))
        });
        let mut said: BTreeMap<Rva, Rva> = sites.collect();
        let functions = &package.manifest.functions;
        let allowed = |entry: &Rva, at: &Rva| {
            let function = functions.binary_search_by_key(entry, |f| f.entry);
            let relay = function.ok().and_then(|i| functions[i].relay.as_ref());
            relay.is_some_and(|r| r.places().any(|place| place.0 == *at))
        };
        said.retain(|entry, at| allowed(entry, at));
        Relays(said)
    }

    /// Chooses a place for every relay that is still to be written, as far as there is one.
    pub fn choose<T: Target + ?Sized>(
        target: &T,
        module: &Module,
        package: &Package,
        (survey, replaced): (&Survey, &[Installed]),
    ) -> Relays {
        let mut choice = Choice {
            ground: Ground::new(target, module, survey),
            functions: BTreeMap::new(),
            taken: BTreeMap::new(),
        };
        for function in &package.manifest.functions {
            if let Some(relay) = &function.relay
                && !is_redirected(function, module, replaced)
            {
                choice.functions.insert(function.entry, relay);
            }
        }
        let all: Vec<(Rva, &Relay)> = choice.functions.iter().map(|(e, r)| (*e, *r)).collect();
        let (own, moved): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|(_, relay)| choice.ground.is_free(relay.rva, &relay.bytes));
        for (entry, relay) in own {
            choice.taken.insert(relay.rva, entry);
        }
        for (entry, _) in moved {
            choice.find(entry, MOST_MOVED);
        }
        Relays(
            choice
                .taken
                .into_iter()
                .map(|(at, entry)| (entry, at))
                .collect(),
        )
    }
}

/// Whether a patch that the package replaces redirects the function already: its jump to the
/// gate is overwritten then, wherever it is.
pub(super) fn is_redirected(
    function: &ReplacedFunction,
    module: &Module,
    replaced: &[Installed],
) -> bool {
    let entry = function.entry.at(module.base);
    let mut replaced = replaced.iter();
    replaced.any(|p| p.record.body.gate_jump(entry).is_some())
}

/// Places that are being given to functions.
struct Choice<'t, 'p, T: Target + ?Sized> {
    ground: Ground<'t, T>,
    /// The relays, by entry.
    functions: BTreeMap<Rva, &'p Relay>,
    /// The entry of the function that has a place.
    taken: BTreeMap<Rva, Rva>,
}

impl<T: Target + ?Sized> Choice<'_, '_, T> {
    /// Finds a place for a function, moving so many others at most; whether there is one.
    fn find(&mut self, entry: Rva, moves: usize) -> bool {
        let Some(relay) = self.functions.get(&entry).copied() else {
            return false;
        };
        let places = relay.places();
        let places = places.filter(|(at, bytes)| self.ground.is_free(*at, bytes));
        let places: Vec<Rva> = places.map(|(at, _)| at).collect();
        if let Some(at) = places.iter().find(|at| self.holders(**at).is_empty()) {
            self.taken.insert(*at, entry);
            return true;
        }
        if moves == 0 {
            return false;
        }
        for at in places {
            if let [(held, holder)] = self.holders(at)[..] {
                self.taken.remove(&held);
                self.taken.insert(at, entry);
                if self.find(holder, moves - 1) {
                    return true;
                }
                self.taken.remove(&at);
                self.taken.insert(held, holder);
            }
        }
        false
    }

    /// Relays of the package that a place overlaps, each with its function.
    fn holders(&self, at: Rva) -> Vec<(Rva, Rva)> {
        let near = at.0.saturating_sub(REDIRECT_LEN - 1)..at.0.saturating_add(REDIRECT_LEN);
        let near = self.taken.range(Rva(near.start)..Rva(near.end));
        near.map(|(held, holder)| (*held, *holder)).collect()
    }
}

/// The padding of a module in the target, and what patches have of it.
struct Ground<'t, T: ?Sized> {
    target: &'t T,
    base: Va,
    /// First byte and first byte after of what standing patches have overwritten.
    sites: BTreeMap<u64, u64>,
    /// What leftovers have, which are taken away before anything is written.
    left: Vec<Site>,
}

impl<'t, T: Target + ?Sized> Ground<'t, T> {
    fn new(target: &'t T, module: &Module, survey: &Survey) -> Self {
        let (mut sites, mut left) = (BTreeMap::new(), Vec::new());
        for patch in &survey.patches {
            match patch.state {
                State::Active | State::Replaced | State::Torn => {
                    sites.extend(patch.record.body.sites().map(|s| (s.at.0, s.end().0)));
                }
                State::Pending => left.extend(patch.record.body.sites().cloned()),
                State::Kept | State::Detached => {}
            }
        }
        Ground {
            target,
            base: module.base,
            sites,
            left,
        }
    }

    fn is_free(&self, at: Rva, expected: &str) -> bool {
        let at = at.at(self.base);
        let end = at.0 + u64::from(REDIRECT_LEN);
        // No site is longer than a relay.
        let near = at.0.saturating_sub(u64::from(REDIRECT_LEN))..end;
        if self.sites.range(near).any(|(_, after)| *after > at.0) {
            return false;
        }
        let (Ok(expected), Ok(found)) = (
            hex::decode(expected),
            self.target.read_vec(at, REDIRECT_LEN as usize),
        ) else {
            return false;
        };
        let is_left = |s: &Site| s.at == at && s.redirect == found && s.original == expected;
        found == expected || self.left.iter().any(is_left)
    }
}
