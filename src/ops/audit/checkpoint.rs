//! A checkpoint: a record's number and hash, signed.
//!
//! The signature is one of a text of five lines, each ended by one line feed:
//!
//! ```text
//! hotpatch audit checkpoint
//! version 1
//! number <number of the record, decimal>
//! head <SHA-256 of its line, line feed included, as lower-case hex>
//! time <when it was signed, RFC 3339 in UTC>
//! ```
//!
//! The first line keeps it from passing for a signature of a package, and the other way round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::package::{PublicKey, SigningKey};

/// The version of the document.
pub const CHECKPOINT_SCHEMA: &str = "hotpatch.audit-checkpoint/1";

/// A signed statement that a log had this record as its last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// `hotpatch.audit-checkpoint/1`
    pub schema: String,
    /// Number of the record.
    pub number: u64,
    /// SHA-256 of its line, line feed included, as hex.
    pub head: String,
    /// When it was signed, RFC 3339 in UTC, by the signer's clock.
    pub time: String,
    /// The public key as hex (RFC 8032).
    pub public_key: String,
    /// SHA-256 of the public key as SPKI.
    pub key_id: String,
    /// The Ed25519 signature as hex (RFC 8032).
    pub signature: String,
}

/// Why a checkpoint proves nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Another version.
    #[error("it has the schema {0:?}, and this version reads {CHECKPOINT_SCHEMA:?}")]
    Schema(String),
    /// A field that isn't what it should be.
    #[error("its {0} is not what it should be")]
    Field(&'static str),
    /// Somebody changed it, or made it up.
    #[error("its signature is not one of key {0}")]
    Signature(String),
}

impl Checkpoint {
    /// Signs a record.
    pub fn sign(number: u64, head: &str, time: String, key: &SigningKey) -> Self {
        let public = key.public();
        let signature = key.sign(message(number, head, &time).as_bytes());
        Checkpoint {
            schema: CHECKPOINT_SCHEMA.to_owned(),
            number,
            head: head.to_owned(),
            time,
            public_key: hex::encode(public.as_bytes()),
            key_id: public.id().to_string(),
            signature: hex::encode(signature),
        }
    }

    /// The key that signed it.
    ///
    /// # Errors
    /// [`CheckpointError`] where that can't be proven.
    pub fn signer(&self) -> Result<PublicKey, CheckpointError> {
        if self.schema != CHECKPOINT_SCHEMA {
            let schema = self.schema.chars().take(100).collect();
            return Err(CheckpointError::Schema(schema));
        }
        let key = bytes(&self.public_key).and_then(|bytes| PublicKey::from_bytes(&bytes));
        let key = key.ok_or(CheckpointError::Field("public_key"))?;
        if self.key_id != key.id().to_string() {
            return Err(CheckpointError::Field("key_id"));
        }
        let signature = bytes(&self.signature).ok_or(CheckpointError::Field("signature"))?;
        let message = message(self.number, &self.head, &self.time);
        match key.accepts(message.as_bytes(), &signature) {
            true => Ok(key),
            false => Err(CheckpointError::Signature(key.id().to_string())),
        }
    }
}

fn message(number: u64, head: &str, time: &str) -> String {
    format!("hotpatch audit checkpoint\nversion 1\nnumber {number}\nhead {head}\ntime {time}\n")
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_names_its_signer_and_cannot_be_changed() {
        let key = SigningKey::from_seed(&[3; 32]);
        let time = "2026-01-02T03:04:05.000Z".to_owned();
        let good = Checkpoint::sign(7, &"ab".repeat(32), time, &key);
        assert_eq!(good.signer(), Ok(key.public()));
        let other = SigningKey::from_seed(&[4; 32]).public();
        let changes: [fn(&mut Checkpoint); 4] = [
            |c| c.number += 1,
            |c| c.head.replace_range(..2, "ac"),
            |c| c.time.push('0'),
            |c| c.schema.push('0'),
        ];
        for change in changes {
            let mut bad = good.clone();
            change(&mut bad);
            assert!(bad.signer().is_err(), "{bad:?}");
        }
        let mut stolen = good;
        stolen.public_key = hex::encode(other.as_bytes());
        assert_eq!(stolen.signer(), Err(CheckpointError::Field("key_id")));
        stolen.key_id = other.id().to_string();
        assert!(matches!(
            stolen.signer(),
            Err(CheckpointError::Signature(_))
        ));
    }
}
