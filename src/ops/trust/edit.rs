//! Changes of the store: a key more, or one thing revoked.
//!
//! Entries are appended to the policy as text, so that what people wrote there stays as it
//! is, comments and all; the result is read back before it takes the place of the old one.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{MAX_TOML_FILE, POLICY_FILE, Store, TrustError, read_optional};
use crate::ops::access;
use crate::ops::policy::{Approval, FORMAT, KeyEntry, Policy, Revocation, Role};
use crate::package::keys::PublicKey;

/// Why a store can't be changed as was asked.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The store itself can't be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The key is there already.
    #[error("the key is in the trust store already, in {}", .0.display())]
    SameKey(PathBuf),
    /// Another file has its name.
    #[error("there is a file {} in the trust store already", .0.display())]
    SameFile(PathBuf),
    /// It was revoked before.
    #[error("{0} is revoked already")]
    Revoked(String),
    /// The policy would not be a good one.
    #[error("the policy {} would not be valid any more", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: crate::ops::policy::PolicyError,
    },
}

/// A key to trust.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key.
    pub key: PublicKey,
    /// What to call it.
    pub name: Option<String>,
    /// What it stands for.
    pub roles: Vec<Role>,
}

/// Tables to append to a policy.
#[derive(Default, Serialize)]
struct Addition {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key: Vec<KeyEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revoked: Vec<Revocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<Approved>,
}

/// What is appended to a rollout.
#[derive(Serialize)]
struct Approved {
    approved: Vec<Approval>,
}

impl Store {
    /// Opens the store at `folder`, and makes an empty one where there is none.
    ///
    /// # Errors
    /// [`TrustError`]
    pub fn open_or_create(folder: &Path) -> Result<Self, TrustError> {
        match Store::load(folder) {
            Err(TrustError::Missing(_)) => {
                access::create(folder).map_err(|source| TrustError::Write {
                    path: folder.to_owned(),
                    source,
                })?;
                Store::load(folder)
            }
            result => result,
        }
    }

