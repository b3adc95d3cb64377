//! `hotpatch recover`.

use clap::Args;

use super::audit_arg::AuditArgs;
use super::process_arg::{QuietArgs, TargetsArgs};
use super::{Global, Outcome};

/// Clear away what an interrupted operation left in a process
///
/// Lets a process go that was left frozen, finishes or undoes what was torn, and gives
/// memory back that nothing uses any more. Which version runs does not change. Every apply
/// and revert does this first; this command does nothing else. Ends with exit code 0 where
/// nothing is left, and 7 where a thread is still in what is left.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    #[command(flatten)]
    targets: TargetsArgs,
    #[command(flatten)]
    quiet: QuietArgs,
    #[command(flatten)]
    audit: AuditArgs,
}

impl RecoverArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::audit_arg;
        use super::process_arg::{Which, failure};
        use super::targets::{RECOVER, each};
        use crate::ops::audit::Facts;

        let (log, options) = (self.audit.log(), self.quiet.options()?);
        each(RECOVER, &self.targets, Which::Patch(None), global, |pid| {
            audit_arg::on_process(&log, Facts::new("recover"), pid, |process| {
                crate::apply::clear_up(process, &options).map_err(|error| failure(process, error))
            })
        })
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("recover"))
    }
}
