//! The store of packages on the command line: how it is opened, and what its errors mean.

use std::path::Path;

use anyhow::anyhow;

use super::Failure;
use super::package_arg::{PackageArgs, untrusting};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::policy::{Now, SyncPolicy};
use crate::ops::store::{self, Entry, PackageStore, Stock, StoreError, Usable, examine};
use crate::ops::trust::{self, Guard, TrustError};
use crate::package::{VerifyError, verify};

/// Who decides which packages of a store may be applied, and what else the policy says.
pub struct Judges {
    /// Who is asked about packages.
    pub guard: Guard,
    /// What the policy says of `sync`.
    pub sync: SyncPolicy,
}

/// The failure that an error of the trust store means where no keys can be named.
fn keyless(error: TrustError) -> Failure {
    let hint = match &error {
        TrustError::Missing(folder) | TrustError::Empty(folder) => Some(format!(
            "put the public keys that you trust into {} with `hotpatch trust add` (another \
             folder with ${})",
            folder.display(),
            trust::FOLDER_VARIABLE
        )),
        _ => None,
    };
    let failure = untrusting(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Judges {
    /// The trust store of this machine, which must have keys.
    ///
    /// # Errors
    /// Exit code 5 where it can't be used.
    pub fn load() -> Result<Self, Failure> {
        let folder = trust::folder();
        let store = trust::Store::load(&folder).map_err(keyless)?;
        if store.keys.is_empty() {
            return Err(keyless(TrustError::Empty(folder)));
        }
        Ok(Judges {
            guard: Guard::of_store(&store, Now::read()),
            sync: store.policy.sync,
        })
    }

    /// A package file that is to come into the store, with its bytes.
    ///
    /// # Errors
    /// Exit code 1 where it can't be read or is no package, 5 where it may not be applied here,
    /// now or later.
    pub fn admit(&self, path: &Path) -> Result<(Vec<u8>, Usable), Failure> {
        let args = PackageArgs::of_store(path.to_owned());
        let bytes = args.read()?;
        match verify(&bytes, &self.guard) {
            Ok(_) => {}
            Err(error) => {
                let opened = crate::package::open_unverified(&bytes).ok();
                let later = opened.and_then(|package| self.guard.allowed_from(&package));
                if !matches!(error, VerifyError::Denied(_)) || later.is_none() {
                    return Err(args.failure(error));
                }
            }
        }
        let entry = Entry::new(&bytes, Moment::now());
        let usable = examine(&bytes, &entry, path.to_owned(), &self.guard);
        let usable = usable.map_err(|why| {
            let error = anyhow!("{} is refused: {why}", path.display());
            Failure::new(Exit::Untrusted, error)
        })?;
        Ok((bytes, usable))
    }
}

/// The store of this machine, with what the trust store says of its packages now.
///
/// # Errors
/// Exit code 1 where the store can't be used, 5 where the trust store can't.
pub fn open(judges: &Judges) -> Result<(PackageStore, Stock), Failure> {
    let store = PackageStore::load(&store::folder()).map_err(unusable)?;
    let stock = store.stock(&judges.guard);
    Ok((store, stock))
}

/// The failure that an error of the store means.
pub fn unusable(error: StoreError) -> Failure {
    let hint = match &error {
        StoreError::Missing(_) => format!(
            "`hotpatch store add PKG.hpk` makes it (another folder with ${})",
            store::FOLDER_VARIABLE
        ),
        StoreError::Access(_) => "let only the system, administrators and yourself write there: \
                                  whoever can decides what is held and paused"
            .to_owned(),
        StoreError::Read { .. } | StoreError::Write { .. } => {
            "run it as somebody who may read and write there".to_owned()
        }
        StoreError::Ledger { path, .. } => format!(
            "it was damaged or changed by hand: correct it, or delete {} and add the packages \
             again",
            path.display()
        ),
        StoreError::Locked(_) => "wait until the other hotpatch has finished".to_owned(),
        StoreError::Refused(_) => {
            "`hotpatch policy check` explains the decision, check by check".to_owned()
        }
        StoreError::List { .. } => {
            "`hotpatch withdraw show` shows who signed it, and `hotpatch trust list` whom this \
             machine trusts; nothing was changed"
                .to_owned()
        }
        StoreError::SameId { id, .. } => format!(
            "give every package an id of its own, or take that one out first: `hotpatch store \
             remove {id}`"
        ),
    };
    let exit = match &error {
        StoreError::Access(_) | StoreError::Refused(_) | StoreError::List { .. } => Exit::Untrusted,
        _ => Exit::Error,
    };
    Failure::new(exit, error).hint(hint)
}

/// The SHA-256 of the package of the store that is meant: by its id, by the first 8 digits of
/// its SHA-256 or more, or by a file that holds the same.
///
/// # Errors
/// Exit code 2 where no one package is meant.
pub fn meant(what: &str, store: &PackageStore, stock: &Stock) -> Result<String, Failure> {
    let text = what.to_lowercase();
    let is_hash = text.len() >= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let all = store.ledger.packages.iter().map(|e| &e.sha256);
    let by_id = stock.usable.iter().filter(|u| u.candidate.id == what);
    let by_id = by_id.map(|u| &u.candidate.sha256);
    let mut found: Vec<&String> = by_id.collect();
    if found.is_empty() && is_hash {
        found.extend(all.clone().filter(|sha256| sha256.starts_with(&text)));
    }
    let path = Path::new(what);
    let file;
    if found.is_empty() && path.is_file() {
        let bytes = PackageArgs::of_store(path.to_owned()).read()?;
        file = Entry::new(&bytes, Moment::now()).sha256;
        found.extend(all.filter(|sha256| **sha256 == file));
    }
    match found[..] {
        [one] => Ok(one.clone()),
        _ => {
            let error = anyhow!("{what:?} is no one package of the store");
            Err(Failure::new(Exit::Usage, error).hint(
                "name it by its id, by the first 8 digits of its SHA-256 or more, or by its \
                 file; `hotpatch store list` shows them",
            ))
        }
    }
}
