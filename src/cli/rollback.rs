//! `hotpatch rollback`.

use clap::Args;

use super::installed_arg::InstalledArgs;
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
    installed: InstalledArgs,
    /// Id of the patch; needed only where the process has several
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

impl RollbackArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::targets::ROLLBACK;

        let id = self.id.as_deref();
        self.installed
            .change(ROLLBACK, id, global, |process, options| {
                crate::apply::rollback(process, id, options)
            })
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("rollback"))
    }
}
