//! What this machine has seen: the highest sequence of each product, and the latest time.
//!
//! Kept as TOML:
//!
//! ```toml
//! format = 1
//! latest = "2026-02-28T23:59:59Z"
//!
//! [sequence]
//! "server.exe" = 7
//!
//! [[begun]]
//! product = "server.exe"
//! sequence = 8
//! process = "4711 1dc6a0f2e3b4c58"
//! ```
//!
//! What was begun and has no end counts as applied: `hotpatch` may have died right after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// Version of the layout.
const FORMAT: u32 = 1;

/// What this machine has seen. What it allows only ever shrinks, but for what was begun and came
/// to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format: u32,
    /// The latest time at which something was decided for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<Moment>,
    /// The highest sequence that was applied, by product in lower case.
    #[serde(default, rename = "sequence")]
    sequences: BTreeMap<String, u64>,
    /// Packages of which nobody has said yet how applying them ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    begun: Vec<Begun>,
}

/// A package that is being applied, or was when `hotpatch` died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    /// The product, in lower case.
    product: String,
    sequence: u64,
    /// The process: its PID, and the time of its creation.
    process: String,
}

/// Why a state can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
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
}

impl Default for State {
    fn default() -> Self {
        State {
            format: FORMAT,
            latest: None,
            sequences: BTreeMap::new(),
            begun: Vec::new(),
        }
    }
}

impl State {
    /// Reads what [`State::to_toml`] wrote.
    ///
    /// # Errors
    /// [`StateError`]
    pub fn from_toml(text: &str) -> Result<Self, StateError> {
        let mut state: State = toml::from_str(text).map_err(|error| {
            let (line, message) = super::file::place(text, &error);
            StateError::Toml { line, message }
        })?;
        if state.format != FORMAT {
            return Err(StateError::Format(state.format));
        }
        // Somebody may have written it by hand, as the file is called.
        let sequences = std::mem::take(&mut state.sequences);
        for (product, sequence) in sequences {
            let highest = state.sequences.entry(product.to_lowercase()).or_default();
            *highest = sequence.max(*highest);
        }
        for begun in &mut state.begun {
            begun.product = begun.product.to_lowercase();
        }
        Ok(state)
    }

    /// The state as TOML.
    ///
    /// # Errors
    /// Where a sequence is more than TOML's integers can be; none that came from a package is.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The latest time on record.
    pub fn latest(&self) -> Option<Moment> {
        self.latest
    }

    /// The highest sequence of each product.
    pub fn sequences(&self) -> impl Iterator<Item = (&str, u64)> {
        self.sequences.iter().map(|(p, s)| (p.as_str(), *s))
    }

    /// The highest sequence of a product that was applied, or may have been.
    pub fn highest(&self, product: &str) -> Option<u64> {
        let product = product.to_lowercase();
        let begun = self.begun.iter().filter(|b| b.product == product);
        let begun = begun.map(|b| b.sequence).max();
        begun.max(self.sequences.get(&product).copied())
    }

    /// The process in which a package of this sequence was begun, of which nobody has said how
    /// that ended.
    pub fn begun_in(&self, product: &str, sequence: u64) -> Option<&str> {
        let product = product.to_lowercase();
        let mut begun = self.begun.iter();
        let found = begun.find(|b| b.product == product && b.sequence == sequence);
        found.map(|b| b.process.as_str())
    }

    /// Records that a package is about to run in a process.
    pub fn begins(&mut self, product: &str, sequence: u64, process: &str) {
        let begun = Begun {
            product: product.to_lowercase(),
            sequence,
            process: process.to_owned(),
        };
        if !self.begun.contains(&begun) {
            self.begun.push(begun);
        }
    }

    /// Records that it is known what came of it.
    pub fn ends(&mut self, product: &str, sequence: u64, process: &str) {
        let product = product.to_lowercase();
        self.begun
            .retain(|b| (&b.product, b.sequence, &*b.process) != (&product, sequence, process));
    }

    /// Records that it was this late.
    pub fn saw_time(&mut self, now: Moment) {
        self.latest = self.latest.max(Some(now));
    }

    /// Records that a package was applied.
    pub fn saw_package(&mut self, product: &str, sequence: u64) {
        let product = product.to_lowercase();
        let highest = self.sequences.entry(product.clone()).or_default();
        *highest = sequence.max(*highest);
        // What was begun below that says nothing any more.
        let highest = *highest;
        self.begun
            .retain(|b| b.product != product || b.sequence > highest);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state() -> impl Strategy<Value = State> {
        let sequences = prop::collection::btree_map("[a-z .é\"\\n]{0,9}", 0..i64::MAX as u64, 0..5);
        let begun =
            prop::collection::vec(("[a-z.]{1,9}", 0..i64::MAX as u64, "[0-9a-f ]{1,9}"), 0..3);
        (prop::option::of(0u64..1 << 38), sequences, begun).prop_map(
            |(latest, sequences, begun)| {
                let mut state = State {
                    format: FORMAT,
                    latest: latest.map(Moment::from_seconds),
                    sequences,
                    begun: Vec::new(),
                };
                for (product, sequence, process) in begun {
                    state.begins(&product, sequence, &process);
                }
                state
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(state in state()) {
            let text = state.to_toml().unwrap();
            prop_assert_eq!(State::from_toml(&text), Ok(state));
        }

        #[test]
        fn it_only_grows(mut state in state(), now in 0u64..1 << 38, sequence in 0..i64::MAX as u64) {
            let before = state.clone();
            state.saw_time(Moment::from_seconds(now));
            state.saw_package("Server.EXE", sequence);
            prop_assert!(state.latest() >= before.latest());
            prop_assert!(state.highest("server.exe") >= Some(sequence));
            for (product, highest) in before.sequences() {
                prop_assert!(state.highest(product) >= Some(highest));
            }
        }
    }

    #[test]
    fn a_product_is_known_however_it_is_written() {
        let text = "format = 1\n[sequence]\n\"Server.exe\" = 7\n\"server.exe\" = 5";
        let state = State::from_toml(text).unwrap();
        assert_eq!(state.highest("SERVER.EXE"), Some(7));
        assert_eq!(state.sequences().count(), 1);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "",
            "format = 2",
            "format = 1\nother = 1",
            "format = 1\nlatest = 5",
            "format = 1\n[sequence]\na = -1",
            "format = 1\n[sequence]\na = 1\na = 2",
        ] {
            assert!(State::from_toml(bad).is_err(), "{bad}");
        }
    }
}
