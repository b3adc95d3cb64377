//! The trust store: a folder with what this machine trusts.
//!
//! | file | holds |
//! |---|---|
//! | `*.pem` | one public key each |
//! | `policy.toml` | what is allowed, see [`super::policy`]; may be missing |
//! | `state.toml` | what was seen, kept by `hotpatch apply`; may be missing |
//! | `state.lock` | nothing: who holds its lock changes the store |
//!
//! Who can write there decides what gets into running programs. So the folder, every file
//! in it and every folder above it must be in the hands of the system, the administrators
//! or the current user alone (`ops::access`); otherwise nothing in it counts.

mod edit;
mod guard;
mod renewal;
mod state_file;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::package::file::{MAX_KEY_FILE, read_limited};
use crate::package::keys::{self, KeyError, KeyId, PublicKey};

use super::access::{self, AccessError};
use super::policy::{Policy, PolicyError, State, StateError};
pub use edit::{EditError, NewKey};
pub use guard::Guard;
pub use renewal::{Renewal, process_name};

/// The environment variable that names another folder.
pub const FOLDER_VARIABLE: &str = "HOTPATCH_TRUST";

/// Name of the file with the policy.
pub const POLICY_FILE: &str = "policy.toml";

/// Name of the file with what was seen.
pub const STATE_FILE: &str = "state.toml";

/// Most keys that are read.
const MAX_KEYS: usize = 1000;

/// Largest policy or state in bytes.
const MAX_TOML_FILE: usize = 1 << 20;

/// Why the trust store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// There is no folder.
    #[error("there is no trust store at {}", .0.display())]
    Missing(PathBuf),
    /// There is no key in the folder.
    #[error("there is no public key (*.pem) in the trust store {}", .0.display())]
    Empty(PathBuf),
    /// Somebody else could change it.
    #[error("{} {reason}", path.display())]
    Writable {
        /// The folder or the file.
        path: PathBuf,
        /// Who, and how that is known.
        reason: String,
    },
    /// Something can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The folder or the file.
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
    /// A file isn't a public key.
    #[error("{} is not a public key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// The policy can't be used.
    #[error("the policy {} cannot be used", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PolicyError,
    },
    /// The policy counts on a key that isn't there.
    #[error("the policy {} names the key {key:?}, which is not in the trust store", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Id or name of the key.
        key: String,
    },
    /// The state can't be used.
    #[error("the state {} cannot be used", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StateError,
    },
    /// More keys than anybody has.
    #[error("there are more than {MAX_KEYS} keys in the trust store {}", .0.display())]
    TooMany(PathBuf),
    /// Another process keeps the store to itself.
    #[error("another hotpatch has been changing the trust store {} for a long time", .0.display())]
    Locked(PathBuf),
}

impl From<AccessError> for TrustError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Writable { path, reason } => TrustError::Writable { path, reason },
            AccessError::Read { path, source } => TrustError::Read { path, source },
        }
    }
}

/// What this machine trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The folder.
    pub folder: PathBuf,
    /// The keys with their files, by file name.
    pub keys: Vec<(PathBuf, PublicKey)>,
    /// The policy; without rules where there is no file.
    pub policy: Policy,
    /// What was seen; nothing where there is no file.
    pub state: State,
}

/// The folder that is used where no other is named: `%ProgramData%\hotpatch\trust` on
/// Windows, `/etc/hotpatch/trust` elsewhere, or what [`FOLDER_VARIABLE`] says.
pub fn folder() -> PathBuf {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => default_folder(),
    }
}

#[cfg(windows)]
fn default_folder() -> PathBuf {
    let data = std::env::var_os("ProgramData").filter(|data| !data.is_empty());
    let data = data.map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from);
    data.join("hotpatch").join("trust")
}

#[cfg(not(windows))]
fn default_folder() -> PathBuf {
    PathBuf::from("/etc/hotpatch/trust")
}

impl Store {
    /// Reads a trust store, which may have no keys. Everything in it must be good: what
    /// can't be read may be what somebody counts on.
    ///
    /// # Errors
    /// [`TrustError`]
    pub fn load(folder: &Path) -> Result<Self, TrustError> {
        // From here on the folder is read to which the links lead now.
        let found = access::folder(folder)?;
        let folder = &found.ok_or_else(|| TrustError::Missing(folder.to_owned()))?;
        let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            if path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("pem"))
            {
                paths.push(path);
            }
            if paths.len() > MAX_KEYS {
                return Err(TrustError::TooMany(folder.to_owned()));
            }
        }
        paths.sort();
        let key = |path: PathBuf| read_key(&path).map(|key| (path, key));
        let store = Store {
            folder: folder.to_owned(),
            keys: paths.into_iter().map(key).collect::<Result<_, _>>()?,
            policy: read_policy(&folder.join(POLICY_FILE))?,
            state: read_state(&folder.join(STATE_FILE))?,
        };
        store.require_keys_of(&store.policy)?;
        Ok(store)
    }

    /// The ids of the keys.
    pub fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(|(_, key)| key.id()).collect()
    }

    /// What a policy counts on must be here.
    fn require_keys_of(&self, policy: &Policy) -> Result<(), TrustError> {
        match policy.unknown_keys(&self.ids()).into_iter().next() {
            None => Ok(()),
            Some(key) => Err(TrustError::UnknownKey {
                path: self.folder.join(POLICY_FILE),
                key,
            }),
        }
    }
}

fn unreadable(path: &Path, source: io::Error) -> TrustError {
    TrustError::Read {
        path: path.to_owned(),
        source,
    }
}

fn read_key(path: &Path) -> Result<PublicKey, TrustError> {
    let bytes = read(path, MAX_KEY_FILE)?;
    let key = keys::text(&bytes).and_then(|text| PublicKey::from_pem(&text));
    key.map_err(|source| TrustError::Key {
        path: path.to_owned(),
        source,
    })
}

fn read_policy(path: &Path) -> Result<Policy, TrustError> {
    let Some(text) = read_optional(path)? else {
        return Ok(Policy::default());
    };
    Policy::from_toml(&text).map_err(|source| TrustError::Policy {
        path: path.to_owned(),
        source,
    })
}

fn read_state(path: &Path) -> Result<State, TrustError> {
    let Some(text) = read_optional(path)? else {
        return Ok(State::default());
    };
    State::from_toml(&text).map_err(|source| TrustError::State {
        path: path.to_owned(),
        source,
    })
}

/// The text of a file that may be missing.
fn read_optional(path: &Path) -> Result<Option<String>, TrustError> {
    let bytes = match read(path, MAX_TOML_FILE) {
        Err(TrustError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        result => result?,
    };
    let text = String::from_utf8(bytes);
    let text = text.map_err(|e| unreadable(path, io::Error::new(io::ErrorKind::InvalidData, e)))?;
    Ok(Some(text))
}

fn read(path: &Path, max: usize) -> Result<Vec<u8>, TrustError> {
    access::refuse_others_file(path)?;
    read_limited(path, max).map_err(|source| unreadable(path, source))
}

#[cfg(test)]
mod tests;
