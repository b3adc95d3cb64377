use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::ops::policy::Revocation;
use crate::ops::trust::tests::{store, write};
use crate::package::testing::{key, manifest, payload};
use crate::package::{Verified, seal, verify};

/// A store that trusts one key.
fn trusting() -> TempDir {
    let folder = store();
    write(&folder.path().join("a.pem"), &key(1).public().to_pem());
    folder
}

fn package(sequence: u64) -> Verified<Package> {
    let mut manifest = manifest();
    manifest.patch.sequence = sequence;
    let bytes = seal(&manifest, &payload(), &[key(1)]).unwrap();
    verify(&bytes, &[key(1).public()]).unwrap()
}

fn of(folder: &Path) -> Renewal {
    Renewal {
        folder: folder.to_owned(),
        named: None,
        remembers: true,
        process: "4711 1dc".to_owned(),
    }
}

fn revoke(folder: &Path, sha256: String) {
    let mut store = Store::load(folder).unwrap();
    let entry = Revocation {
        sha256,
        on: None,
        reason: Some("it leaks".to_owned()),
    };
    store.revoke(entry).unwrap();
}

#[test]
fn what_was_revoked_meanwhile_is_denied() {
    let folder = trusting();
    let renewal = of(folder.path());
    let package = package(7);
    drop(renewal.ask(&package).unwrap());
    revoke(folder.path(), package.content_sha256_hex());
    let denial = renewal.ask(&package).unwrap_err().to_string();
    assert!(denial.contains("it leaks"), "{denial}");
    // Keys of the command line change nothing about it.
    let named = Renewal {
        named: Some(vec![key(1).public()]),
        remembers: false,
        ..renewal
    };
    assert!(named.ask(&package).is_err());
    let incoming = [Incoming::of_package(&package)];
    assert!(named.ask_again(&incoming).is_err());
}

#[test]
fn a_patch_that_waits_may_run_again_unless_it_was_revoked() {
    let folder = trusting();
    let renewal = of(folder.path());
    let unsaid = Incoming {
        sha256: "0f".repeat(32),
        content_sha256: None,
    };
    assert!(renewal.ask_again(std::slice::from_ref(&unsaid)).is_ok());
    revoke(folder.path(), unsaid.sha256.clone());
    assert!(renewal.ask_again(&[unsaid]).is_err());
    let nowhere = Renewal {
        folder: folder.path().join("none"),
        named: Some(Vec::new()),
        ..renewal
    };
    assert!(nowhere.ask_again(&[]).is_ok());
}

#[test]
fn the_store_is_locked_until_the_answer_was_acted_on() {
    let folder = trusting();
    let hold = of(folder.path()).ask(&package(7)).unwrap();
    std::thread::scope(|scope| {
        let revoking = scope.spawn(|| revoke(folder.path(), "00".repeat(32)));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!revoking.is_finished());
        drop(hold);
        revoking.join().unwrap();
    });
}

#[test]
fn what_was_begun_counts_until_it_is_known_to_have_come_to_nothing() {
    let folder = trusting();
    let renewal = of(folder.path());
    let read = || Store::load(folder.path()).unwrap().state;
    // hotpatch dies here.
    drop(renewal.ask(&package(8)).unwrap());
    assert_eq!(read().highest("server.exe"), Some(8));
    let other = Renewal {
        process: "4712 1dc".to_owned(),
        ..renewal.clone()
    };
    let denial = other.ask(&package(7)).unwrap_err().to_string();
    assert!(denial.contains("4711"), "{denial}");
    // The next attempt finds out that it had not come so far.
    drop(renewal.ask(&package(8)).unwrap());
    renewal.ended(&package(8), false).unwrap();
    assert_eq!(read().highest("server.exe"), None);
    drop(other.ask(&package(7)).unwrap());
    other.ended(&package(7), true).unwrap();
    assert_eq!(read().highest("server.exe"), Some(7));
    assert_eq!(read().begun_in("server.exe", 7), None);
}
