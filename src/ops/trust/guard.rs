//! The authority of this machine: keys, policy and state, at one moment.

use std::collections::BTreeSet;

use super::Store;
use crate::moment::Moment;
use crate::ops::policy::{
    Admission, Decision, Facts, Incoming, Now, Policy, State, Trusted, Withdrawal, admit,
    allowed_from, decide, may_withdraw, set_back,
};
use crate::ops::withdrawal::{List, SignedList};
use crate::package::keys::PublicKey;
use crate::package::{Authority, Denial, Grant, Package};

/// What [`verify`](crate::package::verify) asks whether a package may be used.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The keys whose signatures count, unless they were revoked.
    pub keys: Vec<PublicKey>,
    /// Whether they were named on the command line.
    pub named: bool,
    policy: Policy,
    state: State,
    now: Now,
}

impl Guard {
    /// The store decides: its keys under its policy.
    pub fn of_store(store: &Store, now: Now) -> Self {
        Guard {
            keys: store.keys.iter().map(|(_, key)| key.clone()).collect(),
            named: false,
            policy: store.policy.clone(),
            state: store.state.clone(),
            now,
        }
    }

    /// These keys decide, under what the store (if there is one) says of all packages.
    pub fn of_keys(keys: Vec<PublicKey>, store: Option<&Store>, now: Now) -> Self {
        Guard {
            keys,
            named: true,
            policy: store.map(|s| s.policy.clone()).unwrap_or_default(),
            state: store.map(|s| s.state.clone()).unwrap_or_default(),
            now,
        }
    }

    /// Decides about a package whose signatures are valid.
    pub fn decide(&self, package: &Package) -> Decision {
        let (facts, trusted) = (Facts::of(package), self.trusted());
        decide(&facts, &trusted, &self.policy, &self.state, self.now)
    }

    /// When a package will be allowed that only the time forbids now.
    pub fn allowed_from(&self, package: &Package) -> Option<Moment> {
        let (facts, trusted) = (Facts::of(package), self.trusted());
        allowed_from(&facts, &trusted, &self.policy, &self.state, self.now)
    }

    /// Whether a list of withdrawn packages counts, whatever the time: whether it is signed as
    /// the policy asks for. `before` is the list whose place it takes: who lets a package go
    /// that was withdrawn needs the signatures that withdrawing needs.
    ///
    /// # Errors
    /// Why it doesn't, in one line.
    pub fn accepts(&self, list: &SignedList, before: Option<&List>) -> Result<(), String> {
        let both = [Some(&list.list), before].into_iter().flatten();
        let files: BTreeSet<&str> = both
            .flat_map(|l| &l.withdrawn)
            .map(|w| w.file.as_str())
            .collect();
        let files: Vec<&str> = files.into_iter().collect();
        let withdrawal = Withdrawal {
            product: &list.list.product,
            files: &files,
            signers: &list.signers(),
        };
        may_withdraw(&withdrawal, &self.trusted(), &self.policy).map(|_| ())
    }

    /// Whether a list may still be believed to be the latest.
    ///
    /// # Errors
    /// Why not, in one line.
    pub fn is_fresh(&self, list: &List) -> Result<(), String> {
        if let Some(why) = set_back(&self.policy, &self.state, self.now) {
            return Err(why);
        }
        match self.now.utc <= list.expires {
            true => Ok(()),
            false => Err(format!("it expired at {}", list.expires)),
        }
    }

    /// Whether nothing of a product may be applied without a list of what is withdrawn of it.
    pub fn requires_lists(&self) -> bool {
        self.policy.sync.require_withdrawal_list
    }

    /// When it is the turn of a machine to apply a package; `None` where the policy has no
    /// rollout: at once.
    pub fn admission(&self, package: &Incoming<'_>, machine: &str) -> Option<Admission> {
        let rollout = self.policy.rollout.as_ref()?;
        admit(rollout, package, machine, self.now)
    }

    /// The ring of a machine; `None` where the policy has no rollout.
    pub fn ring(&self, machine: &str) -> Option<&str> {
        let ring = self.policy.rollout.as_ref()?.ring_of(machine)?;
        Some(&ring.name)
    }

    fn trusted(&self) -> Trusted {
        Trusted {
            keys: self.keys.iter().map(PublicKey::id).collect(),
            named: self.named,
        }
    }
}

impl Authority for Guard {
    fn trusts(&self, key: &PublicKey) -> bool {
        self.keys.contains(key)
    }

    fn allow(&self, package: &Package) -> Result<Grant, Denial> {
        let decision = self.decide(package);
        match decision.allowed {
            true => Ok(Grant {
                signers: decision.signers,
                max_freeze: decision.max_freeze,
            }),
            false => Err(Box::new(decision)),
        }
    }
}
