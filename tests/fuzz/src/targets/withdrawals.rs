//! Lists of withdrawn packages: as they come from elsewhere, and what is behind a signature.

use hotpatch::moment::Moment;
use hotpatch::ops::policy::{Policy, Trusted, Withdrawal, may_withdraw};
use hotpatch::ops::withdrawal::{List, SignedList, Withdrawn};
use hotpatch::package::SigningKey;
use hotpatch::package::container::Signature;

fn sign(list: &mut SignedList, seed: u8) {
    let key = SigningKey::from_seed(&[seed; 32]);
    let bytes = key.sign(&list.message());
    let key = key.public();
    // One that has as many signatures as there can be takes no other one.
    let _ = list.add(Signature { key, bytes });
}

/// A list; and the same with one more signature.
pub fn list(data: &[u8]) {
    let Ok(mut list) = SignedList::parse(data) else {
        return;
    };
    assert_eq!(list.to_bytes(), data);
    sign(&mut list, 1);
    assert_eq!(SignedList::parse(&list.to_bytes()).as_ref(), Ok(&list));
    let text = list.list.to_toml().expect("what was read can be written");
    assert_eq!(List::from_toml(&text).as_ref(), Ok(&list.list));
    let files: Vec<&str> = list
        .list
        .withdrawn
        .iter()
        .map(|w| w.file.as_str())
        .collect();
    let withdrawal = Withdrawal {
        product: &list.list.product,
        files: &files,
        signers: &list.signers(),
    };
    let trusted = Trusted {
        keys: vec![SigningKey::from_seed(&[1; 32]).public().id()],
        named: false,
    };
    let _ = may_withdraw(&withdrawal, &trusted, &Policy::default());
}

pub fn list_seeds() -> Vec<Vec<u8>> {
    let entry = Withdrawn {
        id: "CVE-2026-1".to_owned(),
        file: "server.exe".to_owned(),
        content_sha256: "ab".repeat(32),
        revert: true,
        reason: "leaks".to_owned(),
    };
    let times = (Moment::from_seconds(1 << 30), Moment::from_seconds(1 << 31));
    let list = List::new(("server.exe", 7), times, vec![entry]).expect("a good list");
    let unsigned = SignedList::unsigned(list).expect("a good list");
    let mut signed = unsigned.clone();
    sign(&mut signed, 2);
    sign(&mut signed, 3);
    vec![unsigned.to_bytes(), signed.to_bytes()]
}
