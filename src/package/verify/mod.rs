//! From bytes to a package: the only way to a [`Verified<Package>`].

mod authority;

use std::ops::Deref;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::container::{Container, FormatError, Signature};
use super::keys::KeyId;
use super::manifest::Manifest;
use super::validate::{ManifestError, SymbolError, validate, validate_payload};
pub use authority::{Authority, Denial, Grant};

/// What a package holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// What it replaces, and in which image.
    pub manifest: Manifest,
    /// The payload: a COFF object.
    pub payload: Vec<u8>,
    /// SHA-256 of the whole file, signature block included: another signature makes it
    /// another file.
    pub sha256: [u8; 32],
    /// SHA-256 of every byte before the signature block: the same whoever signs it.
    pub content_sha256: [u8; 32],
    /// Size of the whole file in bytes.
    pub size: u64,
    /// Every signature, by ascending public key.
    pub signatures: Vec<Signature>,
}

impl Package {
    /// SHA-256 of the whole file as lower-case hex.
    pub fn sha256_hex(&self) -> String {
        hex::encode(self.sha256)
    }

    /// SHA-256 of every byte before the signature block as lower-case hex.
    pub fn content_sha256_hex(&self) -> String {
        hex::encode(self.content_sha256)
    }
}

/// A value whose signatures have been verified, and that an [`Authority`] allows. Only [`verify`] makes
/// one, and nothing changes it afterwards, so a function that takes one can't be given
/// anything unsigned.
///
/// ```compile_fail
/// use hotpatch::package::{Package, Verified, open_unverified};
/// fn apply(_: &Verified<Package>) {}
/// # fn of(bytes: &[u8]) {
/// apply(&open_unverified(bytes).unwrap());
/// # }
/// ```
///
/// ```
/// use hotpatch::package::{Package, PublicKey, Verified, verify};
/// fn apply(_: &Verified<Package>) {}
/// # fn of(bytes: &[u8], trusted: &[PublicKey]) {
/// apply(&verify(bytes, trusted).unwrap());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Verified<T> {
    value: T,
    grant: Grant,
}

impl<T> Verified<T> {
    /// The trusted keys that signed it; at least one. Other keys may have signed it too.
    pub fn signers(&self) -> &[KeyId] {
        &self.grant.signers
    }

    /// How long the program may be frozen at most, where a policy says so.
    pub fn max_freeze(&self) -> Option<Duration> {
        self.grant.max_freeze
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value that nobody vouches for: good for looking at, and for nothing else.
#[derive(Clone, Debug)]
pub struct Unverified<T> {
    value: T,
    intact: bool,
}

impl<T> Unverified<T> {
    /// Whether each signature is valid for the key that the package names itself. Says
    /// that the bytes are whole, and nothing about who wrote them: anybody has keys.
    pub fn intact(&self) -> bool {
        self.intact
    }
}

impl<T> Deref for Unverified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Why bytes are not a package that may be used.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It doesn't begin as a package does.
    #[error(transparent)]
    NotAPackage(FormatError),
    /// It begins as a package does and isn't one: damaged, cut off, or too new.
    #[error("the package is damaged, or of a newer version")]
    Corrupt(#[source] FormatError),
    /// A signature doesn't fit: something was changed after it was made.
    #[error("the signature by key {0} is not valid: the package was changed after it was signed")]
    BadSignature(KeyId),
    /// Whole and signed, but by nobody that is trusted.
    #[error("no trusted key signed the package; it is signed by {}", list(.0))]
    UntrustedKey(Vec<KeyId>),
    /// The signature is good, but the manifest isn't.
    #[error("the manifest of the package is not valid")]
    BadManifest(#[source] ManifestError),
    /// The signature is good, but the payload isn't what the manifest speaks of.
    #[error("the payload is not the one that the manifest describes")]
    BadPayload(#[source] SymbolError),
    /// Whole and signed, and not allowed all the same.
    #[error("the package is not allowed here")]
    Denied(#[source] Denial),
}

fn list(ids: &[KeyId]) -> String {
    let ids: Vec<String> = ids.iter().map(KeyId::to_string).collect();
    ids.join(", ")
}

/// Verifies a package: each of its signatures is valid, trusted or not, and at least one is
/// by a key that `authority` trusts; then, with what the manifest says now believed, that
/// the manifest is consistent, that the payload is the one it describes, and that
/// `authority` allows it.
///
/// # Errors
/// [`VerifyError`]; nothing of the manifest has been looked at before the signatures.
pub fn verify<A: Authority + ?Sized>(
    bytes: &[u8],
    authority: &A,
) -> Result<Verified<Package>, VerifyError> {
    let parts = parse(bytes)?;
    let message = parts.message();
    let invalid = |s: &&Signature| !s.key.accepts(&message, &s.bytes);
    if let Some(signature) = parts.signatures.iter().find(invalid) {
        return Err(VerifyError::BadSignature(signature.key.id()));
    }
    if !parts.signatures.iter().any(|s| authority.trusts(&s.key)) {
        return Err(VerifyError::UntrustedKey(ids(parts.signatures.iter())));
    }
    let value = package(bytes, parts)?;
    validate(&value.manifest).map_err(VerifyError::BadManifest)?;
    validate_payload(&value.manifest, &value.payload).map_err(VerifyError::BadPayload)?;
    let grant = authority.allow(&value).map_err(VerifyError::Denied)?;
    Ok(Verified { value, grant })
}

/// Opens a package without asking whether it can be trusted, to show what is in it. The
/// manifest is read, but not checked.
///
/// # Errors
/// [`VerifyError`] where the container or the manifest can't be read.
pub fn open_unverified(bytes: &[u8]) -> Result<Unverified<Package>, VerifyError> {
    let parts = parse(bytes)?;
    let message = parts.message();
    let intact = parts
        .signatures
        .iter()
        .all(|s| s.key.accepts(&message, &s.bytes));
    let value = package(bytes, parts)?;
    Ok(Unverified { value, intact })
}

fn parse(bytes: &[u8]) -> Result<Container<'_>, VerifyError> {
    Container::parse(bytes).map_err(|error| match error {
        FormatError::Magic => VerifyError::NotAPackage(error),
        _ => VerifyError::Corrupt(error),
    })
}

fn package(bytes: &[u8], parts: Container<'_>) -> Result<Package, VerifyError> {
    let content = parts.unpack().map_err(VerifyError::Corrupt)?;
    let text = str::from_utf8(content.manifest())
        .map_err(|error| VerifyError::BadManifest(ManifestError::Utf8(error.valid_up_to())))?;
    let manifest = Manifest::from_toml(text)
        .map_err(|error| VerifyError::BadManifest(ManifestError::toml(text, &error)))?;
    Ok(Package {
        manifest,
        content_sha256: Sha256::digest(parts.signed).into(),
        payload: content.payload().to_vec(),
        sha256: Sha256::digest(bytes).into(),
        size: bytes.len() as u64,
        signatures: parts.signatures,
    })
}

fn ids<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Vec<KeyId> {
    signatures.map(|s| s.key.id()).collect()
}

#[cfg(test)]
mod tests;
