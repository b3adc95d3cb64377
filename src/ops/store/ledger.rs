//! What an administrator decided about the packages of a store, and what is written down of it.
//!
//! Kept as TOML in `store.toml`:
//!
//! ```toml
//! format = 1
//!
//! [[package]]
//! sha256 = "1f4e…64 hex digits"
//! added = "2026-02-28T12:00:00Z"
//!
//! [package.held]
//! since = "2026-03-01T08:00:00Z"
//! reason = "billing is slow since"
//!
//! [[list]]
//! product = "server.exe"
//! sequence = 3
//! sha256 = "77ab…64 hex digits"
//! added = "2026-02-28T12:00:00Z"
//!
//! [[paused]]
//! program = "billing.exe"
//! since = "2026-03-01T08:00:00Z"
//!
//! [[quarantined]]
//! package = "1f4e…64 hex digits"
//! program = "server.exe"
//! since = "2026-03-01T08:00:00Z"
//! reason = "process 4711 ended with 0xc0000005 after 3 s"
//! ```
//!
//! Everything here is pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// Version of the layout.
const FORMAT: u32 = 1;

/// Most packages that a store has.
pub(super) const MAX_PACKAGES: usize = 1000;

/// Longest reason, and longest name of a program, in bytes.
const MAX_TEXT: usize = 256;

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    format: u32,
    /// The packages, in the order in which they were added.
    #[serde(default, rename = "package", skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Entry>,
    /// The lists of withdrawn packages, one for each product.
    #[serde(default, rename = "list", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListEntry>,
    /// Programs of which nothing is changed, or all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paused: Vec<Pause>,
    /// Packages that ended a process, each for the program that it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<Quarantine>,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// SHA-256 of the file as lower-case hex.
    pub sha256: String,
    /// When it came in.
    pub added: Moment,
    /// That it is not to be applied for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Note>,
}

/// The list of withdrawn packages of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListEntry {
    /// The product.
    pub product: String,
    /// Its sequence: one with a lower one is never taken in.
    pub sequence: u64,
    /// SHA-256 of the file as lower-case hex.
    pub sha256: String,
    /// When it came in.
    pub added: Moment,
}

/// Since when something holds, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Since when.
    pub since: Moment,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// That processes are left as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// File name of the program; all programs where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Since when.
    pub since: Moment,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// That a package is not applied to a program any more, for it ended one of its processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// SHA-256 of the package file as hex.
    pub package: String,
    /// File name of the program.
    pub program: String,
    /// Since when.
    pub since: Moment,
    /// What happened.
    pub reason: String,
}

/// Why a ledger can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
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

impl Default for Ledger {
    fn default() -> Self {
        Ledger {
            format: FORMAT,
            packages: Vec::new(),
            lists: Vec::new(),
            paused: Vec::new(),
            quarantined: Vec::new(),
        }
    }
}

impl Entry {
    /// The entry of a package file that comes in now.
    pub fn new(bytes: &[u8], now: Moment) -> Self {
        use sha2::Digest;
        Entry {
            sha256: hex::encode(sha2::Sha256::digest(bytes)),
            added: now,
            held: None,
        }
    }
}

impl Note {
    /// As a person reads it.
    pub fn text(&self) -> String {
        text(self.since, self.reason.as_deref())
    }
}

impl Pause {
    /// As a person reads it.
    pub fn text(&self) -> String {
        text(self.since, self.reason.as_deref())
    }

    /// Whether it is about a program of this file name.
    pub fn covers(&self, program: &str) -> bool {
        let same = |named: &String| named.eq_ignore_ascii_case(program);
        self.program.as_ref().is_none_or(same)
    }
}

fn text(since: Moment, reason: Option<&str>) -> String {
    // To the minute, for tables.
    let since = since.to_string()[..16].replace('T', " ");
    match reason {
        Some(reason) => format!("since {since}: {reason}"),
        None => format!("since {since}"),
    }
}

