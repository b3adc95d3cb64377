//! `hotpatch rollback`.

use clap::Args;

use super::audit_arg::AuditArgs;
use super::process_arg::{QuietArgs, TargetsArgs};
use super::{Global, Outcome};

/// Step back from a patch to the one that it replaced
///
/// Makes the replaced patch active again and takes the newer one out, in one freeze, without
/// running the code of the file in between. Needs no package. Ends with exit code 0 where
/// the earlier patch is active afterwards, 4 where there is none to go back to, and
/// otherwise as `hotpatch revert` does.
#[derive(Debug, Args)]
pub struct RollbackArgs {
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

impl RollbackArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::audit_arg;
        use super::process_arg::{Which, failure};
        use super::targets::{ROLLBACK, each};
        use crate::apply::rollback;
        use crate::ops::audit::Facts;

        let (log, options) = (self.audit.log(), self.quiet.options()?);
        let patch = Which::Patch(self.id.as_deref());
        each(ROLLBACK, &self.targets, patch, global, |pid| {
            let facts = Facts::new("rollback").patch(self.id.as_deref());
            audit_arg::on_process(&log, facts, pid, |process| {
                rollback(process, self.id.as_deref(), &options)
                    .map_err(|error| failure(process, error))
            })
        })
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("rollback"))
    }
}
