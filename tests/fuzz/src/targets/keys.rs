//! Keys: PEM as it is, and DER in a PEM made for it.

use hotpatch::package::{PublicKey, SigningKey};

const LABELS: [&str; 3] = ["PUBLIC KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];

/// One byte says which label, or that the rest is the text.
pub fn keys(data: &[u8]) {
    let Some((label, rest)) = data.split_first() else {
        return;
    };
    let text = match LABELS.get(usize::from(*label)) {
        Some(label) => format!(
            "-----BEGIN {label}-----\n{}-----END {label}-----\n",
            base64(rest)
        ),
        None => String::from_utf8_lossy(rest).into_owned(),
    };
    let _ = PublicKey::from_any_pem(&text, None);
    if let Ok(key) = PublicKey::from_pem(&text) {
        assert_eq!(PublicKey::from_pem(&key.to_pem()).ok(), Some(key));
    }
    if let Ok(key) = SigningKey::from_pem(&text, Some(b"passphrase")) {
        let plain = key.to_pem(None).expect("a key that can be written");
        assert!(SigningKey::from_pem(&plain, None).is_ok_and(|k| k.public() == key.public()));
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, part) in bytes.chunks(3).enumerate() {
        if index > 0 && index % 16 == 0 {
            text.push('\n');
        }
        let mut word = [0; 3];
        word[..part.len()].copy_from_slice(part);
        let word = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for i in 0..4 {
            let digit = (word >> (18 - 6 * i)) as usize & 63;
            let used = i <= part.len();
            text.push(if used {
                char::from(ALPHABET[digit])
            } else {
                '='
            });
        }
    }
    text.push('\n');
    text
}

/// The DER of a PEM text.
fn der(pem: &str) -> Vec<u8> {
    let digits = pem
        .lines()
        .filter(|l| !l.starts_with('-'))
        .flat_map(str::bytes);
    let values = digits.filter_map(|d| ALPHABET.iter().position(|a| *a == d));
    let values: Vec<usize> = values.collect();
    values
        .chunks(4)
        .flat_map(|c| {
            let word = c.iter().fold(0usize, |w, v| w << 6 | v) << (6 * (4 - c.len()));
            let bytes = [(word >> 16) as u8, (word >> 8) as u8, word as u8];
            bytes[..c.len().saturating_sub(1)].to_vec()
        })
        .collect()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let key = SigningKey::from_seed(&[9; 32]);
    let public = key.public().to_pem();
    let private = key.to_pem(None).expect("a key");
    let mut seeds = vec![
        [&[0], der(&public).as_slice()].concat(),
        [&[1], der(&private).as_slice()].concat(),
    ];
    seeds.extend([public.as_str(), &private].map(|t| [&[0xff], t.as_bytes()].concat()));
    // PBES2 with PBKDF2-HMAC-SHA-256, two rounds, AES-256-CBC.
    let head = "MIGSMFIGCSqGSIb3DQEFDTBFMCQGCSqGSIb3DQEFDDAXBAgAAAAAAAAAAAIBAjAMBggqhkiG9w0CCQUA\
                MB0GCWCGSAFlAwQBKgQQAAAAAAAAAAAAAAAAAAAAAAQ8";
    seeds.push([vec![2], der(head), vec![0; 60]].concat());
    seeds
}
