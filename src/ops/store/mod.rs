//! The store of packages: a folder with what this machine's processes should have.
//!
//! | file | holds |
//! |---|---|
//! | `<sha256>.hpk` | one package each, under the SHA-256 of its bytes |
//! | `<sha256>.hpw` | one list of withdrawn packages each, under the SHA-256 of its bytes |
//! | `store.toml` | which of them count, which are held, and what is paused: see [`Ledger`] |
//! | `outcomes.toml` | how the last attempts of `sync` ended: see [`Outcomes`] |
//! | `store.lock`, `sync.lock` | nothing: who holds the first changes the store, who holds the second works on processes |
//!
//! A package that lies there without being in the ledger counts for nothing. What counts is
//! verified anew, by the trust store as it is now, each time that the store is used
//! ([`Stock`]): that it was good when it came in means nothing. Who can write to the folder
//! decides what is held and paused, so that it is guarded as the trust store is.
//!
//! Files are replaced in one step and flushed: after a loss of power there is the old ledger or
//! the new, and each package that it names.

mod edit;
mod ledger;
mod lists;
mod outcomes;
mod stock;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::access::{self, AccessError};
use super::lock::{self, Lock};
use crate::package::container::MAX_FILE;
use crate::package::file::{read_limited, replace};

pub use super::lock::Lock as SyncLock;
pub use edit::Added;
pub use ledger::{Entry, Ledger, LedgerError, ListEntry, Note, Pause, Quarantine, is_line};
pub use lists::Weight;
pub use outcomes::{Attempted, Outcomes, Problem, ProblemKind};
pub use stock::{Broken, KnownList, Stock, Usable, examine, incoming};

/// The environment variable that names another folder.
pub const FOLDER_VARIABLE: &str = "HOTPATCH_STORE";

const LEDGER_FILE: &str = "store.toml";
const OUTCOMES_FILE: &str = "outcomes.toml";
const LOCK_FILE: &str = "store.lock";
const SYNC_LOCK_FILE: &str = "sync.lock";

/// Largest ledger in bytes.
const MAX_TOML_FILE: usize = 1 << 20;

/// How long another process may keep the lock of the store.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no folder.
    #[error("there is no store of packages at {}", .0.display())]
    Missing(PathBuf),
    /// Somebody else could change it, or it can't be looked at.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Something can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something can't be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The ledger can't be used.
    #[error("{} cannot be used", path.display())]
    Ledger {
        /// The file.
        path: PathBuf,
        /// Why.
        source: LedgerError,
    },
    /// Another process keeps the store to itself.
    #[error("another hotpatch has been changing the store {} for a long time", .0.display())]
    Locked(PathBuf),
    /// A package that may not be applied is not taken in.
    #[error("the package is not allowed here: {0}")]
    Refused(String),
    /// A list of withdrawn packages that doesn't count here is not taken in.
    #[error("the list of withdrawn packages of {product:?} is not accepted here: {why}")]
    List {
        /// The product.
        product: String,
        /// Why.
        why: String,
    },
    /// Another package has the same name.
    #[error("the store has another package {id:?} of {product:?}, {sha256}")]
    SameId {
        /// The id of both.
        id: String,
        /// The product of both.
        product: String,
        /// SHA-256 of the one that is there.
        sha256: String,
    },
}

/// A store of packages on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageStore {
    /// The folder.
    pub folder: PathBuf,
    /// What was decided.
    pub ledger: Ledger,
}

/// The folder that is used where no other is named: `%ProgramData%\hotpatch\store` on Windows,
/// `/var/lib/hotpatch/store` elsewhere, or what [`FOLDER_VARIABLE`] says.
pub fn folder() -> PathBuf {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ if cfg!(windows) => {
            let data = std::env::var_os("ProgramData").filter(|data| !data.is_empty());
            let data = data.map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from);
            data.join("hotpatch").join("store")
        }
        _ => PathBuf::from("/var/lib/hotpatch/store"),
    }
}

impl PackageStore {
    /// Reads what was decided.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn load(named: &Path) -> Result<Self, StoreError> {
        let folder = access::folder(named)?;
        let folder = folder.ok_or_else(|| StoreError::Missing(named.to_owned()))?;
        let ledger = read_ledger(&folder)?;
        Ok(PackageStore { folder, ledger })
    }

    /// Opens the store at `folder`, and makes an empty one where there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn open_or_create(folder: &Path) -> Result<Self, StoreError> {
        match PackageStore::load(folder) {
            Err(StoreError::Missing(_)) => {
                access::create(folder).map_err(|source| StoreError::Write {
                    path: folder.to_owned(),
                    source,
                })?;
                PackageStore::load(folder)
            }
            result => result,
        }
    }

    /// Where a package of the store is.
    pub fn path_of(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("{sha256}.hpk"))
    }

    /// Where a list of the store is.
    pub fn path_of_list(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("{sha256}.hpw"))
    }

    /// The bytes of a package of the store, whatever they are now.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn read(&self, sha256: &str) -> io::Result<Vec<u8>> {
        read_limited(&self.path_of(sha256), MAX_FILE)
    }

    /// The right to work on processes for this store; `None` where another process keeps it for
    /// all of `patience`.
    ///
    /// # Errors
    /// Where the lock can't be taken.
    pub fn lock_processes(&self, patience: Duration) -> Result<Option<Lock>, StoreError> {
        let path = self.folder.join(SYNC_LOCK_FILE);
        lock::take(&path, patience).map_err(|source| StoreError::Write { path, source })
    }

    /// How the last attempts ended. What can't be read is forgotten: the next attempt tells.
    pub fn outcomes(&self) -> Outcomes {
        let path = self.folder.join(OUTCOMES_FILE);
        let text = read_limited(&path, MAX_TOML_FILE).ok();
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|t| Outcomes::from_toml(&t))
            .unwrap_or_default()
    }

    /// Writes down how attempts ended. Only who has the right of [`Self::lock_processes`] does.
    ///
    /// # Errors
    /// [`StoreError::Write`]
    pub fn remember(&self, outcomes: &Outcomes, _: &Lock) -> Result<(), StoreError> {
        let text = outcomes.to_toml().map_err(io::Error::other);
        let path = self.folder.join(OUTCOMES_FILE);
        text.and_then(|text| replace(&path, text.as_bytes()))
            .map_err(|source| StoreError::Write { path, source })
    }
}

fn read_ledger(folder: &Path) -> Result<Ledger, StoreError> {
    let path = folder.join(LEDGER_FILE);
    match access::refuse_others_file(&path) {
        Err(AccessError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(Ledger::default());
        }
        result => result?,
    }
    let bytes = read_limited(&path, MAX_TOML_FILE);
    let text = bytes.and_then(|bytes| {
        let odd = |e| io::Error::new(io::ErrorKind::InvalidData, e);
        String::from_utf8(bytes).map_err(odd)
    });
    let text = text.map_err(|source| StoreError::Read {
        path: path.clone(),
        source,
    })?;
    Ledger::from_toml(&text).map_err(|source| StoreError::Ledger { path, source })
}
