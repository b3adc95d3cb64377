//! The lists of withdrawn packages that a store knows: one for each product, the latest.
//!
//! What a list says counts as long as its signatures do. Where it has expired, what it withdraws
//! stays withdrawn; that nothing else is can't be known any more, so that nothing of the product
//! is applied. Where it doesn't count at all, as with a key that was revoked since, nothing of
//! the product is applied either, and nothing is taken out.

use super::edit::unwritten;
use super::{Added, KnownList, ListEntry, PackageStore, StoreError};
use crate::apply::fault;
use crate::moment::Moment;
use crate::ops::trust::Guard;
use crate::ops::withdrawal::{List, MAX_FILE, SignedList};
use crate::package::file::{read_limited, replace};

/// What a list is to a store that may have another one of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It takes the place of the one that is there, if there is one.
    Newer,
    /// It is the one that is there.
    Same,
    /// One with a higher sequence is there.
    Older,
}

impl PackageStore {
    /// The lists, each as it counts now.
    pub fn lists(&self, guard: &Guard) -> Vec<KnownList> {
        let entries = self.ledger.lists.iter();
        entries.map(|entry| self.known(entry, guard)).collect()
    }

    fn known(&self, entry: &ListEntry, guard: &Guard) -> KnownList {
        let read = self.read_list(entry).and_then(|signed| {
            let counts = guard.accepts(&signed, None);
            counts.map(|()| signed)
        });
        match read {
            Ok(signed) => KnownList {
                entry: entry.clone(),
                problem: guard.is_fresh(&signed.list).err(),
                list: Some(signed.list),
            },
            Err(why) => KnownList {
                entry: entry.clone(),
                list: None,
                problem: Some(why),
            },
        }
    }

    /// The list of an entry, if it is still that one.
    fn read_list(&self, entry: &ListEntry) -> Result<SignedList, String> {
        let bytes = read_limited(&self.path_of_list(&entry.sha256), MAX_FILE);
        let bytes = bytes.map_err(|e| e.to_string())?;
        if sha256(&bytes) != entry.sha256 {
            return Err("it was changed since it was added".to_owned());
        }
        SignedList::parse(&bytes).map_err(|error| {
            let error = anyhow::Error::new(error);
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            causes.join(": ")
        })
    }

    /// What a list is to this store.
    ///
    /// # Errors
    /// [`StoreError::List`] where it doesn't count here, or has the sequence of another one.
    pub fn weigh(&self, signed: &SignedList, guard: &Guard) -> Result<Weight, StoreError> {
        let refused = |why: String| StoreError::List {
            product: signed.list.product.clone(),
            why,
        };
        let there = self.list_of(&signed.list.product);
        let before = there.map(|entry| (entry, self.read_list(entry)));
        if let Some((entry, before)) = &before {
            let (new, old) = (signed.list.sequence, entry.sequence);
            let same = entry.sha256 == sha256(&signed.to_bytes());
            if same && before.is_ok() {
                return Ok(Weight::Same);
            }
            let same_text = same || before.as_ref().is_ok_and(|b| b.text() == signed.text());
            if new < old {
                return Ok(Weight::Older);
            }
            if new == old && !same_text {
                let why = format!("the store has another list with the sequence {new}");
                return Err(refused(why));
            }
        }
        let before = before.and_then(|(_, b)| b.ok());
        let counts = guard.accepts(signed, before.as_ref().map(|b| &b.list));
        counts.map_err(&refused)?;
        guard.is_fresh(&signed.list).map_err(&refused)?;
        Ok(Weight::Newer)
    }

    /// Takes a list in, in the place of the one before.
    ///
    /// # Errors
    /// [`StoreError`]; the store is as it was then.
    pub fn add_list(
        &mut self,
        signed: &SignedList,
        guard: &Guard,
        now: Moment,
    ) -> Result<Added, StoreError> {
        let lock = self.lock()?;
        let list: &List = &signed.list;
        match self.weigh(signed, guard)? {
            Weight::Newer => {}
            Weight::Same => return Ok(Added::Before),
            Weight::Older => {
                return Err(StoreError::List {
                    product: list.product.clone(),
                    why: format!(
                        "its sequence is {}, and the store has a later one",
                        list.sequence
                    ),
                });
            }
        }
        let bytes = signed.to_bytes();
        let sha256 = sha256(&bytes);
        let path = self.path_of_list(&sha256);
        replace(&path, &bytes).map_err(unwritten(&path))?;
        fault::point("store-list-written");
        self.ledger.lists.retain(|e| !list.is_about(&e.product));
        self.ledger.lists.push(ListEntry {
            product: list.product.clone(),
            sequence: list.sequence,
            sha256,
            added: now,
        });
        self.write(&lock)?;
        fault::point("store-list-counts");
        self.sweep(&lock);
        Ok(Added::New)
    }

    /// Forgets the list of a product, and its sequence. `false` where there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn forget_list(&mut self, product: &str) -> Result<bool, StoreError> {
        let lock = self.lock()?;
        let before = self.ledger.lists.len();
        let product = product.to_lowercase();
        let other = |e: &ListEntry| e.product.to_lowercase() != product;
        self.ledger.lists.retain(other);
        if self.ledger.lists.len() == before {
            return Ok(false);
        }
        self.write(&lock)?;
        self.sweep(&lock);
        Ok(true)
    }

    fn list_of(&self, product: &str) -> Option<&ListEntry> {
        let product = product.to_lowercase();
        let mut lists = self.ledger.lists.iter();
        lists.find(|e| e.product.to_lowercase() == product)
    }
}

/// SHA-256 of a file as hex.
fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
