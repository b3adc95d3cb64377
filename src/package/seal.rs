//! Makes a package: the only place where one is written.

use super::container::{self, Container, FormatError, Signature};
use super::keys::{KeyId, PublicKey, SigningKey};
use super::manifest::Manifest;
use super::validate::{ManifestError, validate};
use super::verify::{VerifyError, verify};

/// Why a package cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The manifest isn't one that `verify` would accept.
    #[error("the manifest is not valid")]
    Manifest(#[from] ManifestError),
    /// The manifest can't be written as TOML.
    #[error("the manifest cannot be written as TOML")]
    Toml(#[from] toml::ser::Error),
    /// Too large, too small, or not the right number of keys.
    #[error("the package cannot be written")]
    Format(#[from] FormatError),
    /// A key was given twice, or signed before.
    #[error("the key {0} was given twice, or has signed the package already")]
    SameKey(KeyId),
    /// What was written doesn't verify, or isn't what was to be written.
    #[error("the package that was written does not verify")]
    SelfCheck(#[source] Option<VerifyError>),
}

/// The bytes of a package with this manifest and this payload, signed by each key. The
/// same arguments, with the keys in any order, give the same bytes.
///
/// What was written is verified, and compared with the manifest, before it is returned.
///
/// # Errors
/// [`SealError`], also where `keys` is empty.
pub fn seal(
    manifest: &Manifest,
    payload: &[u8],
    keys: &[SigningKey],
) -> Result<Vec<u8>, SealError> {
    let publics: Vec<PublicKey> = keys.iter().map(SigningKey::public).collect();
    if let Some((_, key)) = publics
        .iter()
        .enumerate()
        .find(|(i, key)| publics[..*i].contains(key))
    {
        return Err(SealError::SameKey(key.id()));
    }
    let body = unsigned(manifest, payload)?;
    let message = container::message(&body);
    let sign = |key: &SigningKey| Signature {
        key: key.public(),
        bytes: key.sign(&message),
    };
    let file = container::attach(body, keys.iter().map(sign).collect())?;

    let read =
        verify(&file, publics.as_slice()).map_err(|error| SealError::SelfCheck(Some(error)))?;
    if read.manifest != *manifest || read.payload != payload {
        return Err(SealError::SelfCheck(None));
    }
    Ok(file)
}

/// Every byte of the package before its signature block, for signing elsewhere: sign
/// [`container::message`] of it, then [`container::attach`] the signature.
///
/// # Errors
/// [`SealError`] where manifest or payload cannot be in a package.
pub fn unsigned(manifest: &Manifest, payload: &[u8]) -> Result<Vec<u8>, SealError> {
    validate(manifest)?;
    let text = manifest.to_toml()?;
    Ok(container::unsigned(text.as_bytes(), payload)?)
}

/// A package with one more signature, made elsewhere.
///
/// # Errors
/// [`SealError`] where `file` is no package, or the key signed it already.
pub fn add_signature(file: &[u8], signature: Signature) -> Result<Vec<u8>, SealError> {
    let parts = Container::parse(file)?;
    if parts.signatures.iter().any(|s| s.key == signature.key) {
        return Err(SealError::SameKey(signature.key.id()));
    }
    let mut signatures = parts.signatures;
    signatures.push(signature);
    Ok(container::attach(parts.signed.to_vec(), signatures)?)
}
