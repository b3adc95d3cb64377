//! What must not be used any more: keys and packages, by their SHA-256.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// A key or a package that must not be used any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Id of the key; or SHA-256 of the package, of its content or of the whole file, as
    /// lower-case hex. Of the content is better: with another signature it is another file.
    pub sha256: String,
    /// When it was revoked; says nothing about when that counts, which is at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Moment>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Revocation {
    /// Whether it is about what has this SHA-256.
    pub fn is_of(&self, sha256: &[u8; 32]) -> bool {
        self.sha256 == hex::encode(sha256)
    }

    /// The reason as a part of a sentence.
    pub fn why(&self) -> String {
        match &self.reason {
            Some(reason) => format!("revoked ({reason})"),
            None => "revoked".to_owned(),
        }
    }
}
