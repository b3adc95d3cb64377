//! The file of a list (`.hpw`): the list as TOML, and a line for each signature.
//!
//! ```text
//! format = 1
//! …
//! #signed <public key, 64 digits of hex> <signature, 128 digits of hex>
//! ```
//!
//! The lines of signatures are comments to TOML. They are the last of the file, by ascending
//! public key, none twice, each ended by one line feed; hex is in lower case. A list without
//! any is one that is not signed yet.
//!
//! Every signature is one of the same [`message`]: a text of three lines, as that of a package,
//!
//! ```text
//! hotpatch withdrawals
//! version 1
//! sha512 <SHA-512 of every byte before the first line of a signature, as lower-case hex>
//! ```
//!
//! each ended by one line feed. The first line keeps it from passing for a signature of
//! anything else.

use sha2::{Digest, Sha512};

use super::list::{List, ListError};
use crate::package::container::{MAX_SIGNATURES, Signature};
use crate::package::keys::{KeyId, PUBLIC_KEY_LEN, PublicKey, SIGNATURE_LEN};

/// Largest file in bytes.
pub const MAX_FILE: usize = 1 << 20;

/// How the line of a signature begins.
const SIGNED: &str = "#signed ";

/// How every list begins.
const START: &[u8] = b"format = ";

/// Why bytes are no list.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedListError {
    /// Larger than any list.
    #[error("it has more than {MAX_FILE} bytes")]
    Size,
    /// It isn't text.
    #[error("it is not UTF-8 text")]
    Text,
    /// What is signed is no list.
    #[error("it is no list of withdrawn packages")]
    List(#[from] ListError),
    /// A line of a signature isn't as it should be.
    #[error("the line of signature {0} is not as it should be")]
    Line(usize),
    /// The signatures aren't in the order of their keys, or a key signed twice.
    #[error("signature {0} is out of order, or its key signed twice")]
    Order(usize),
    /// More signatures than there can be.
    #[error("it has more than {MAX_SIGNATURES} signatures")]
    TooMany,
    /// A signature doesn't fit: something was changed after it was made.
    #[error("the signature by key {0} is not valid: the list was changed after it was signed")]
    Signature(KeyId),
    /// The key has signed it already.
    #[error("the key {0} has signed the list already")]
    SameKey(KeyId),
}

/// A list with its signatures, each of which is valid, by whatever key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedList {
    /// What it says.
    pub list: List,
    /// What is signed.
    text: String,
    /// The signatures, by ascending public key.
    pub signatures: Vec<Signature>,
}