impl Ledger {
    /// Reads what [`Ledger::to_toml`] wrote.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub fn from_toml(text: &str) -> Result<Self, LedgerError> {
        let ledger: Ledger = toml::from_str(text).map_err(|error| {
            let (line, message) = crate::ops::policy::place(text, &error);
            LedgerError::Toml { line, message }
        })?;
        if ledger.format != FORMAT {
            return Err(LedgerError::Format(ledger.format));
        }
        ledger.check()?;
        Ok(ledger)
    }

    /// The ledger as TOML.
    ///
    /// # Errors
    /// None for what this program makes.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The pause that is about a program, if there is one; one about all programs goes first.
    pub fn pause_of(&self, program: &str) -> Option<&Pause> {
        let mut all = self.paused.iter().filter(|p| p.program.is_none());
        let mut named = self.paused.iter().filter(|p| p.covers(program));
        all.next().or_else(|| named.next())
    }

    /// Whether a package must not be applied to a program, for it ended one of its processes.
    pub fn quarantine_of(&self, package: &str, program: &str) -> Option<&Quarantine> {
        let mut all = self.quarantined.iter();
        all.find(|q| q.package == package && q.program.eq_ignore_ascii_case(program))
    }

    /// Whether every part of it means something: what a later step takes for a file name must
    /// be one.
    ///
    /// # Errors
    /// [`LedgerError::Meaning`]
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        let wrong = |text: String| Err(LedgerError::Meaning(text));
        if self.packages.len() > MAX_PACKAGES {
            return wrong(format!("there are more than {MAX_PACKAGES} packages"));
        }
        if self.lists.len() > MAX_PACKAGES {
            return wrong(format!("there are more than {MAX_PACKAGES} lists"));
        }
        for (i, entry) in self.lists.iter().enumerate() {
            let product = entry.product.to_lowercase();
            if self.lists[..i]
                .iter()
                .any(|e| e.product.to_lowercase() == product)
            {
                return wrong(format!("there are two lists of {product:?}"));
            }
        }
        let hashes = self.packages.iter().map(|e| &e.sha256);
        let hashes = hashes.chain(self.lists.iter().map(|e| &e.sha256));
        for sha256 in hashes.chain(self.quarantined.iter().map(|q| &q.package)) {
            let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            if sha256.len() != 64 || !sha256.bytes().all(is_hex) {
                return wrong(format!("{sha256:?} is not 64 digits of lower-case hex"));
            }
        }
        for (i, entry) in self.packages.iter().enumerate() {
            let sha256 = &entry.sha256;
            if self.packages[..i].iter().any(|e| e.sha256 == *sha256) {
                return wrong(format!("the package {sha256} is there twice"));
            }
        }
        let held = self.packages.iter().filter_map(|e| e.held.as_ref());
        let reasons = held.map(|n| &n.reason);
        let reasons = reasons.chain(self.paused.iter().map(|p| &p.reason));
        let programs = self.paused.iter().map(|p| &p.program);
        let quarantined = self.quarantined.iter();
        let quarantined = quarantined.flat_map(|q| [&q.program, &q.reason]);
        let products = self.lists.iter().map(|e| &e.product);
        let others = quarantined.chain(products);
        for text in reasons.chain(programs).flatten().chain(others) {
            if !is_line(text) {
                return wrong(format!("{text:?} is not one line of 1 to {MAX_TEXT} bytes"));
            }
        }
        Ok(())
    }
}

