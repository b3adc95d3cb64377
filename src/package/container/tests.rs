use proptest::prelude::*;

use super::*;
use crate::package::SigningKey;

fn signed_by(keys: &[u8]) -> Vec<u8> {
    let body = unsigned(b"m = 1\n", b"payload").unwrap();
    let message = message(&body);
    let sign = |seed: &u8| {
        let key = SigningKey::from_seed(&[*seed; 32]);
        Signature {
            key: key.public(),
            bytes: key.sign(&message),
        }
    };
    attach(body, keys.iter().map(sign).collect()).unwrap()
}

fn with_u32(at: usize, value: u32) -> Vec<u8> {
    let mut file = signed_by(&[1]);
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    file
}

/// Where the signature block of such a package begins.
fn block() -> usize {
    HEADER_LEN + content::compress(b"m = 1\n", b"payload").unwrap().len()
}

#[test]
fn the_layout_is_the_documented_one() {
    let file = signed_by(&[1]);
    assert_eq!(file[..8], [0x89, 0x48, 0x50, 0x4b, 0x0d, 0x0a, 0x1a, 0x0a]);
    let content = content::compress(b"m = 1\n", b"payload").unwrap();
    let size = content.len() as u8;
    assert_eq!(
        file[8..24],
        [2, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, size, 0, 0, 0]
    );
    let block = block();
    assert_eq!(file[24..block], content);
    assert_eq!(file[block..block + 4], [1, 0, 0, 0]);
    let key = SigningKey::from_seed(&[1; 32]);
    assert_eq!(&file[block + 4..block + 36], key.public().as_bytes());
    assert_eq!(file.len(), block + 4 + 96);

    let parts = Container::parse(&file).unwrap();
    assert_eq!(parts.signed, &file[..block]);
    let content = parts.unpack().unwrap();
    assert_eq!(content.manifest(), b"m = 1\n");
    assert_eq!(content.payload(), b"payload");
    assert!(
        key.public()
            .accepts(&parts.message(), &parts.signatures[0].bytes)
    );
}

#[test]
fn the_message_is_a_short_text() {
    // head -c 3 | sha512sum of "abc"
    let text = String::from_utf8(message(b"abc")).unwrap();
    assert_eq!(
        text,
        "hotpatch package\nversion 2\nsha512 \
         ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f\n"
    );
    assert_eq!(text.len(), 163);
}

#[test]
fn signatures_are_sorted_whatever_the_order_of_keys() {
    assert_eq!(signed_by(&[1, 2, 3]), signed_by(&[3, 1, 2]));
}

#[test]
fn an_unsorted_or_repeated_key_is_refused() {
    let file = signed_by(&[1, 2]);
    let (first, second) = (block() + 4, block() + 4 + 96);
    let swapped = [&file[..first], &file[second..], &file[first..second]].concat();
    assert_eq!(Container::parse(&swapped), Err(FormatError::Order(1)));
    let twice = [&file[..second], &file[first..second]].concat();
    assert_eq!(Container::parse(&twice), Err(FormatError::Order(1)));

    let body = unsigned(b"m", b"p").unwrap();
    let signature = Container::parse(&file).unwrap().signatures[0].clone();
    let result = attach(body, vec![signature.clone(), signature]);
    assert_eq!(result, Err(FormatError::Order(1)));
}

#[test]
fn versions_and_sizes_are_limited() {
    let limit = |at, value: usize| match Container::parse(&with_u32(at, value as u32)) {
        Err(FormatError::Limit { value: v, .. }) => v == value,
        _ => false,
    };
    assert!(limit(12, 0) && limit(12, MAX_MANIFEST + 1) && limit(12, u32::MAX as usize));
    assert!(limit(16, 0) && limit(16, MAX_PAYLOAD + 1));
    assert!(limit(20, 0) && limit(20, MAX_CONTENT + 1));
    assert!(limit(block(), 0) && limit(block(), MAX_SIGNATURES + 1));
    assert_eq!(
        Container::parse(&with_u32(8, 1)),
        Err(FormatError::Version(1))
    );
    let error = Container::parse(&with_u32(20, 0x100_0000)).unwrap_err();
    let size = signed_by(&[1]).len();
    assert_eq!(
        error.to_string(),
        format!("the file ends inside the content: 0x1000018 bytes needed, {size:#x} present")
    );
    // Nothing is unpacked for the sake of a header.
    let file = with_u32(16, MAX_PAYLOAD as u32);
    let parts = Container::parse(&file).unwrap();
    assert_eq!(
        parts.unpack().err(),
        Some(FormatError::Content(MAX_PAYLOAD + 6))
    );
}

#[test]
fn what_is_too_large_is_not_written() {
    assert!(unsigned(b"", b"p").is_err() && unsigned(b"m", b"").is_err());
    assert!(unsigned(&vec![b'#'; MAX_MANIFEST + 1], b"p").is_err());
    assert!(attach(unsigned(b"m", b"p").unwrap(), vec![]).is_err());
}

#[test]
fn nothing_may_follow_or_be_missing() {
    let file = signed_by(&[1]);
    let longer = [&file[..], b"\0"].concat();
    assert_eq!(Container::parse(&longer), Err(FormatError::Trailing(1)));
    for size in 0..file.len() {
        let error = Container::parse(&file[..size]).unwrap_err();
        match size {
            0..8 => assert_eq!(error, FormatError::Magic),
            _ => assert!(matches!(error, FormatError::Truncated { .. }), "{size:#x}"),
        }
    }
}

#[test]
fn a_key_that_is_no_point_is_refused() {
    let mut file = signed_by(&[1]);
    file[block() + 4..block() + 36].fill(0);
    assert_eq!(Container::parse(&file), Err(FormatError::Key(0)));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = Container::parse(&bytes);
        let _ = Container::parse(&[&MAGIC[..], &bytes].concat());
        let _ = Container::parse(&[&MAGIC[..], &VERSION.to_le_bytes(), &bytes].concat());
    }

    #[test]
    fn mutated_packages_never_panic_and_parse_only_to_themselves(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut file = signed_by(&[1, 2]);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = Container::parse(&file[..cut.index(file.len())]);
        if let Ok(parts) = Container::parse(&file) {
            let _ = parts.unpack();
            let again = attach(parts.signed.to_vec(), parts.signatures.clone()).unwrap();
            prop_assert_eq!(again, file);
        }
    }
}
