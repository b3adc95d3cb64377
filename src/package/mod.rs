//! The package: manifest and payload in one signed file.
//!
//! [`seal`] makes the file, [`verify`] is the only way from its bytes to a
//! [`Verified<Package>`], and a `Verified<Package>` is all that `apply` accepts.

pub mod container;
mod describe;
pub mod file;
pub mod keys;
pub mod manifest;
mod pem;
mod pem_blocks;
mod seal;
#[cfg(test)]
pub(crate) mod testing;
mod validate;
mod verify;

pub use describe::{DescribeError, Inputs, describe};
pub use keys::{KeyId, PublicKey, SigningKey};
pub use seal::{SealError, add_signature, seal, unsigned};
pub use validate::{ManifestError, SymbolError, validate as check_manifest, validate_payload};
pub use verify::{
    Authority, Denial, Grant, Package, Unverified, Verified, VerifyError, open_unverified, verify,
};
