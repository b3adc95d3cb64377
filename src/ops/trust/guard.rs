//! The authority of this machine: keys, policy and state, at one moment.

use super::Store;
use crate::moment::Moment;
use crate::ops::policy::{Decision, Facts, Now, Policy, State, Trusted, allowed_from, decide};
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
