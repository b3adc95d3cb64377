//! What a list says, as TOML:
//!
//! ```toml
//! format = 1
//! product = "server.exe"
//! sequence = 3
//! issued = "2026-02-28T12:00:00Z"
//! expires = "2026-03-31T23:59:59Z"
//!
//! [[withdrawn]]
//! id = "CVE-2025-1234"
//! file = "server.exe"
//! content_sha256 = "1f4e…64 hex digits"
//! revert = true
//! reason = "loses orders with two currencies"
//! ```

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use crate::package::Package;

/// Version of the layout.
pub const FORMAT: u32 = 1;

/// Most packages that a list withdraws.
pub const MAX_ENTRIES: usize = 1000;

/// Longest text in bytes.
const MAX_TEXT: usize = 256;

/// The largest number that TOML can write.
const MAX_SEQUENCE: u64 = i64::MAX as u64;

/// What is withdrawn of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    format: u32,
    /// The product, as packages name it.
    pub product: String,
    /// The number of the list: one with a higher one takes its place.
    pub sequence: u64,
    /// When it was written.
    pub issued: Moment,
    /// The last moment at which it is known to be the latest.
    pub expires: Moment,
    /// The packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<Withdrawn>,
}

/// A package that is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// Its id.
    pub id: String,
    /// File name of the image that it changes.
    pub file: String,
    /// SHA-256 of every byte before its signatures, as lower-case hex: the same whoever signs it.
    pub content_sha256: String,
    /// Whether it is taken out of processes that have it. Otherwise it is only not applied any
    /// more.
    #[serde(default)]
    pub revert: bool,
    /// Why.
    pub reason: String,
}

/// Why a list can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Not TOML with the right fields.
    #[error("line {line}: {message}")]
    Toml {
        /// Line, counted from 1; 0 where it isn't known.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Written by a later version.
    #[error("format {0} is not supported, only format {FORMAT}")]
    Format(u32),
    /// It says something that means nothing.
    #[error("{0}")]
    Meaning(String),
}

impl Withdrawn {
    /// The entry of a package.
    pub fn of(package: &Package, revert: bool, reason: &str) -> Self {
        Withdrawn {
            id: package.manifest.patch.id.clone(),
            file: package.manifest.target.file_name.clone(),
            content_sha256: package.content_sha256_hex(),
            revert,
            reason: reason.to_owned(),
        }
    }

    /// Whether it is for a module of this name.
    pub fn is_for(&self, module: &str) -> bool {
        self.file.to_lowercase() == module.to_lowercase()
    }
}

impl List {
    /// A list.
    ///
    /// # Errors
    /// [`ListError::Meaning`]
    pub fn new(
        (product, sequence): (&str, u64),
        (issued, expires): (Moment, Moment),
        withdrawn: Vec<Withdrawn>,
    ) -> Result<Self, ListError> {
        let list = List {
            format: FORMAT,
            product: product.to_owned(),
            sequence,
            issued,
            expires,
            withdrawn,
        };
        list.check()?;
        Ok(list)
    }

    /// Reads what [`List::to_toml`] wrote.
    ///
    /// # Errors
    /// [`ListError`]
    pub fn from_toml(text: &str) -> Result<Self, ListError> {
        let list: List = toml::from_str(text).map_err(|error| {
            let (line, message) = crate::ops::policy::place(text, &error);
            ListError::Toml { line, message }
        })?;
        if list.format != FORMAT {
            return Err(ListError::Format(list.format));
        }
        list.check()?;
        Ok(list)
    }

    /// The list as TOML.
    ///
    /// # Errors
    /// None for a list that was checked.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Whether it is about this product.
    pub fn is_about(&self, product: &str) -> bool {
        self.product.to_lowercase() == product.to_lowercase()
    }

    /// What it says of the package with this content.
    pub fn of_content(&self, content_sha256: &str) -> Option<&Withdrawn> {
        let mut all = self.withdrawn.iter();
        all.find(|w| w.content_sha256 == content_sha256)
    }

    fn check(&self) -> Result<(), ListError> {
        let wrong = |text: String| Err(ListError::Meaning(text));
        if self.withdrawn.len() > MAX_ENTRIES {
            return wrong(format!("it has more than {MAX_ENTRIES} packages"));
        }
        if self.sequence > MAX_SEQUENCE {
            return wrong(format!("the sequence is more than {MAX_SEQUENCE}"));
        }
        if self.expires < self.issued {
            return wrong("it expires before it was issued".to_owned());
        }
        let of_entry = |w: &Withdrawn| [w.id.clone(), w.file.clone(), w.reason.clone()];
        let texts = self.withdrawn.iter().flat_map(of_entry);
        for text in texts.chain([self.product.clone()]) {
            let is_line = (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control);
            if !is_line {
                return wrong(format!("{text:?} is not one line of 1 to {MAX_TEXT} bytes"));
            }
        }
        let mut seen = BTreeSet::new();
        for entry in &self.withdrawn {
            let sha256 = &entry.content_sha256;
            let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            if sha256.len() != 64 || !sha256.bytes().all(is_hex) {
                return wrong(format!("{sha256:?} is not 64 digits of lower-case hex"));
            }
            if !seen.insert(sha256) {
                return wrong(format!("the package {sha256} is there twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(in crate::ops) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any list.
    pub fn list() -> impl Strategy<Value = List> {
        let entry = ("[a-z\"é ]{1,9}", any::<[u8; 32]>(), any::<bool>());
        let entry = entry.prop_map(|(text, sha256, revert)| Withdrawn {
            id: text.clone(),
            file: "server.exe".to_owned(),
            content_sha256: hex::encode(sha256),
            revert,
            reason: text,
        });
        let entries = prop::collection::vec(entry, 0..4);
        let times = (0u64..1 << 38, 0u64..1 << 30);
        ("[a-z.#]{1,9}", 0..=MAX_SEQUENCE, times, entries).prop_map(
            |(product, sequence, (issued, lasts), mut withdrawn)| {
                withdrawn.sort_by(|a, b| a.content_sha256.cmp(&b.content_sha256));
                withdrawn.dedup_by(|a, b| a.content_sha256 == b.content_sha256);
                let times = [issued, issued + lasts].map(Moment::from_seconds);
                List::new((&product, sequence), times.into(), withdrawn).unwrap()
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(list in list()) {
            let text = list.to_toml().unwrap();
            prop_assert_eq!(List::from_toml(&text), Ok(list));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let head = "format = 1\nproduct = \"a\"\nsequence = 1\n\
                    issued = \"2026-01-01T00:00:00Z\"\nexpires = \"2026-02-01T00:00:00Z\"\n";
        let entry = format!(
            "[[withdrawn]]\nid = \"x\"\nfile = \"a.exe\"\ncontent_sha256 = \"{}\"\n\
             reason = \"why\"\n",
            "ab".repeat(32)
        );
        let good = format!("{head}{entry}");
        assert!(List::from_toml(&good).is_ok());
        assert!(!List::from_toml(&good).unwrap().withdrawn[0].revert);
        for bad in [
            "",
            &good.replace("format = 1", "format = 2"),
            &good.replace("product = \"a\"", "product = \"\""),
            &good.replace("sequence = 1", "sequence = -1"),
            &good.replace("2026-02-01", "2025-02-01"),
            &good.replace("reason = \"why\"", "reason = \"a\\nb\""),
            &good.replace("reason = \"why\"", "other = 1"),
            &good.replace("abab", "ABAB"),
            &format!("{good}{entry}"),
        ] {
            assert!(List::from_toml(bad).is_err(), "{bad}");
        }
    }
}
