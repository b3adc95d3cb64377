//! A folder with a package in it, and the program.

#[path = "../support/mod.rs"]
mod common;

pub use super::hpk::{manifest, payload};
pub use common::{Folder, Run, start, write};
use hotpatch::package::{SigningKey, seal};

/// A name that tries to clear the screen and to write its own lines.
pub const HOSTILE: &str = "parse\x1b[2J\r\n  sha256     0000\u{202e}";

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// A package, signed by the keys with these seeds.
pub fn package(seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
    seal(&manifest(), &payload(), &keys).unwrap()
}

/// A folder with `fix.hpk`, signed by key 1, and the public keys `1.pem` and `2.pem`.
pub fn folder_with_package() -> Folder {
    let folder = Folder::new();
    folder.write("fix.hpk", &package(&[1]));
    folder.write("1.pem", key(1).public().to_pem().as_bytes());
    folder.write("2.pem", key(2).public().to_pem().as_bytes());
    folder
}
