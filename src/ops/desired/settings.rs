//! What the administrator decided, and the time.

use crate::moment::Moment;
use crate::ops::policy::SyncPolicy;
use crate::ops::store::{Ledger, Outcomes};
use crate::ops::withdrawal::{List, Withdrawn};

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
    /// What is withdrawn: one list for each product.
    pub lists: &'a [List],
}

/// Why a process is left as it is, and what ends that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftAlone {
    pub why: String,
    pub remedy: String,
}

impl<'a> Settings<'a> {
    /// What a list says of the package with this content, of this product and for this module.
    pub(super) fn withdrawn(
        &self,
        content_sha256: &str,
        product: &str,
        module: &str,
    ) -> Option<&'a Withdrawn> {
        let mut lists = self.lists.iter().filter(|l| l.is_about(product));
        let found = lists.find_map(|l| l.of_content(content_sha256));
        // Who may sign for one file withdraws nothing of another one.
        found.filter(|w| w.is_for(module))
    }

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
