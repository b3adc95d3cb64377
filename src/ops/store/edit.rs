//! Changes of the store: one at a time, each whole.

use std::path::PathBuf;

use super::{
    Entry, LEDGER_FILE, LOCK_FILE, Note, PATIENCE, PackageStore, Pause, Quarantine, StoreError,
    read_ledger,
};
use crate::apply::fault;
use crate::moment::Moment;
use crate::ops::access;
use crate::ops::desired::{Candidate, Permit};
use crate::ops::lock::{self, Lock};
use crate::package::file::replace;
use crate::package::open_unverified;

/// What adding a package came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is in the store now.
    New,
    /// It was there already, byte for byte.
    Before,
}

impl PackageStore {
    /// Takes a package in that may be applied, now or later; `bytes` are those of which
    /// [`examine`](super::examine) said what they are.
    ///
    /// # Errors
    /// [`StoreError`]; the store is as it was then.
    pub fn add(
        &mut self,
        bytes: &[u8],
        package: &Candidate,
        now: Moment,
    ) -> Result<Added, StoreError> {
        if let Permit::Refused { why } = &package.permit {
            return Err(StoreError::Refused(why.clone()));
        }
        let lock = self.lock()?;
        let sha256 = package.sha256.clone();
        if self.ledger.packages.iter().any(|e| e.sha256 == sha256) {
            return Ok(Added::Before);
        }
        self.refuse_same_id(package)?;
        let path = self.path_of(&sha256);
        replace(&path, bytes).map_err(unwritten(&path))?;
        fault::point("store-package-written");
        self.ledger.packages.push(Entry {
            sha256,
            added: now,
            held: None,
        });
        self.write(&lock)?;
        Ok(Added::New)
    }

