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
mod seal;
#[cfg(test)]
pub(crate) mod testing;
pub mod trust;
mod validate;
mod verify;

pub use describe::{DescribeError, Inputs, describe};
pub use keys::{KeyId, PublicKey, SigningKey};
pub use seal::{SealError, add_signature, seal, unsigned};
pub use validate::{ManifestError, validate as check_manifest};
pub use verify::{Package, Unverified, Verified, VerifyError, open_unverified, verify};
