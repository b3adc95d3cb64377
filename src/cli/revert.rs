//! `hotpatch revert`.

use clap::Args;

use super::audit_arg::AuditArgs;
use super::process_arg::{QuietArgs, TargetsArgs};
use super::{Global, Outcome};

/// Take a patch out of a running process
///
/// Needs no package: the process itself holds the record of what was changed. Ends with
/// exit code 0 where the patch is gone afterwards (also where it never was there), 7 where
/// a thread was in the patch all the time, and 4 where other software changed it.
#[derive(Debug, Args)]
pub struct RevertArgs {
    #[command(flatten)]
    targets: TargetsArgs,
    /// Id of the patch; needed only where the process has several
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    quiet: QuietArgs,
    #[command(flatten)]
    audit: AuditArgs,
}

impl RevertArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::audit_arg;
        use super::process_arg::{Which, failure};
        use super::targets::{REVERT, each};
        use crate::apply::revert;
        use crate::ops::audit::Facts;

        let (log, options) = (self.audit.log(), self.quiet.options()?);
        let patch = Which::Patch(self.id.as_deref());
        each(REVERT, &self.targets, patch, global, |pid| {
            let facts = Facts::new("revert").patch(self.id.as_deref());
            audit_arg::on_process(&log, facts, pid, |process| {
                revert(process, self.id.as_deref(), &options)
                    .map_err(|error| failure(process, error))
            })
        })
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("revert"))
    }
}
