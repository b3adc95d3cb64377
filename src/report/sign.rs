//! The report of `hotpatch sign`.

use schemars::JsonSchema;
use serde::Serialize;

use super::package::field;
use super::sanitize::line;

/// A package or a list of withdrawn packages that was signed, or what has to be signed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignReport {
    /// `hotpatch.sign/1`
    pub schema: &'static str,
    /// `signed`, or `exported` where the message was written to a file.
    pub outcome: &'static str,
    /// The file that was written.
    pub path: String,
    /// Id of the key that signed; null where the message was written.
    pub key_id: Option<String>,
    /// Ids of all keys that have signed it now.
    pub signers: Vec<String>,
    /// SHA-256 of the file as it is now.
    pub sha256: String,
    /// SHA-256 of every byte before the signatures: the same whoever signs it.
    pub content_sha256: String,
}

impl SignReport {
    /// The report as text.
    pub fn text(&self) -> String {
        let path = line(&self.path);
        let mut text = match &self.key_id {
            Some(_) => format!("signed {path}\n"),
            None => format!("wrote the message to sign to {path}\n"),
        };
        if let Some(key) = &self.key_id {
            field(&mut text, "key id", key);
            field(&mut text, "sha256", &self.sha256);
        }
        field(&mut text, "content", &self.content_sha256);
        for signer in &self.signers {
            field(&mut text, "signed by", signer);
        }
        text
    }
}
