use std::path::PathBuf;

use super::*;
use crate::moment::{DAY, Moment};
use crate::ops::desired::Candidate;
use crate::ops::trust::Guard;
use crate::package::testing::{key, package_with};

fn now() -> Moment {
    Moment::from_seconds(20_000 * DAY)
}

fn guard() -> Guard {
    let now = crate::ops::policy::Now {
        utc: now(),
        local_offset: 0,
    };
    Guard::of_keys(vec![key(1).public()], None, now)
}

/// A package with this id, as it comes in.
fn package(id: &str) -> (Vec<u8>, Candidate) {
    let bytes = package_with(&[1], |manifest| id.clone_into(&mut manifest.patch.id));
    let entry = Entry::new(&bytes, now());
    let usable = examine(&bytes, &entry, PathBuf::new(), &guard()).unwrap();
    (bytes, usable.candidate)
}

fn files(store: &PackageStore) -> Vec<String> {
    let files = std::fs::read_dir(&store.folder).unwrap();
    let names = files.map(|f| f.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|n| n.ends_with(".hpk")).collect();
    names.sort();
    names
}

#[test]
fn packages_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a").join("store");
    let mut store = PackageStore::open_or_create(&path).unwrap();
    let (bytes, one) = package("one");
    assert_eq!(store.add(&bytes, &one, now()).unwrap(), Added::New);
    assert_eq!(store.add(&bytes, &one, now()).unwrap(), Added::Before);
    let read = PackageStore::load(&path).unwrap();
    assert_eq!(read, store);
    let stock = read.stock(&guard());
    assert_eq!(stock.candidates(), std::slice::from_ref(&one));
    assert!(stock.package(&one.sha256).is_some());
    assert!(store.remove(&one.sha256).unwrap());
    assert!(!store.remove(&one.sha256).unwrap());
    assert_eq!(files(&store), [""; 0]);
}

#[test]
fn what_was_changed_on_disk_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PackageStore::open_or_create(folder.path()).unwrap();
    let ((bytes, one), (others, _)) = (package("one"), package("two"));
    store.add(&bytes, &one, now()).unwrap();
    std::fs::write(store.path_of(&one.sha256), &others).unwrap();
    let stock = store.stock(&guard());
    assert!(stock.usable.is_empty());
    assert!(
        stock.broken[0].why.contains("was changed since"),
        "{stock:?}"
    );
    std::fs::remove_file(store.path_of(&one.sha256)).unwrap();
    assert_eq!(store.stock(&guard()).broken.len(), 1);
}

#[test]
fn two_packages_of_one_id_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PackageStore::open_or_create(folder.path()).unwrap();
    let (bytes, one) = package("one");
    store.add(&bytes, &one, now()).unwrap();
    let bytes = package_with(&[1, 2], |manifest| "one".clone_into(&mut manifest.patch.id));
    let entry = Entry::new(&bytes, now());
    let other = examine(&bytes, &entry, PathBuf::new(), &guard()).unwrap();
    let error = store.add(&bytes, &other.candidate, now()).unwrap_err();
    assert!(matches!(error, StoreError::SameId { .. }), "{error}");
}

#[test]
fn what_the_trust_store_refuses_does_not_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PackageStore::open_or_create(folder.path()).unwrap();
    let bytes = package_with(&[2], |_| {});
    let entry = Entry::new(&bytes, now());
    let usable = examine(&bytes, &entry, PathBuf::new(), &guard()).unwrap();
    assert!(usable.package.is_none());
    let error = store.add(&bytes, &usable.candidate, now()).unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
    assert_eq!(files(&store), [""; 0]);
}

#[test]
fn what_a_dead_writer_left_counts_for_nothing_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PackageStore::open_or_create(folder.path()).unwrap();
    let ((one_bytes, one), (two_bytes, two)) = (package("one"), package("two"));
    store.add(&one_bytes, &one, now()).unwrap();
    // As after a death between the package and the ledger.
    std::fs::write(store.path_of(&two.sha256), &two_bytes[..9]).unwrap();
    assert_eq!(store.stock(&guard()).candidates().len(), 1);
    assert_eq!(store.add(&two_bytes, &two, now()).unwrap(), Added::New);
    assert_eq!(store.stock(&guard()).candidates().len(), 2);
    let orphan = store.path_of(&"ab".repeat(32));
    std::fs::write(&orphan, b"x").unwrap();
    assert!(store.remove(&two.sha256).unwrap());
    assert!(!orphan.exists());
    assert_eq!(files(&store), [format!("{}.hpk", one.sha256)]);
}

