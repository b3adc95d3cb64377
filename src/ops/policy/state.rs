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
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// Version of the layout.
const FORMAT: u32 = 1;

/// What this machine has seen. It only ever grows.
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
        }
    }
}

impl State {
    /// Reads what [`State::to_toml`] wrote.
    ///
    /// # Errors
    /// [`StateError`]
    pub fn from_toml(text: &str) -> Result<Self, StateError> {
        let state: State = toml::from_str(text).map_err(|error| {
            let (line, message) = super::file::place(text, &error);
            StateError::Toml { line, message }
        })?;
        if state.format != FORMAT {
            return Err(StateError::Format(state.format));
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

    /// The highest sequence of a product that was applied.
    pub fn highest(&self, product: &str) -> Option<u64> {
        self.sequences.get(&product.to_lowercase()).copied()
    }

    /// Records that it was this late.
    pub fn saw_time(&mut self, now: Moment) {
        self.latest = self.latest.max(Some(now));
    }

    /// Records that a package was applied.
    pub fn saw_package(&mut self, product: &str, sequence: u64) {
        let highest = self.sequences.entry(product.to_lowercase()).or_default();
        *highest = sequence.max(*highest);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state() -> impl Strategy<Value = State> {
        let sequences = prop::collection::btree_map("[a-z .é\"\\n]{0,9}", 0..i64::MAX as u64, 0..5);
        (prop::option::of(0u64..1 << 38), sequences).prop_map(|(latest, sequences)| State {
            format: FORMAT,
            latest: latest.map(Moment::from_seconds),
            sequences,
        })
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