    /// Trusts a key from now on. Returns the file it is in.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn add(&mut self, new: &NewKey) -> Result<PathBuf, EditError> {
        let _lock = self.lock_policy()?;
        if let Some((path, _)) = self.keys.iter().find(|(_, key)| *key == new.key) {
            return Err(EditError::SameKey(path.clone()));
        }
        let id = new.key.id().to_string();
        if self.policy.revocation(&new.key.id().0).is_some() {
            return Err(EditError::Revoked(format!("the key {id}")));
        }
        let path = self.folder.join(format!("{id}.pem"));
        if path.exists() {
            return Err(EditError::SameFile(path));
        }
        // The key first: a policy that names a key which isn't there is refused.
        self.write(&path, new.key.to_pem().as_bytes())?;
        self.keys.push((path.clone(), new.key.clone()));
        if new.name.is_some() || !new.roles.is_empty() {
            let entry = KeyEntry {
                id,
                name: new.name.clone(),
                roles: new.roles.clone(),
            };
            let addition = Addition {
                key: vec![entry],
                ..Addition::default()
            };
            if let Err(error) = self.append(&addition) {
                self.keys.pop();
                let _ = std::fs::remove_file(&path);
                return Err(error);
            }
        }
        Ok(path)
    }

    /// Revokes a key or a package. Its key file stays, so that reports can name it.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn revoke(&mut self, revocation: Revocation) -> Result<(), EditError> {
        let _lock = self.lock_policy()?;
        if self
            .policy
            .revoked
            .iter()
            .any(|r| r.sha256 == revocation.sha256)
        {
            return Err(EditError::Revoked(revocation.sha256));
        }
        self.append(&Addition {
            revoked: vec![revocation],
            ..Addition::default()
        })
    }

    /// Approves a package for a ring. `false` where it is approved already.
    ///
    /// # Errors
    /// [`EditError`], also where the policy has no such ring; nothing has changed then.
    pub fn approve(&mut self, approval: Approval) -> Result<bool, EditError> {
        let _lock = self.lock_policy()?;
        let (package, ring) = (&approval.package, &approval.ring);
        let rollout = self.policy.rollout.as_ref();
        if rollout.is_some_and(|r| r.is_approved(package, ring)) {
            return Ok(false);
        }
        let rollout = Some(Approved {
            approved: vec![approval],
        });
        self.append(&Addition {
            rollout,
            ..Addition::default()
        })?;
        Ok(true)
    }

    /// Appends to the policy; the lock is held.
    fn append(&mut self, addition: &Addition) -> Result<(), EditError> {
        let path = self.folder.join(POLICY_FILE);
        let failed = |source| TrustError::Write {
            path: path.clone(),
            source: std::io::Error::other(source),
        };
        let before = read_optional(&path)?.unwrap_or_else(|| format!("format = {FORMAT}\n"));
        let line_end = if before.ends_with('\n') { "" } else { "\n" };
        let tables = toml::to_string(addition).map_err(|e| failed(e.to_string()))?;
        let text = format!("{before}{line_end}\n{tables}");
        let policy = Policy::from_toml(&text).map_err(|source| EditError::Policy {
            path: path.clone(),
            source,
        })?;
        self.require_keys_of(&policy)?;
        if text.len() > MAX_TOML_FILE {
            let text =
                format!("it would have more than {MAX_TOML_FILE} bytes, and be read no more");
            return Err(failed(text).into());
        }
        self.write(&path, text.as_bytes())?;
        self.policy = policy;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::trust::tests::{store, write};
    use crate::package::testing::key;

    fn new(seed: u8, name: Option<&str>, roles: &[Role]) -> NewKey {
        NewKey {
            key: key(seed).public(),
            name: name.map(str::to_owned),
            roles: roles.to_vec(),
        }
    }

    fn revocation(sha256: &str) -> Revocation {
        Revocation {
            sha256: sha256.to_owned(),
            on: None,
            reason: Some("because \"x\"".to_owned()),
        }
    }

    #[test]
    fn what_people_wrote_stays() {
        let folder = store();
        let text = "# ours\nformat = 1 # yes\n\n[[rule]]\nname = \"a\"\n# end";
        write(&folder.path().join("policy.toml"), text);
        let mut store = Store::load(folder.path()).unwrap();
        store.add(&new(1, Some("desk"), &[Role::Builder])).unwrap();
        store.add(&new(2, None, &[])).unwrap();
        store.revoke(revocation(&"ab".repeat(32))).unwrap();
        let read = Store::load(folder.path()).unwrap();
        assert_eq!(read.policy, store.policy);
        assert_eq!(read.keys.len(), 2);
        assert_eq!(read.policy.roles(key(1).public().id()), [Role::Builder]);
        assert!(read.policy.revocation(&[0xab; 32]).is_some());
        let after = std::fs::read_to_string(folder.path().join("policy.toml")).unwrap();
        assert!(after.starts_with(text), "{after}");
    }

    #[test]
    fn nothing_changes_where_something_is_wrong() {
        let folder = store();
        let mut store = Store::load(folder.path()).unwrap();
        store.add(&new(1, Some("desk"), &[])).unwrap();
        assert!(matches!(
            store.add(&new(1, None, &[])),
            Err(EditError::SameKey(_))
        ));
        let same_name = store.add(&new(2, Some("desk"), &[]));
        assert!(
            matches!(same_name, Err(EditError::Policy { .. })),
            "{same_name:?}"
        );
        assert_eq!(store.keys.len(), 1);
        let id = key(3).public().id().to_string();
        store.revoke(revocation(&id)).unwrap();
        assert!(matches!(
            store.revoke(revocation(&id)),
            Err(EditError::Revoked(_))
        ));
        assert!(matches!(
            store.add(&new(3, None, &[])),
            Err(EditError::Revoked(_))
        ));
        assert!(matches!(
            store.revoke(revocation("x")),
            Err(EditError::Policy { .. })
        ));
        assert_eq!(Store::load(folder.path()).unwrap(), store);
    }

    #[test]
    fn a_package_is_approved_for_a_ring_that_there_is() {
        let folder = store();
        let text = "format = 1\n[rollout]\n[[rollout.ring]]\nname = \"all\" # every one\n\
                    approval = true\n\n[sync]\n";
        write(&folder.path().join("policy.toml"), text);
        let mut store = Store::load(folder.path()).unwrap();
        let approval = |ring: &str, n: &str| Approval {
            package: n.repeat(32),
            ring: ring.to_owned(),
            on: None,
        };
        let other = store.approve(approval("other", "ab"));
        assert!(matches!(other, Err(EditError::Policy { .. })), "{other:?}");
        assert!(store.approve(approval("all", "ab")).unwrap());
        assert!(!store.approve(approval("all", "ab")).unwrap());
        assert!(store.approve(approval("all", "cd")).unwrap());
        let read = Store::load(folder.path()).unwrap();
        assert_eq!(read.policy, store.policy);
        assert_eq!(read.policy.rollout.unwrap().approved.len(), 2);
        let after = std::fs::read_to_string(folder.path().join("policy.toml")).unwrap();
        assert!(after.starts_with(text), "{after}");
    }

    #[test]
    fn a_policy_that_cannot_be_added_to_is_left_alone() {
        let folder = store();
        write(
            &folder.path().join("policy.toml"),
            "format = 1\nrevoked = []\n",
        );
        let mut store = Store::load(folder.path()).unwrap();
        let result = store.revoke(revocation(&"ab".repeat(32)));
        assert!(
            matches!(result, Err(EditError::Policy { .. })),
            "{result:?}"
        );
        assert!(store.policy.revoked.is_empty());
    }

    #[test]
    fn a_store_is_made_where_there_is_none() {
        let folder = store();
        let path = folder.path().join("a").join("b");
        let mut made = Store::open_or_create(&path).unwrap();
        made.add(&new(1, None, &[])).unwrap();
        assert_eq!(Store::open_or_create(&path).unwrap().keys.len(), 1);
    }
}
