use super::*;
use crate::moment::DAY;
use crate::ops::desired::Permit;
use crate::ops::policy::Now;
use crate::ops::store::{Entry, Stock, examine};
use crate::ops::withdrawal::Withdrawn;
use crate::package::container::Signature;
use crate::package::testing::{key, package_with};

fn day(days: u64) -> Moment {
    Moment::from_seconds((20_000 + days) * DAY)
}

/// Keys 1 and 2 are trusted.
fn guard(today: u64) -> Guard {
    let now = Now {
        utc: day(today),
        local_offset: 0,
    };
    Guard::of_keys(vec![key(1).public(), key(2).public()], None, now)
}

fn store() -> (tempfile::TempDir, PackageStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = PackageStore::open_or_create(folder.path()).unwrap();
    (folder, store)
}

/// A package of `server.exe`, in the store.
fn package(store: &mut PackageStore) -> String {
    let bytes = package_with(&[1], |_| {});
    let entry = Entry::new(&bytes, day(0));
    let usable = examine(&bytes, &entry, Default::default(), &guard(0)).unwrap();
    store.add(&bytes, &usable.candidate, day(0)).unwrap();
    usable.candidate.content_sha256
}

fn entry(content_sha256: &str) -> Withdrawn {
    Withdrawn {
        id: "fix-1".to_owned(),
        file: "server.exe".to_owned(),
        content_sha256: content_sha256.to_owned(),
        revert: true,
        reason: "leaks".to_owned(),
    }
}

/// A list that is good for ten days.
fn list(sequence: u64, withdrawn: &[Withdrawn], seeds: &[u8]) -> SignedList {
    let times = (day(0), day(10));
    let list = List::new(("Server.exe", sequence), times, withdrawn.to_vec()).unwrap();
    let mut signed = SignedList::unsigned(list).unwrap();
    for seed in seeds {
        let bytes = key(*seed).sign(&signed.message());
        let key = key(*seed).public();
        signed.add(Signature { key, bytes }).unwrap();
    }
    signed
}

#[track_caller]
fn refused(result: Result<Added, StoreError>, why: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::List { .. }), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

fn files(store: &PackageStore) -> Vec<String> {
    let files = std::fs::read_dir(&store.folder).unwrap();
    let names = files.map(|f| f.unwrap().file_name().into_string().unwrap());
    names.filter(|n| n.ends_with(".hpw")).collect()
}

fn permit(stock: &Stock) -> &Permit {
    &stock.usable[0].candidate.permit
}

#[test]
fn a_later_list_takes_the_place_of_the_one_before_and_no_earlier_one_does() {
    let (folder, mut store) = store();
    let content = package(&mut store);
    let one = list(1, &[entry(&content)], &[1]);
    assert_eq!(store.add_list(&one, &guard(0), day(0)).unwrap(), Added::New);
    let again = store.add_list(&one, &guard(0), day(1)).unwrap();
    assert_eq!(again, Added::Before);
    let two = list(2, &[], &[2]);
    assert_eq!(store.add_list(&two, &guard(0), day(0)).unwrap(), Added::New);
    refused(store.add_list(&one, &guard(0), day(0)), "has a later one");
    let other = list(2, &[entry(&content)], &[1]);
    refused(store.add_list(&other, &guard(0), day(0)), "another list");
    // One more signature makes it no other list.
    let both = list(2, &[], &[1, 2]);
    assert_eq!(
        store.add_list(&both, &guard(0), day(0)).unwrap(),
        Added::New
    );
    assert_eq!(PackageStore::load(folder.path()).unwrap(), store);
    assert_eq!(files(&store).len(), 1, "the others are cleared away");
}

#[test]
fn who_is_not_trusted_withdraws_nothing_and_lets_nothing_go() {
    let (_folder, mut store) = store();
    let content = package(&mut store);
    for seeds in [&[][..], &[3]] {
        let list = list(9, &[entry(&content)], seeds);
        refused(store.add_list(&list, &guard(0), day(0)), "signed it");
    }
    store
        .add_list(&list(1, &[entry(&content)], &[1]), &guard(0), day(0))
        .unwrap();
    refused(
        store.add_list(&list(2, &[], &[3]), &guard(0), day(0)),
        "signed it",
    );
    assert_eq!(store.ledger.lists[0].sequence, 1);
}

#[test]
fn an_expired_list_is_not_taken_in_and_stops_its_product_when_it_expires_later() {
    let (_folder, mut store) = store();
    let content = package(&mut store);
    let one = list(1, &[entry(&content)], &[1]);
    refused(store.add_list(&one, &guard(11), day(11)), "expired");
    let other = list(1, &[entry(&"ab".repeat(32))], &[1]);
    store.add_list(&other, &guard(10), day(10)).unwrap();
    let stock = store.stock(&guard(10));
    assert_eq!(*permit(&stock), Permit::Allowed);
    let stock = store.stock(&guard(11));
    let Permit::Refused { why } = permit(&stock) else {
        panic!("{stock:?}");
    };
    assert!(why.contains("expired"), "{why}");
    assert!(stock.package(&stock.usable[0].candidate.sha256).is_none());
    // What it withdraws stays so.
    assert_eq!(stock.counting().len(), 1);
}

#[test]
fn a_list_that_does_not_count_any_more_stops_its_product_and_withdraws_nothing() {
    let (_folder, mut store) = store();
    let content = package(&mut store);
    let one = list(1, &[entry(&content)], &[1]);
    store.add_list(&one, &guard(0), day(0)).unwrap();
    let path = store.path_of_list(&store.ledger.lists[0].sha256);
    let now = Now {
        utc: day(0),
        local_offset: 0,
    };
    let without = Guard::of_keys(vec![key(2).public()], None, now);
    let stopped = |stock: Stock| {
        let refused = matches!(permit(&stock), Permit::Refused { .. });
        assert!(refused && stock.counting().is_empty(), "{stock:?}");
    };
    assert!(store.lists(&without)[0].list.is_none());
    for damage in [&b""[..], b"format = 1\n", &[0xff; 99]] {
        std::fs::write(&path, damage).unwrap();
        stopped(store.stock(&guard(0)));
    }
    std::fs::remove_file(&path).unwrap();
    stopped(store.stock(&guard(0)));
    // The same one heals it, and so does a later one, and to forget it.
    store.add_list(&one, &guard(0), day(0)).unwrap();
    assert_eq!(store.stock(&guard(0)).counting().len(), 1);
    std::fs::remove_file(&path).unwrap();
    store
        .add_list(&list(2, &[], &[1]), &guard(0), day(0))
        .unwrap();
    assert_eq!(*permit(&store.stock(&guard(0))), Permit::Allowed);
    std::fs::remove_file(store.path_of_list(&store.ledger.lists[0].sha256)).unwrap();
    stopped(store.stock(&guard(0)));
    assert!(store.forget_list("SERVER.EXE").unwrap());
    assert!(!store.forget_list("server.exe").unwrap());
    assert_eq!(*permit(&store.stock(&guard(0))), Permit::Allowed);
}

#[test]
fn what_a_dead_writer_left_counts_for_nothing() {
    let (_folder, mut store) = store();
    let content = package(&mut store);
    let one = list(1, &[entry(&content)], &[1]);
    let stray = store.path_of_list(&sha256(&one.to_bytes()));
    std::fs::write(&stray, one.to_bytes()).unwrap();
    assert!(store.stock(&guard(0)).counting().is_empty());
    store
        .add_list(&list(2, &[], &[1]), &guard(0), day(0))
        .unwrap();
    assert!(!stray.exists());
}
