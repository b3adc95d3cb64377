//! The report of `hotpatch trust`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::package::field;
use super::sanitize::line;
use crate::moment::Moment;
use crate::ops::policy::{Revocation, Role};
use crate::ops::trust::Store;
use crate::package::KeyId;

/// The trust store as it is now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StoreReport {
    /// `hotpatch.trust/1`
    pub schema: &'static str,
    /// What was done; null where nothing was.
    pub done: Option<String>,
    /// The folder.
    pub folder: String,
    /// The keys, by file name.
    pub keys: Vec<KeyReport>,
    /// Names of the policy's rules; where there are none, any key is enough.
    pub rules: Vec<String>,
    /// What was revoked.
    pub revoked: Vec<Revocation>,
    /// The highest sequence that was applied, by product.
    pub sequences: Vec<SequenceReport>,
    /// The latest time on record; null where there is none.
    pub latest: Option<Moment>,
}

/// A key of the trust store.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyReport {
    /// SHA-256 of the public key as SPKI.
    pub key_id: String,
    /// The file it is in.
    pub path: String,
    /// What the policy calls it.
    pub name: Option<String>,
    /// What it stands for.
    pub roles: Vec<Role>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// The highest sequence of a product.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SequenceReport {
    /// The product, in lower case.
    pub product: String,
    /// The sequence.
    pub sequence: u64,
}

impl StoreReport {
    /// The report about a store.
    pub fn new(store: &Store, done: Option<String>) -> Self {
        let policy = &store.policy;
        let key = |(path, id): (&std::path::PathBuf, KeyId)| KeyReport {
            key_id: id.to_string(),
            path: path.display().to_string(),
            name: policy.key(id).and_then(|k| k.name.clone()),
            roles: policy.roles(id).to_vec(),
            revoked: policy.revocation(&id.0).is_some(),
        };
        let sequence = |(product, sequence): (&str, u64)| SequenceReport {
            product: product.to_owned(),
            sequence,
        };
        StoreReport {
            schema: "hotpatch.trust/1",
            done,
            folder: store.folder.display().to_string(),
            keys: store.keys.iter().map(|(p, k)| key((p, k.id()))).collect(),
            rules: policy.rules.iter().map(|r| r.name.clone()).collect(),
            revoked: policy.revoked.clone(),
            sequences: store.state.sequences().map(sequence).collect(),
            latest: store.state.latest(),
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some(done) = &self.done {
            let _ = writeln!(text, "{}", line(done));
        }
        let _ = writeln!(text, "trust store {}", line(&self.folder));
        for key in &self.keys {
            let roles: Vec<&str> = key.roles.iter().map(|r| r.name()).collect();
            let roles = if roles.is_empty() {
                "no role".to_owned()
            } else {
                roles.join(", ")
            };
            let revoked = if key.revoked { "; REVOKED" } else { "" };
            field(&mut text, "key", &key.key_id);
            let name = key.name.as_deref().unwrap_or(&key.path);
            field(&mut text, "", &format!("{} ({roles}{revoked})", line(name)));
        }
        if self.keys.is_empty() {
            field(&mut text, "key", "none: nothing is allowed without --key");
        }
        let names: Vec<_> = self.rules.iter().map(|r| line(r)).collect();
        let rules = match names.is_empty() {
            true => "none: a signature by any of the keys is enough".to_owned(),
            false => names.join(", "),
        };
        field(&mut text, "rules", &rules);
        for entry in &self.revoked {
            field(&mut text, "revoked", &entry.sha256);
            if let Some(reason) = &entry.reason {
                field(&mut text, "", &line(reason));
            }
        }
        for seen in &self.sequences {
            let applied = format!("sequence {} of {}", seen.sequence, line(&seen.product));
            field(&mut text, "applied", &applied);
        }
        text
    }
}
