use super::*;
use crate::package::container::{self, MAGIC};
use crate::package::testing::{key, manifest, payload};
use crate::package::{ManifestError, SealError, SigningKey, seal};

fn package(seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<SigningKey> = seeds.iter().map(|s| key(*s)).collect();
    seal(&manifest(), &payload(), &keys).unwrap()
}

/// A well-signed package with any manifest.
fn signed(manifest: &[u8]) -> Vec<u8> {
    let body = container::unsigned(manifest, &payload()).unwrap();
    let bytes = key(1).sign(&container::message(&body));
    let key = key(1).public();
    container::attach(body, vec![Signature { key, bytes }]).unwrap()
}

#[test]
fn what_was_sealed_verifies() {
    let file = package(&[1]);
    let verified = verify(&file, &[key(9).public(), key(1).public()]).unwrap();
    assert_eq!(verified.manifest, manifest());
    assert_eq!(verified.payload, payload());
    assert_eq!(verified.size, file.len() as u64);
    assert_eq!(verified.sha256, <[u8; 32]>::from(Sha256::digest(&file)));
    assert_eq!(verified.signers(), [key(1).public().id()]);
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    assert_eq!(package(&[1, 2, 3]), package(&[3, 2, 1]));
}

#[test]
fn a_key_signs_once() {
    let twice = seal(&manifest(), &payload(), &[key(1), key(2), key(1)]);
    assert!(matches!(twice, Err(SealError::SameKey(id)) if id == key(1).public().id()));
    assert!(matches!(
        seal(&manifest(), &payload(), &[]),
        Err(SealError::Format(FormatError::Limit { value: 0, .. }))
    ));
}

#[test]
fn what_would_not_verify_is_not_sealed() {
    let mut bad = manifest();
    bad.patch.id = "../x".to_owned();
    assert!(matches!(
        seal(&bad, &payload(), &[key(1)]),
        Err(SealError::Manifest(_))
    ));
    assert!(seal(&manifest(), b"", &[key(1)]).is_err());
}

#[test]
fn an_unknown_signer_is_refused_by_name() {
    let error = verify(&package(&[1]), &[key(2).public()]).unwrap_err();
    assert!(matches!(&error, VerifyError::UntrustedKey(ids) if *ids == [key(1).public().id()]));
    assert!(
        error
            .to_string()
            .contains(&key(1).public().id().to_string())
    );
    assert!(matches!(
        verify(&package(&[1]), &[]),
        Err(VerifyError::UntrustedKey(_))
    ));
}

#[test]
fn one_trusted_signature_of_several_is_enough_but_all_must_be_valid() {
    let mut file = package(&[1, 2]);
    let verified = verify(&file, &[key(2).public()]).unwrap();
    assert_eq!(verified.signers(), [key(2).public().id()]);
    assert_eq!(verified.signatures.len(), 2);

    let other = verified
        .signatures
        .iter()
        .position(|s| s.key == key(1).public());
    let at = file.len() - 96 * (2 - other.unwrap()) + 32;
    file[at] ^= 1;
    assert!(matches!(
        verify(&file, &[key(2).public()]),
        Err(VerifyError::BadSignature(id)) if id == key(1).public().id()
    ));
}

#[test]
fn every_bit_counts() {
    for seeds in [&[1][..], &[1, 2]] {
        let file = package(seeds);
        let trusted = [key(1).public()];
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match verify(&flipped, &trusted) {
                Err(VerifyError::NotAPackage(_)) => assert!(bit < MAGIC.len() * 8),
                Err(VerifyError::Corrupt(_) | VerifyError::BadSignature(_)) => {
                    assert!(bit >= MAGIC.len() * 8);
                }
                other => panic!("bit {bit:#x}: {other:?}"),
            }
        }
    }
}