/// Whether a text is one line of a sensible length.
pub fn is_line(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ledger() -> impl Strategy<Value = Ledger> {
        let moment = || (0u64..1 << 38).prop_map(Moment::from_seconds);
        let reason = || prop::option::of("[a-zé\" ]{1,20}");
        let note = (moment(), reason()).prop_map(|(since, reason)| Note { since, reason });
        let entry = (any::<[u8; 32]>(), moment(), prop::option::of(note));
        let entry = entry.prop_map(|(sha256, added, held)| Entry {
            sha256: hex::encode(sha256),
            added,
            held,
        });
        let pause = (prop::option::of("[a-z]{1,9}\\.exe"), moment(), reason());
        let pause = pause.prop_map(|(program, since, reason)| Pause {
            program,
            since,
            reason,
        });
        let quarantine = ("[0-9a-f]{64}", "[a-z]{1,9}\\.exe", moment(), "[a-z]{1,9}");
        let quarantine = quarantine.prop_map(|(package, program, since, reason)| Quarantine {
            package,
            program,
            since,
            reason,
        });
        let list = (0..i64::MAX as u64, "[0-9a-f]{64}", moment());
        let (entries, lists, pauses, quarantines) = (
            prop::collection::vec(entry, 0..4),
            prop::collection::vec(list, 0..3),
            prop::collection::vec(pause, 0..3),
            prop::collection::vec(quarantine, 0..3),
        );
        let all = (entries, lists, pauses, quarantines);
        all.prop_map(|(packages, lists, paused, quarantined)| Ledger {
            packages,
            lists: lists
                .into_iter()
                .zip(["a", "b", "c"])
                .map(|((sequence, sha256, added), product)| ListEntry {
                    product: product.to_owned(),
                    sequence,
                    sha256,
                    added,
                })
                .collect(),
            paused,
            quarantined,
            ..Ledger::default()
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(ledger in ledger()) {
            let text = ledger.to_toml().unwrap();
            prop_assert_eq!(Ledger::from_toml(&text), Ok(ledger));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let sha256 = "ab".repeat(32);
        let package =
            format!("[[package]]\nsha256 = {sha256:?}\nadded = \"2026-01-01T00:00:00Z\"\n");
        let good = format!("format = 1\n{package}");
        assert!(Ledger::from_toml(&good).is_ok());
        for bad in [
            "",
            "format = 2",
            "format = 1\nother = 1",
            &format!("{good}{package}"),
            &good.replace("ab", "AB"),
            &good.replace("abab", "../x"),
            &format!("{good}[package.held]\nsince = \"x\""),
            "format = 1\n[[paused]]\nsince = \"2026-01-01T00:00:00Z\"\nprogram = \"\"",
            &good.replace("package", "list"),
            &format!(
                "{}product = \"\"\nsequence = 1\n",
                good.replace("package", "list")
            ),
            &{
                let list = |product: &str| {
                    let list = package.replace("package", "list");
                    format!("{list}product = {product:?}\nsequence = 1\n")
                };
                format!("format = 1\n{}{}", list("a"), list("A"))
            },
            "format = 1\n[[paused]]\nsince = \"2026-01-01T00:00:00Z\"\nreason = \"a\\nb\"",
        ] {
            assert!(Ledger::from_toml(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_note_reads_as_a_person_writes() {
        let mut note = Note {
            since: "2026-02-28T12:34:56Z".parse().unwrap(),
            reason: None,
        };
        assert_eq!(note.text(), "since 2026-02-28 12:34");
        note.reason = Some("it is slow".to_owned());
        assert_eq!(note.text(), "since 2026-02-28 12:34: it is slow");
    }

    #[test]
    fn a_pause_is_about_a_program_or_all() {
        let pause = |program: Option<&str>| Pause {
            program: program.map(str::to_owned),
            since: Moment::from_seconds(0),
            reason: None,
        };
        let mut ledger = Ledger::default();
        ledger.paused.push(pause(Some("Server.exe")));
        assert!(ledger.pause_of("server.EXE").is_some());
        assert!(ledger.pause_of("other.exe").is_none());
        ledger.paused.push(pause(None));
        assert!(ledger.pause_of("other.exe").is_some());
        let said = ledger.pause_of("server.exe").unwrap();
        assert_eq!(said.program, None);
    }
}
