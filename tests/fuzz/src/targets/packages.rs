//! Packages: container, manifest, payload, and their verification.

use std::collections::HashMap;

use hotpatch::addr::{Rva, Va};
use hotpatch::apply::link::{Bases, Externals, Layout};
use hotpatch::package::container::{self, Container, Signature};
use hotpatch::package::manifest::Manifest;
use hotpatch::package::{SigningKey, VerifyError, check_manifest, open_unverified, seal};
use hotpatch::report::inspect::summarise;

use crate::{fixtures, guard};

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// The container, as `inspect` and `verify` first meet it.
pub fn container(data: &[u8]) {
    if let Ok(parts) = Container::parse(data) {
        parts.message();
    }
    let _ = open_unverified(data);
    let _ = hotpatch::package::verify(data, &[key().public()]);
}

pub fn container_seeds() -> Vec<Vec<u8>> {
    let (payload, manifest) = fixtures::patch();
    let one = seal(manifest, payload, &[key()]);
    let two = seal(manifest, payload, &[key(), SigningKey::from_seed(&[8; 32])]);
    vec![one.expect("a package"), two.expect("a package")]
}

/// The manifest, which only a trusted signer could have written.
pub fn manifest(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(manifest) = Manifest::from_toml(text) else {
        return;
    };
    if check_manifest(&manifest).is_ok() {
        let again = manifest.to_toml().expect("a good manifest can be written");
        assert_eq!(Manifest::from_toml(&again).ok(), Some(manifest));
    }
}

pub fn manifest_seeds() -> Vec<Vec<u8>> {
    let (_, manifest) = fixtures::patch();
    let mut small = manifest.clone();
    small.functions.truncate(1);
    small.externals.truncate(1);
    [manifest, &small]
        .map(|m| m.to_toml().expect("a good manifest").into_bytes())
        .to_vec()
}

/// The payload, as `inspect` shows it and as `apply` links it.
pub fn payload(data: &[u8]) {
    summarise(data);
    let Ok(layout) = Layout::new(data, 0x1000) else {
        return;
    };
    // Variables without contents take memory that no byte of the file stands for.
    if layout.size() > 64 << 20 {
        return;
    }
    guard::reads(layout.size() as usize / 16);
    let externals = &fixtures::patch().1.externals;
    let old: HashMap<&str, Rva> = externals
        .iter()
        .map(|e| (e.symbol.as_str(), e.rva))
        .collect();
    let bases = Bases {
        payload: Va(0x1_4010_0000),
        module: Va(0x1_4000_0000),
        active: Va(0x1_4010_0040),
    };
    let externals = Externals {
        old,
        ..Externals::default()
    };
    if let Ok(linked) = layout.link(bases, &externals) {
        let bytes: usize = linked.pages.iter().map(|p| p.bytes.len()).sum();
        assert!(bytes as u64 <= layout.size());
    }
}

pub fn payload_seeds() -> Vec<Vec<u8>> {
    vec![fixtures::patch().0.clone()]
}

/// What is behind the signatures: two bytes with the length of the manifest, then manifest
/// and payload, which are signed here with the trusted key.
pub fn verify(data: &[u8]) {
    let Some((len, rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let at = usize::from(u16::from_le_bytes(*len)).min(rest.len());
    let (manifest, payload) = rest.split_at(at);
    let Ok(signed) = container::unsigned(manifest, payload) else {
        return;
    };
    let key = key();
    let signature = Signature {
        key: key.public(),
        bytes: key.sign(&container::message(&signed)),
    };
    let file = container::attach(signed, vec![signature]).expect("one signature");
    match hotpatch::package::verify(&file, &[key.public()]) {
        Ok(package) => assert_eq!(package.payload, payload),
        Err(error) => assert!(matches!(
            error,
            VerifyError::BadManifest(_) | VerifyError::BadPayload(_)
        )),
    }
}

pub fn verify_seeds() -> Vec<Vec<u8>> {
    let payload = &fixtures::patch().0;
    manifest_seeds()
        .iter()
        .map(|m| [&(m.len() as u16).to_le_bytes(), m.as_slice(), payload].concat())
        .collect()
}
