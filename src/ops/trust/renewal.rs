//! Asks the store again, right before code runs in one process.
//!
//! Between the start of a command and the switch there may be a long wait, and other processes
//! before this one. The store is locked while its answer is acted on: who revokes a package, or
//! applies a later one elsewhere, does so before or after, and not in between.
//!
//! The sequence is written down before the switch, as *begun*: should `hotpatch` die right after
//! it, nothing older is allowed any more all the same.

use std::path::PathBuf;

use super::{Guard, STATE_FILE, Store, TrustError, read_state};
use crate::apply::consent::{Hold, Incoming};
use crate::apply::target::Identity;
use crate::moment::Moment;
use crate::ops::lock::Lock;
use crate::ops::policy::Now;
use crate::package::keys::PublicKey;
use crate::package::{Authority, Denial, Package};

/// Whom to ask about one process.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The folder of the store.
    pub folder: PathBuf,
    /// The keys of the command line; `None` where the store decides.
    pub named: Option<Vec<PublicKey>>,
    /// Whether the store is written to: not where keys were named, and it can't be.
    pub remembers: bool,
    /// The process, by its PID and the time of its creation.
    pub process: String,
}

/// A process as it is written down.
pub fn process_name(identity: &Identity) -> String {
    format!("{} {:x}", identity.pid, identity.created)
}

impl Renewal {
    /// Whether a package may still be applied.
    ///
    /// # Errors
    /// Why not; also where the store can't be read, or can't be written although it should.
    pub fn ask(&self, package: &Package) -> Result<Hold, Denial> {
        let (lock, store) = self.load()?;
        let guard = match (&self.named, &store) {
            (Some(keys), store) => Guard::of_keys(keys.clone(), store.as_ref(), Now::read()),
            (None, Some(store)) => Guard::of_store(store, Now::read()),
            (None, None) => return Err(TrustError::Missing(self.folder.clone()).into()),
        };
        guard.allow(package)?;
        if let (Some(lock), Some(store)) = (&lock, store) {
            let (product, sequence) = (package.manifest.product(), package.manifest.patch.sequence);
            if store.state.highest(product).is_none_or(|h| h < sequence) {
                store.change(lock, |state| {
                    state.saw_time(Moment::now());
                    state.begins(product, sequence, &self.process);
                })?;
            }
        }
        Ok(Box::new(lock))
    }

    /// Whether patches that wait in the process may run again: none of them was revoked.
    ///
    /// # Errors
    /// Why not; also where the store can't be read.
    pub fn ask_again(&self, patches: &[Incoming]) -> Result<Hold, Denial> {
        let (lock, store) = self.load()?;
        let hash = |text: &str| <[u8; 32]>::try_from(hex::decode(text).ok()?).ok();
        for patch in patches {
            let hashes = [Some(&patch.sha256), patch.content_sha256.as_ref()];
            let mut hashes = hashes.into_iter().flatten().filter_map(|text| hash(text));
            let policy = store.as_ref().map(|store| &store.policy);
            if let Some(entry) = policy.and_then(|p| hashes.find_map(|h| p.revocation(&h))) {
                return Err(format!("the package {} was {}", patch.sha256, entry.why()).into());
            }
        }
        Ok(Box::new(lock))
    }

    /// Writes down how it ended: whether code of the package runs.
    ///
    /// # Errors
    /// [`TrustError`] where the store can't be written.
    pub fn ended(&self, package: &Package, applied: bool) -> Result<(), TrustError> {
        let (Some(lock), Some(store)) = self.load()? else {
            return Ok(());
        };
        let (product, sequence) = (package.manifest.product(), package.manifest.patch.sequence);
        let mut after = store.state.clone();
        after.ends(product, sequence, &self.process);
        if applied {
            after.saw_package(product, sequence);
        }
        match after == store.state {
            true => Ok(()),
            false => store.change(&lock, |state| *state = after),
        }
    }

    /// The store as it is now, locked where it is written to; none where there need not be one.
    fn load(&self) -> Result<(Option<Lock>, Option<Store>), TrustError> {
        let missing = |error: &TrustError| matches!(error, TrustError::Missing(_));
        let mut store = match Store::load(&self.folder) {
            Err(error) if self.named.is_some() && missing(&error) => return Ok((None, None)),
            result => result?,
        };
        if !self.remembers {
            return Ok((None, Some(store)));
        }
        let lock = store.lock_policy()?;
        store.state = read_state(&self.folder.join(STATE_FILE))?;
        Ok((Some(lock), Some(store)))
    }
}

#[cfg(test)]
mod tests;
