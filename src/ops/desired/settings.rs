//! What the administrator decided, and the time.

use crate::moment::Moment;
use crate::ops::policy::SyncPolicy;
use crate::ops::store::{Ledger, Outcomes};

/// What the administrator decided, what happened before, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// What time it is.
    pub now: Moment,
    /// What is held and paused.
    pub ledger: &'a Ledger,
    /// What the policy says of `sync`.
    pub policy: &'a SyncPolicy,
    /// How the last attempts ended.
    pub outcomes: &'a Outcomes,
}

/// Why a process is left as it is, and what ends that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftAlone {
    pub why: String,
    pub remedy: String,
}

impl Settings<'_> {
    /// Why nothing may be changed in the processes of a program; `None` where it may.
    pub(super) fn leaves_alone(&self, program: &str) -> Option<LeftAlone> {
        if let Some(pattern) = self.policy.excludes(program) {
            return Some(LeftAlone {
                why: format!("the policy excludes {pattern}"),
                remedy: "take it out of `exclude` in policy.toml".to_owned(),
            });
        }
        let pause = self.ledger.pause_of(program)?;
        let (what, option) = match &pause.program {
            Some(program) => (program.as_str(), format!(" --program {program}")),
            None => ("everything", String::new()),
        };
        Some(LeftAlone {
            why: format!("{what} is paused {}", pause.text()),
            remedy: format!("`hotpatch store resume{option}`"),
        })
    }
}