#[test]
fn holds_and_pauses_are_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PackageStore::open_or_create(folder.path()).unwrap();
    let (bytes, one) = package("one");
    store.add(&bytes, &one, now()).unwrap();
    let note = || Note {
        since: now(),
        reason: Some("slow".to_owned()),
    };
    assert!(store.hold(&one.sha256, note()).unwrap());
    assert!(!store.hold(&one.sha256, note()).unwrap());
    let held = store.stock(&guard()).candidates().remove(0).held;
    assert!(held.unwrap().ends_with(": slow"));
    assert!(store.release(&one.sha256).unwrap());
    assert!(!store.release(&one.sha256).unwrap());
    let pause = |program: &str| Pause {
        program: Some(program.to_owned()),
        since: now(),
        reason: None,
    };
    assert!(store.pause(pause("a.exe")).unwrap());
    assert!(!store.pause(pause("A.EXE")).unwrap());
    assert!(!store.resume(&None).unwrap(), "that is another pause");
    assert!(store.resume(&Some("a.exe".to_owned())).unwrap());
    assert_eq!(store, PackageStore::load(folder.path()).unwrap());
}

#[test]
fn nothing_that_another_process_wrote_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = PackageStore::open_or_create(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for n in 0..6 {
            let mut store = store.clone();
            scope.spawn(move || {
                let (bytes, package) = package(&format!("p{n}"));
                store.add(&bytes, &package, now()).unwrap();
                let note = Note {
                    since: now(),
                    reason: None,
                };
                store.hold(&package.sha256, note).unwrap();
            });
        }
    });
    let read = PackageStore::load(folder.path()).unwrap();
    assert_eq!(read.ledger.packages.len(), 6);
    assert!(read.ledger.packages.iter().all(|e| e.held.is_some()));
    assert_eq!(read.stock(&guard()).candidates().len(), 6);
}

#[test]
fn a_damaged_ledger_is_not_taken_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PackageStore::open_or_create(folder.path()).unwrap();
    let (bytes, one) = package("one");
    store.add(&bytes, &one, now()).unwrap();
    for bad in ["", "format = 1\n[[pack", "format = 7"] {
        std::fs::write(folder.path().join("store.toml"), bad).unwrap();
        let error = PackageStore::load(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Ledger { .. }), "{error}");
        let error = store.remove(&one.sha256).unwrap_err();
        assert!(matches!(error, StoreError::Ledger { .. }), "{error}");
    }
}

#[test]
fn a_quarantine_holds_until_somebody_releases_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PackageStore::open_or_create(folder.path()).unwrap();
    let (bytes, one) = package("one");
    store.add(&bytes, &one, now()).unwrap();
    let quarantine = |program: &str| Quarantine {
        package: one.sha256.clone(),
        program: program.to_owned(),
        since: now(),
        reason: "it ended".to_owned(),
    };
    assert!(store.quarantine(quarantine("a.exe")).unwrap());
    assert!(!store.quarantine(quarantine("A.EXE")).unwrap());
    assert!(store.quarantine(quarantine("b.exe")).unwrap());
    let read = PackageStore::load(folder.path()).unwrap();
    assert!(read.ledger.quarantine_of(&one.sha256, "A.exe").is_some());
    assert!(read.ledger.quarantine_of(&one.sha256, "c.exe").is_none());
    assert!(store.release(&one.sha256).unwrap());
    assert!(store.ledger.quarantined.is_empty());
    store.quarantine(quarantine("a.exe")).unwrap();
    store.remove(&one.sha256).unwrap();
    assert!(
        store.ledger.quarantined.is_empty(),
        "it goes with the package"
    );
}
