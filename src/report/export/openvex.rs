//! An OpenVEX document, version 0.2.0: which vulnerabilities a package fixes, and in what.
//!
//! The file on disk stays as vulnerable as it was; fixed are the processes in which the
//! patch is active. The product is therefore "this file with this patch" and not the file: a
//! package URL with the file's hash and the patch's id, which a scanner that looks for the
//! unpatched file does not take for it.
//!
//! Specification: <https://github.com/openvex/spec>, `OPENVEX-SPEC.md`.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::NAMES;
use crate::package::manifest::Manifest;
use crate::package::{Package, Verified};

/// Who says it, and when.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// A person or an organisation.
    pub author: String,
    /// RFC 3339 in UTC.
    pub timestamp: String,
}

/// What is fixed.
#[derive(Clone, Debug)]
pub enum Product {
    /// The image with the patch, by the file's hash.
    Patched,
    /// What the issuer calls it: a package URL.
    Named(String),
}

/// The document about a package; `None` where it fixes no CVE, for a document without a
/// statement is none. The same arguments give the same document.
pub fn openvex(package: &Verified<Package>, product: &Product, issuer: &Issuer) -> Option<Value> {
    let manifest = &package.manifest;
    let purl = match product {
        Product::Patched => patched(manifest),
        Product::Named(purl) => purl.clone(),
    };
    let notes = format!(
        "Fixed in running processes of {} (SHA-256 {}) in which the hotpatch package {} (SHA-256 \
         {}) is active; `hotpatch status` tells. The file on disk is unchanged, and a process \
         that is started anew is vulnerable until it is patched or the fixed build is installed.",
        manifest.target.file_name,
        manifest.target.sha256,
        manifest.patch.id,
        package.sha256_hex(),
    );
    let statement = |cve: &String| {
        json!({
            "vulnerability": {"name": cve},
            "products": [{"@id": purl, "identifiers": {"purl": purl}}],
            "status": "fixed",
            "status_notes": notes,
        })
    };
    let mut cves = manifest.patch.cves.clone();
    cves.sort();
    cves.dedup();
    let statements: Vec<Value> = cves.iter().map(statement).collect();
    document(statements, issuer)
}

/// The document with these statements; `None` where there are none.
pub(super) fn document(statements: Vec<Value>, issuer: &Issuer) -> Option<Value> {
    if statements.is_empty() {
        return None;
    }
    let mut document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": issuer.author,
        "timestamp": issuer.timestamp,
        "version": 1,
        "tooling": concat!("hotpatch ", env!("CARGO_PKG_VERSION")),
        "statements": statements,
    });
    let digest = hex::encode(Sha256::digest(document.to_string()));
    document["@id"] = format!("{NAMES}:vex:{digest}").into();
    Some(document)
}

/// The image with the patch as a package URL.
fn patched(manifest: &Manifest) -> String {
    format!(
        "pkg:generic/{}?checksum=sha256:{}&hotpatch={}",
        encoded(&manifest.target.file_name),
        manifest.target.sha256,
        encoded(&manifest.patch.id)
    )
}

/// A text as it stands in a part of a package URL.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_as_package_urls_want_it() {
        assert_eq!(encoded("a b+ü.exe"), "a%20b%2B%C3%BC.exe");
    }
}