    /// Takes a package out. Processes that have it keep it. `false` where it isn't there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn remove(&mut self, sha256: &str) -> Result<bool, StoreError> {
        let lock = self.lock()?;
        let before = self.ledger.packages.len();
        self.ledger.packages.retain(|e| e.sha256 != sha256);
        self.ledger.quarantined.retain(|q| q.package != sha256);
        if self.ledger.packages.len() == before {
            return Ok(false);
        }
        self.write(&lock)?;
        fault::point("store-ledger-written");
        self.sweep(&lock);
        Ok(true)
    }

    /// Lets a package not be applied for now. `false` where that is so already, or there is no
    /// such package.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn hold(&mut self, sha256: &str, note: Note) -> Result<bool, StoreError> {
        let lock = self.lock()?;
        let mut entries = self.ledger.packages.iter_mut();
        match entries.find(|e| e.sha256 == sha256 && e.held.is_none()) {
            None => return Ok(false),
            Some(entry) => entry.held = Some(note),
        }
        self.write(&lock)?;
        Ok(true)
    }

    /// Lets a package be applied again, be it held or quarantined. `false` where it is neither.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn release(&mut self, sha256: &str) -> Result<bool, StoreError> {
        let lock = self.lock()?;
        let mut after = self.ledger.clone();
        after.quarantined.retain(|q| q.package != sha256);
        for entry in after.packages.iter_mut().filter(|e| e.sha256 == sha256) {
            entry.held = None;
        }
        if after == self.ledger {
            return Ok(false);
        }
        self.ledger = after;
        self.write(&lock)?;
        Ok(true)
    }

    /// Keeps a package from a program of which it ended a process. `false` where that is so
    /// already.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn quarantine(&mut self, quarantine: Quarantine) -> Result<bool, StoreError> {
        let lock = self.lock()?;
        let (package, program) = (&quarantine.package, &quarantine.program);
        if self.ledger.quarantine_of(package, program).is_some() {
            return Ok(false);
        }
        self.ledger.quarantined.push(quarantine);
        self.write(&lock)?;
        Ok(true)
    }

    /// Leaves a program, or all of them, as they are from now on. `false` where that is so
    /// already.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn pause(&mut self, pause: Pause) -> Result<bool, StoreError> {
        let lock = self.lock()?;
        if self.ledger.paused.iter().any(|p| same(p, &pause.program)) {
            return Ok(false);
        }
        self.ledger.paused.push(pause);
        self.write(&lock)?;
        Ok(true)
    }

    /// Ends a pause: that of a program, or that of all. `false` where there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn resume(&mut self, program: &Option<String>) -> Result<bool, StoreError> {
        let lock = self.lock()?;
        let before = self.ledger.paused.len();
        self.ledger.paused.retain(|p| !same(p, program));
        if self.ledger.paused.len() == before {
            return Ok(false);
        }
        self.write(&lock)?;
        Ok(true)
    }

    /// Takes the lock, and reads what others may have changed before.
    pub(super) fn lock(&mut self) -> Result<Lock, StoreError> {
        access::refuse_others_folder(&self.folder)?;
        let path = self.folder.join(LOCK_FILE);
        let lock = lock::take(&path, PATIENCE).map_err(unwritten(&path))?;
        let lock = lock.ok_or_else(|| StoreError::Locked(self.folder.clone()))?;
        self.ledger = read_ledger(&self.folder)?;
        Ok(lock)
    }

    pub(super) fn write(&mut self, _: &Lock) -> Result<(), StoreError> {
        let path = self.folder.join(LEDGER_FILE);
        let written = self
            .ledger
            .check()
            .map_err(|source| StoreError::Ledger {
                path: path.clone(),
                source,
            })
            .and_then(|()| {
                let text = self.ledger.to_toml().map_err(std::io::Error::other);
                text.and_then(|text| replace(&path, text.as_bytes()))
                    .map_err(unwritten(&path))
            });
        if written.is_err() {
            // What is on the disk is what holds.
            self.ledger = read_ledger(&self.folder)?;
        }
        written
    }

    /// Removes packages and lists that the ledger doesn't name: they were taken out, or whoever
    /// took them in died before. What can't be removed is in nobody's way.
    pub(super) fn sweep(&self, _: &Lock) {
        let Ok(files) = std::fs::read_dir(&self.folder) else {
            return;
        };
        for path in files.flatten().map(|file| file.path()) {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            let ledger = &self.ledger;
            let of_package = |stem: &str| ledger.packages.iter().any(|e| e.sha256 == stem);
            let of_list = |stem: &str| ledger.lists.iter().any(|e| e.sha256 == stem);
            let stray = match name.rsplit_once('.') {
                Some((stem, "hpk")) => stem.len() == 64 && !of_package(stem),
                Some((stem, "hpw")) => stem.len() == 64 && !of_list(stem),
                _ => false,
            };
            if stray {
                let _ = std::fs::remove_file(&path);
            }
        }
    }

    /// Two packages of one id can't both be applied, and nobody could say which is meant.
    fn refuse_same_id(&self, package: &Candidate) -> Result<(), StoreError> {
        let (id, product) = (&package.id, package.product.as_str());
        for entry in &self.ledger.packages {
            let bytes = self.read(&entry.sha256).ok();
            let Some(other) = bytes.and_then(|b| open_unverified(&b).ok()) else {
                continue;
            };
            let manifest = &other.manifest;
            if manifest.patch.id == *id && manifest.product().eq_ignore_ascii_case(product) {
                return Err(StoreError::SameId {
                    id: id.clone(),
                    product: product.to_owned(),
                    sha256: entry.sha256.clone(),
                });
            }
        }
        Ok(())
    }
}

fn same(pause: &Pause, program: &Option<String>) -> bool {
    let lower = |name: &Option<String>| name.as_ref().map(|n| n.to_lowercase());
    lower(&pause.program) == lower(program)
}

pub(super) fn unwritten(path: &std::path::Path) -> impl Fn(std::io::Error) -> StoreError + use<> {
    let path = PathBuf::from(path);
    move |source| StoreError::Write {
        path: path.clone(),
        source,
    }
}
