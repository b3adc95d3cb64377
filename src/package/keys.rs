//! Signing keys: Ed25519 (RFC 8032), stored as PEM: PKCS#8 version 1 and SPKI, which
//! `openssl` reads and writes.

use std::fmt;

use ed25519_dalek::Signer;
use pkcs8::der::Encode;
use pkcs8::der::asn1::BitStringRef;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::pem;
pub use super::pem::KeyError;
pub use super::pem_blocks::text;

/// Length of a public key in bytes.
pub const PUBLIC_KEY_LEN: usize = 32;
/// Length of a signature in bytes.
pub const SIGNATURE_LEN: usize = 64;

/// Name of a key: SHA-256 of its public half as SPKI in DER, what
/// `openssl pkey -pubin -in KEY.pub.pem -outform DER | openssl sha256` prints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 32]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A key that checks signatures: a point of the curve that is not of small order.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// The key with these bytes; `None` where they are no point of the curve or one of
    /// small order, with which anybody can make signatures.
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_LEN]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
        (!key.is_weak()).then_some(PublicKey(key))
    }

    /// The encoded point (RFC 8032).
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        self.0.as_bytes()
    }

    /// The name of the key.
    pub fn id(&self) -> KeyId {
        KeyId(Sha256::digest(self.to_spki_der()).into())
    }

    /// Whether `signature` is this key's signature of `message`, by the strict rules:
    /// one message and key have one signature that passes.
    pub fn accepts(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).is_ok()
    }

    /// Reads a public key (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// [`KeyError`] where the text is anything else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        pem::read_public(text)
    }

    /// Reads a public key, or the public half of a private one.
    ///
    /// # Errors
    /// [`KeyError`], as for [`PublicKey::from_pem`] and [`SigningKey::from_pem`].
    pub fn from_any_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        pem::read_any(text, passphrase)
    }

    /// The key as PEM (`BEGIN PUBLIC KEY`).
    pub fn to_pem(&self) -> String {
        pem::write_public(self)
    }

    pub(super) fn to_spki_der(&self) -> Vec<u8> {
        let spki = pkcs8::SubjectPublicKeyInfoRef {
            algorithm: pem::ED25519,
            subject_public_key: BitStringRef::from_bytes(self.as_bytes())
                .expect("32 bytes are a bit string"),
        };
        spki.to_der().expect("a fixed structure of 44 bytes")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.as_bytes()))
    }
}

/// A key that makes signatures. Its secret is erased from memory when it is dropped,
/// and [`Debug`](fmt::Debug) doesn't show it.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key from the random number generator of the operating system.
    ///
    /// # Errors
    /// Where that generator fails.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(KeyError::Random)?;
        Ok(SigningKey::from_seed(&seed))
    }

    /// The key with this 32-byte secret (RFC 8032's private key).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of `message`; the same every time.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(message).to_bytes()
    }

    /// Reads a private key, plain (`BEGIN PRIVATE KEY`) or with a passphrase
    /// (`BEGIN ENCRYPTED PRIVATE KEY`).
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::PassphraseNeeded`] where the key is encrypted and
    /// `passphrase` is `None`.
    pub fn from_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        pem::read_private(text, passphrase)
    }

    /// The key as PEM, encrypted where there is a passphrase.
    ///
    /// # Errors
    /// Where the passphrase is empty or the random number generator fails.
    pub fn to_pem(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, KeyError> {
        pem::write_private(self, passphrase)
    }

    pub(super) fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8032_test_2() {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let key = SigningKey::from_seed(&hex::decode(seed).unwrap().try_into().unwrap());
        assert_eq!(
            hex::encode(key.public().as_bytes()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = key.sign(&[0x72]);
        assert!(hex::encode(signature).starts_with("92a009a9f0d4cab8720e820b5f642540"));
        assert!(key.public().accepts(&[0x72], &signature));
        assert!(!key.public().accepts(&[0x73], &signature));
    }

    #[test]
    fn keys_with_which_anybody_can_sign_are_no_keys() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), None);
        assert_eq!(PublicKey::from_bytes(&[0; 32]), None);
    }

    #[test]
    fn debug_output_has_no_secret() {
        let key = SigningKey::from_seed(&[0x5a; 32]);
        assert!(!format!("{key:?}").contains("5a5a5a"));
    }
}
