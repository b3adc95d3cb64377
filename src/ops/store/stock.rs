//! The packages of a store, each verified as it is now.

use std::path::PathBuf;

use super::{Entry, PackageStore};
use crate::ops::desired::{Candidate, Permit};
use crate::ops::trust::Guard;
use crate::package::{Package, Verified, VerifyError, open_unverified, verify};

/// The packages of a store.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    /// Those that can be read, and whose signatures are valid, in the order of the ledger.
    pub usable: Vec<Usable>,
    /// The others.
    pub broken: Vec<Broken>,
}

/// A package that is what it says.
#[derive(Clone, Debug)]
pub struct Usable {
    /// What decides about processes.
    pub candidate: Candidate,
    /// One line that says what it fixes.
    pub title: Option<String>,
    /// Where it is.
    pub path: PathBuf,
    /// The package, where it may be applied now.
    pub package: Option<Verified<Package>>,
}

/// A package that can't be used, whatever it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of the package that should be there as hex; empty for one outside of the store.
    pub sha256: String,
    /// Why.
    pub why: String,
}

impl Stock {
    /// What decides about processes.
    pub fn candidates(&self) -> Vec<Candidate> {
        self.usable.iter().map(|u| u.candidate.clone()).collect()
    }

    /// The package with this SHA-256, where it may be applied now.
    pub fn package(&self, sha256: &str) -> Option<&Verified<Package>> {
        let mut usable = self.usable.iter();
        let found = usable.find(|u| u.candidate.sha256 == sha256);
        found.and_then(|u| u.package.as_ref())
    }
}

impl PackageStore {
    /// The packages, each verified by this authority.
    pub fn stock(&self, guard: &Guard) -> Stock {
        let mut stock = Stock::default();
        for entry in &self.ledger.packages {
            let path = self.path_of(&entry.sha256);
            let broken = |why: String| Broken {
                path: path.clone(),
                sha256: entry.sha256.clone(),
                why,
            };
            let found = match self.read(&entry.sha256) {
                Ok(bytes) => examine(&bytes, entry, path.clone(), guard).map_err(broken),
                Err(error) => Err(broken(error.to_string())),
            };
            match found {
                Ok(usable) => stock.usable.push(usable),
                Err(broken) => stock.broken.push(broken),
            }
        }
        stock
    }
}

/// What the bytes of a package are, in the light of its entry.
///
/// # Errors
/// Why they are no package, or not the one that the entry is about.
pub fn examine(
    bytes: &[u8],
    entry: &Entry,
    path: PathBuf,
    guard: &Guard,
) -> Result<Usable, String> {
    let causes = |error: VerifyError| {
        let error = anyhow::Error::new(error);
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        causes.join(": ").replace('\n', "; ")
    };
    let opened = open_unverified(bytes).map_err(causes)?;
    if opened.sha256_hex() != entry.sha256 {
        return Err(format!(
            "it was changed since it was added: its SHA-256 is {}",
            opened.sha256_hex()
        ));
    }
    let (package, permit) = match verify(bytes, guard) {
        Ok(package) => (Some(package), Permit::Allowed),
        // Its signatures are valid.
        Err(VerifyError::Denied(denial)) => {
            let refused = || Permit::Refused {
                why: denial.to_string().replace('\n', "; "),
            };
            let later = guard.allowed_from(&opened);
            (None, later.map_or_else(refused, |at| Permit::Later { at }))
        }
        Err(error @ VerifyError::UntrustedKey(_)) => (None, Permit::Refused { why: causes(error) }),
        Err(error) => return Err(causes(error)),
    };
    let held = entry.held.as_ref().map(super::Note::text);
    Ok(Usable {
        candidate: Candidate::new(&opened, entry.added, held, permit),
        title: opened.manifest.patch.title.clone(),
        path,
        package,
    })
}
