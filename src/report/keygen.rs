//! The report of `hotpatch keygen`.

use schemars::JsonSchema;
use serde::Serialize;

use super::package::field;
use super::sanitize::line;

/// A key that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeygenReport {
    /// `hotpatch.keygen/1`
    pub schema: &'static str,
    /// File with the private key.
    pub private_key: String,
    /// File with the public key.
    pub public_key: String,
    /// SHA-256 of the public key as SPKI.
    pub key_id: String,
    /// Always `ed25519`.
    pub algorithm: &'static str,
    /// Whether the private key has a passphrase.
    pub encrypted: bool,
}

impl KeygenReport {
    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = "made an Ed25519 key\n".to_owned();
        let secret = match self.encrypted {
            true => "encrypted",
            false => "not encrypted",
        };
        let private = format!("{} ({secret}; keep it secret)", line(&self.private_key));
        field(&mut text, "private", &private);
        field(&mut text, "public", &line(&self.public_key));
        field(&mut text, "key id", &self.key_id);
        text
    }
}