#[test]
fn every_byte_is_needed_and_none_may_follow() {
    let file = package(&[1, 2]);
    let trusted = [key(1).public(), key(2).public()];
    for size in 0..file.len() {
        match verify(&file[..size], &trusted) {
            Err(VerifyError::NotAPackage(_)) => assert!(size < MAGIC.len()),
            Err(VerifyError::Corrupt(_)) => assert!(size >= MAGIC.len()),
            other => panic!("{size:#x} bytes: {other:?}"),
        }
    }
    for extra in [&b"\0"[..], b"\n", &file] {
        let longer = [&file, extra].concat();
        assert!(matches!(
            verify(&longer, &trusted),
            Err(VerifyError::Corrupt(FormatError::Trailing(n))) if n == extra.len()
        ));
    }
}

#[test]
fn signatures_do_not_move_between_packages() {
    let mut other = manifest();
    other.patch.sequence = 2;
    let other = seal(&other, &payload(), &[key(1)]).unwrap();
    let mut file = package(&[1]);
    let block = file.len() - 100;
    file[block..].copy_from_slice(&other[other.len() - 100..]);
    assert!(matches!(
        verify(&file, &[key(1).public()]),
        Err(VerifyError::BadSignature(_))
    ));
}

#[test]
fn a_signature_of_the_bare_bytes_does_not_count() {
    let body = container::unsigned(b"m", b"p").unwrap();
    let (bytes, key) = (key(1).sign(&body), key(1).public());
    let file = container::attach(
        body,
        vec![Signature {
            key: key.clone(),
            bytes,
        }],
    )
    .unwrap();
    assert!(matches!(
        verify(&file, &[key]),
        Err(VerifyError::BadSignature(_))
    ));
}

#[test]
fn a_signed_manifest_is_still_checked() {
    let text = manifest().to_toml().unwrap();
    let bad = |text: &str| match verify(&signed(text.as_bytes()), &[key(1).public()]) {
        Err(VerifyError::BadManifest(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(verify(&signed(text.as_bytes()), &[key(1).public()]).is_ok());
    assert_eq!(
        bad(&text.replace("format = 1", "format = 2")),
        ManifestError::Format(2)
    );
    assert!(matches!(
        bad("format = \n"),
        ManifestError::Toml { line: 1, .. }
    ));
    let unknown = text.replace("[patch]\n", "[patch]\nreboot = true\n");
    let ManifestError::Toml { line, message } = bad(&unknown) else {
        panic!("an unknown field is a TOML error");
    };
    assert!(line > 1 && message.contains("reboot"), "{line}: {message}");
    assert!(matches!(
        verify(&signed(b"a = \"\xff\""), &[key(1).public()]),
        Err(VerifyError::BadManifest(ManifestError::Utf8(5)))
    ));
    let deep = format!("a = {}", "[".repeat(100_000));
    assert!(matches!(bad(&deep), ManifestError::Toml { .. }));
}

#[test]
fn a_wrong_manifest_of_an_unknown_signer_is_never_read() {
    assert!(matches!(
        verify(&signed(b"\xff"), &[key(2).public()]),
        Err(VerifyError::UntrustedKey(_))
    ));
}

#[test]
fn a_look_without_trust_says_whether_the_bytes_are_whole() {
    let mut file = package(&[1]);
    let opened = open_unverified(&file).unwrap();
    assert!(opened.intact());
    assert_eq!(opened.manifest, manifest());
    let signature = file.len() - 1;
    file[signature] ^= 1;
    assert!(!open_unverified(&file).unwrap().intact());
}

#[test]
fn a_signature_made_elsewhere_can_be_attached() {
    use crate::package::{add_signature, unsigned};
    let body = unsigned(&manifest(), &payload()).unwrap();
    let make = |seed| Signature {
        key: key(seed).public(),
        bytes: key(seed).sign(&container::message(&body)),
    };
    let one = container::attach(body.clone(), vec![make(2)]).unwrap();
    assert_eq!(one, package(&[2]));
    assert_eq!(add_signature(&one, make(1)).unwrap(), package(&[1, 2]));
    assert!(matches!(
        add_signature(&one, make(2)),
        Err(SealError::SameKey(id)) if id == key(2).public().id()
    ));
}
