//! A package of the store, as far as it matters for what a process should have.

use super::facts::Build;
use crate::moment::Moment;
use crate::package::Package;

/// A package of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// SHA-256 of the file as hex.
    pub sha256: String,
    /// SHA-256 of everything before its signatures as hex.
    pub content_sha256: String,
    /// Its id.
    pub id: String,
    /// The product that its sequence counts for.
    pub product: String,
    /// Its position in the product's line of patches.
    pub sequence: u64,
    /// CVE identifiers that it fixes.
    pub cves: Vec<String>,
    /// Ids of patches that must be active before it.
    pub requires: Vec<String>,
    /// File name of the module that it changes.
    pub file_name: String,
    /// The build that it changes.
    pub build: Build,
    /// Authenticode digest (SHA-256) of the file of that build.
    pub old_authenticode: String,
    /// SHA-256 of the file of the fixed build.
    pub fixed_sha256: String,
    /// When it came into the store.
    pub added: Moment,
    /// Why it is held, where it is.
    pub held: Option<String>,
    /// What the trust store and its policy say.
    pub permit: Permit,
}

/// What the trust store and its policy say about a package now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It may be applied.
    Allowed,
    /// Only the time forbids it.
    Later {
        /// When it may be applied.
        at: Moment,
    },
    /// The ring of this machine asks for an approval, and it has none.
    Unapproved {
        /// Name of the ring.
        ring: String,
    },
    /// It may not be applied.
    Refused {
        /// Why.
        why: String,
    },
}

impl Candidate {
    /// What a package says about itself.
    pub fn new(package: &Package, added: Moment, held: Option<String>, permit: Permit) -> Self {
        let manifest = &package.manifest;
        let target = &manifest.target;
        Candidate {
            sha256: package.sha256_hex(),
            content_sha256: package.content_sha256_hex(),
            id: manifest.patch.id.clone(),
            product: manifest.product().to_owned(),
            sequence: manifest.patch.sequence,
            cves: manifest.patch.cves.clone(),
            requires: manifest.patch.requires.clone(),
            file_name: target.file_name.clone(),
            build: Build {
                time_date_stamp: target.time_date_stamp,
                size_of_image: target.size_of_image,
                pdb: Some((target.pdb_guid.clone(), target.pdb_age)),
            },
            old_authenticode: target.authenticode_sha256.clone(),
            fixed_sha256: manifest.build.new_image_sha256.clone(),
            added,
            held,
            permit,
        }
    }

    /// Whether it is for a module of this name.
    pub fn is_for(&self, module: &str) -> bool {
        self.file_name.to_lowercase() == module.to_lowercase()
    }

    /// Whether it is of this product, where that is known, and for a module of this name.
    pub(super) fn is_of(&self, module: &str, product: Option<&str>) -> bool {
        let same = |product: &str| product.to_lowercase() == self.product.to_lowercase();
        self.is_for(module) && product.is_none_or(same)
    }

    /// Whether nothing forbids that it is applied.
    pub(super) fn is_usable(&self) -> bool {
        self.held.is_none() && self.permit == Permit::Allowed
    }
}
