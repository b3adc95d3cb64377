//! Who says whether a package that is whole and signed may be used.

use std::error::Error;
use std::time::Duration;

use super::Package;
use crate::package::keys::{KeyId, PublicKey};

/// Why an authority doesn't allow a package.
pub type Denial = Box<dyn Error + Send + Sync>;

/// What an authority allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The keys for whose signatures it is allowed; at least one.
    pub signers: Vec<KeyId>,
    /// How long the program may be frozen at most.
    pub max_freeze: Option<Duration>,
}

/// Who says whether a package that is whole and signed may be used.
pub trait Authority {
    /// Whether a signature by this key counts for anything. Asked before the manifest is
    /// looked at.
    fn trusts(&self, key: &PublicKey) -> bool;

    /// Whether the package may be used. All its signatures are valid, at least one is by a
    /// key that is trusted, and its manifest is consistent.
    ///
    /// # Errors
    /// Why it may not.
    fn allow(&self, package: &Package) -> Result<Grant, Denial>;
}

/// One signature by any of these keys is enough, and nothing else is asked for.
impl Authority for [PublicKey] {
    fn trusts(&self, key: &PublicKey) -> bool {
        self.contains(key)
    }

    fn allow(&self, package: &Package) -> Result<Grant, Denial> {
        let by_trusted = package.signatures.iter().filter(|s| self.trusts(&s.key));
        Ok(Grant {
            signers: by_trusted.map(|s| s.key.id()).collect(),
            max_freeze: None,
        })
    }
}

impl<const N: usize> Authority for [PublicKey; N] {
    fn trusts(&self, key: &PublicKey) -> bool {
        self[..].trusts(key)
    }

    fn allow(&self, package: &Package) -> Result<Grant, Denial> {
        self[..].allow(package)
    }
}