/// Whether a file begins as a list does.
pub fn is_list(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// The text that a signature of a list is of; `signed` is every byte before the signatures.
pub fn message(signed: &[u8]) -> Vec<u8> {
    let digest = hex::encode(Sha512::digest(signed));
    format!("hotpatch withdrawals\nversion 1\nsha512 {digest}\n").into_bytes()
}

impl SignedList {
    /// A list that nobody has signed yet.
    ///
    /// # Errors
    /// [`SignedListError::Size`]
    pub fn unsigned(list: List) -> Result<Self, SignedListError> {
        let text = list.to_toml().map_err(|e| {
            let message = e.to_string();
            ListError::Toml { line: 0, message }
        })?;
        let unsigned = SignedList {
            list,
            text,
            signatures: Vec::new(),
        };
        // So that what is written can be read.
        SignedList::parse(unsigned.to_bytes().as_slice())
    }

    /// Takes a file apart. Each signature has to be valid; who made them is not asked.
    ///
    /// # Errors
    /// [`SignedListError`]
    pub fn parse(file: &[u8]) -> Result<Self, SignedListError> {
        if file.len() > MAX_FILE {
            return Err(SignedListError::Size);
        }
        let file = str::from_utf8(file).map_err(|_| SignedListError::Text)?;
        let first = file.find(&format!("\n{SIGNED}")).map(|at| at + 1);
        let (text, lines) = file.split_at(first.unwrap_or(file.len()));
        if !text.ends_with('\n') {
            return Err(SignedListError::Line(0));
        }
        let signatures = signatures(lines)?;
        let message = message(text.as_bytes());
        let invalid = |s: &&Signature| !s.key.accepts(&message, &s.bytes);
        if let Some(signature) = signatures.iter().find(invalid) {
            return Err(SignedListError::Signature(signature.key.id()));
        }
        Ok(SignedList {
            list: List::from_toml(text)?,
            text: text.to_owned(),
            signatures,
        })
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut file = self.text.clone();
        for signature in &self.signatures {
            let (key, bytes) = (signature.key.as_bytes(), signature.bytes);
            let line = format!("{SIGNED}{} {}\n", hex::encode(key), hex::encode(bytes));
            file.push_str(&line);
        }
        file.into_bytes()
    }

    /// What has to be signed.
    pub fn message(&self) -> Vec<u8> {
        message(self.text.as_bytes())
    }

    /// The list as it is signed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The keys that signed it.
    pub fn signers(&self) -> Vec<KeyId> {
        self.signatures.iter().map(|s| s.key.id()).collect()
    }

    /// Adds a signature.
    ///
    /// # Errors
    /// [`SignedListError`]; the list is as it was then.
    pub fn add(&mut self, signature: Signature) -> Result<(), SignedListError> {
        if self.signatures.iter().any(|s| s.key == signature.key) {
            return Err(SignedListError::SameKey(signature.key.id()));
        }
        let mut more = self.clone();
        more.signatures.push(signature);
        let by_key = |a: &Signature, b: &Signature| a.key.as_bytes().cmp(b.key.as_bytes());
        more.signatures.sort_by(by_key);
        *self = SignedList::parse(&more.to_bytes())?;
        Ok(())
    }
}

fn signatures(lines: &str) -> Result<Vec<Signature>, SignedListError> {
    let mut signatures: Vec<Signature> = Vec::new();
    for (i, line) in lines.split_inclusive('\n').enumerate() {
        if i == MAX_SIGNATURES {
            return Err(SignedListError::TooMany);
        }
        let signature = signature(line).ok_or(SignedListError::Line(i))?;
        let last = signatures.last();
        if last.is_some_and(|s| s.key.as_bytes() >= signature.key.as_bytes()) {
            return Err(SignedListError::Order(i));
        }
        signatures.push(signature);
    }
    Ok(signatures)
}

fn signature(line: &str) -> Option<Signature> {
    let line = line.strip_prefix(SIGNED)?.strip_suffix('\n')?;
    let (key, bytes) = line.split_once(' ')?;
    Some(Signature {
        key: PublicKey::from_bytes(&digits::<PUBLIC_KEY_LEN>(key)?)?,
        bytes: digits::<SIGNATURE_LEN>(bytes)?,
    })
}

/// Exactly as many digits as there must be, in lower case: there is one way to write a file.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    (hex::encode(bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ops::withdrawal::list::tests::list;
    use crate::package::testing::key;

    fn signed(list: List, seeds: &[u8]) -> SignedList {
        let mut signed = SignedList::unsigned(list).unwrap();
        for seed in seeds {
            let key = key(*seed);
            let bytes = key.sign(&signed.message());
            let key = key.public();
            signed.add(Signature { key, bytes }).unwrap();
        }
        signed
    }

    proptest! {
        #[test]
        fn a_file_reads_back_and_no_byte_of_it_can_be_changed(
            list in list(),
            seeds in prop::collection::btree_set(1u8..9, 1..4),
            at in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let seeds: Vec<u8> = seeds.into_iter().collect();
            let good = signed(list, &seeds);
            let mut file = good.to_bytes();
            prop_assert_eq!(SignedList::parse(&file), Ok(good.clone()));
            prop_assert!(is_list(&file));
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
            // A line that is no signature's any more is one of the list, which others have not
            // signed; where there are none, nobody has.
            match SignedList::parse(&file) {
                Err(_) => {}
                Ok(read) => prop_assert!(read.signatures.is_empty()),
            }
        }

        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = SignedList::parse(&bytes);
        }
    }

    fn one() -> List {
        let times = [0, 9].map(crate::moment::Moment::from_seconds);
        List::new(("a", 1), times.into(), Vec::new()).unwrap()
    }

    #[test]
    fn there_is_one_way_to_write_a_signature() {
        let file = String::from_utf8(signed(one(), &[1, 2]).to_bytes()).unwrap();
        let (text, lines) = file.split_at(file.find(SIGNED).unwrap());
        let lines: Vec<&str> = lines.lines().collect();
        let (a, b) = (lines[0], lines[1]);
        for bad in [
            format!("{text}{b}\n{a}\n"),
            format!("{text}{a}\n{a}\n"),
            format!("{text}{a}"),
            format!("{text}{a}\r\n"),
            format!("{text}{a} \n"),
            format!("{text}{a}\n\n"),
            format!("{text}{}\n", a.to_uppercase().replace("#SIGNED", "#signed")),
            format!("{text}{a}\nformat = 1\n"),
            format!("{text}\n{a}\n"),
        ] {
            assert!(SignedList::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let many: String = (0..=MAX_SIGNATURES).map(|_| format!("{a}\n")).collect();
        assert!(SignedList::parse(format!("{text}{many}").as_bytes()).is_err());
    }

    #[test]
    fn a_signature_of_a_package_is_none_of_a_list() {
        let mut list = SignedList::unsigned(one()).unwrap();
        let message = crate::package::container::message(list.text().as_bytes());
        let signature = Signature {
            key: key(1).public(),
            bytes: key(1).sign(&message),
        };
        let refused = list.add(signature).unwrap_err();
        assert_eq!(refused, SignedListError::Signature(key(1).public().id()));
        assert!(list.signatures.is_empty());
    }
}
