//! The words for the state of a process.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a process, or of one package in it. From the most to the least urgent.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The last attempt to apply the package went wrong
    Failed,
    /// The package ended a process, and is not applied to this program until somebody releases it
    Quarantined,
    /// The package could be applied, and is not
    Exposed,
    /// Something stands against it that a person has to clear away
    Blocked,
    /// It is hotpatched, and has been for longer than the policy allows without a restart
    RestartDue,
    /// An administrator holds the package, has paused the program, or excludes it; or the package
    /// was withdrawn, or is not approved for the ring
    Held,
    /// It will be applied later, without anybody doing anything
    Deferred,
    /// The patch is active
    Hotpatched,
    /// The program runs the fixed build itself
    Updated,
    /// No package of the store is for the build that runs
    NotApplicable,
}

impl State {
    /// Every state.
    pub const ALL: [State; 10] = [
        State::Failed,
        State::Quarantined,
        State::Exposed,
        State::Blocked,
        State::RestartDue,
        State::Held,
        State::Deferred,
        State::Hotpatched,
        State::Updated,
        State::NotApplicable,
    ];

    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            State::Failed => "failed",
            State::Quarantined => "quarantined",
            State::Exposed => "exposed",
            State::Blocked => "blocked",
            State::RestartDue => "restart-due",
            State::Held => "held",
            State::Deferred => "deferred",
            State::Hotpatched => "hotpatched",
            State::Updated => "updated",
            State::NotApplicable => "not-applicable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_json_and_of_the_command_line() {
        for state in State::ALL {
            let json = serde_json::to_value(state).unwrap();
            assert_eq!(json, state.word());
            let value = state.to_possible_value().unwrap();
            assert_eq!(value.get_name(), state.word());
        }
        assert_eq!(State::ALL.len(), State::value_variants().len());
        assert!(State::ALL.is_sorted());
    }
}
