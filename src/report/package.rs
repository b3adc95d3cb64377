//! What `verify` and `inspect` both say about a package.

use std::fmt::Write;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use crate::moment::Moment;
use crate::package::container::{self, Container, Signature};
use crate::package::{Package, PublicKey};

/// A package in a few words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PackageSummary {
    /// Where it was read from.
    pub path: String,
    /// Id of the patch.
    pub id: String,
    /// The product that its line of patches is for.
    pub product: String,
    /// Its position in that line.
    pub sequence: u64,
    /// The last moment at which it may be applied; null where it does not expire.
    pub not_after: Option<Moment>,
    /// Why it exists.
    pub classification: crate::package::manifest::Classification,
    /// What it fixes.
    pub title: Option<String>,
    /// File name of the image that it applies to.
    pub module: String,
    /// Which version is seen where; null where the version resources say the same, or none.
    pub version: Option<String>,
    /// SHA-256 of the whole file.
    pub sha256: String,
    /// SHA-256 of every byte before the signatures: the same whoever signs it.
    pub content_sha256: String,
    /// Size of the whole file in bytes.
    pub size: u64,
    /// Size of the manifest in bytes, unpacked.
    pub manifest_size: usize,
    /// Size of the payload in bytes, unpacked.
    pub payload_size: usize,
}

impl PackageSummary {
    /// The summary of a package that was read from `path`.
    pub fn new(path: &Path, package: &Package, parts: &Container<'_>) -> Self {
        let patch = &package.manifest.patch;
        PackageSummary {
            path: path.display().to_string(),
            id: patch.id.clone(),
            product: package.manifest.product().to_owned(),
            sequence: patch.sequence,
            not_after: patch.not_after,
            classification: patch.classification,
            title: patch.title.clone(),
            module: package.manifest.target.file_name.clone(),
            version: {
                let version = package.manifest.version.as_ref();
                version.map(|v| v.text(&package.manifest.left_out))
            },
            sha256: package.sha256_hex(),
            content_sha256: package.content_sha256_hex(),
            size: package.size,
            manifest_size: parts.manifest_len,
            payload_size: parts.payload_len,
        }
    }

    /// Appends the summary as text.
    pub fn text(&self, text: &mut String) {
        let class = self.classification.name();
        let id = line(&self.id);
        field(
            text,
            "patch",
            &format!("{id}, sequence {}, {class}", self.sequence),
        );
        if let Some(title) = &self.title {
            field(text, "title", &line(title));
        }
        field(text, "module", &line(&self.module));
        if let Some(version) = &self.version {
            field(text, "version", &line(version));
        }
        if self.product != self.module {
            field(text, "product", &line(&self.product));
        }
        if let Some(end) = self.not_after {
            field(text, "good until", &end.to_string());
        }
        field(
            text,
            "size",
            &format!(
                "{} bytes; unpacked: manifest {}, payload {}",
                self.size, self.manifest_size, self.payload_size
            ),
        );
        field(text, "sha256", &self.sha256);
        field(text, "content", &self.content_sha256);
    }
}

/// One signature of a package.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignatureReport {
    /// SHA-256 of the public key as SPKI.
    pub key_id: String,
    /// The public key as hex (RFC 8032).
    pub public_key: String,
    /// Always `ed25519`.
    pub algorithm: &'static str,
    /// Whether it is this key's signature of this package.
    pub valid: bool,
    /// Whether the key is one of the trusted ones; null where nobody said which are.
    pub trusted: Option<bool>,
}

impl SignatureReport {
    /// Every signature of a package; `trusted` are the keys that are trusted, where that
    /// is known.
    pub fn all(parts: &Container<'_>, trusted: Option<&[PublicKey]>) -> Vec<Self> {
        let message = container::message(parts.signed);
        let report = |signature: &Signature| SignatureReport {
            key_id: signature.key.id().to_string(),
            public_key: hex::encode(signature.key.as_bytes()),
            algorithm: "ed25519",
            valid: signature.key.accepts(&message, &signature.bytes),
            trusted: trusted.map(|keys| keys.contains(&signature.key)),
        };
        parts.signatures.iter().map(report).collect()
    }

    /// Appends the signature as text.
    pub fn text(&self, text: &mut String) {
        let trusted = match self.trusted {
            Some(true) => "trusted",
            Some(false) => "not a trusted key",
            None => "trust not asked for",
        };
        let valid = if self.valid { "valid" } else { "NOT VALID" };
        field(text, "signed by", &self.key_id);
        field(
            text,
            "",
            &format!("({} {valid}, {trusted})", self.algorithm),
        );
    }
}

/// Appends one line with a name and its value, which must be safe to print.
pub fn field(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<10} {value}");
}
