//! `hotpatch revert`.

use clap::Args;

use super::installed_arg::InstalledArgs;
use super::{Global, Outcome};

/// Take a patch out of a running process
///
/// Needs no package: the process itself holds the record of what was changed. Ends with
/// exit code 0 where the patch is gone afterwards (also where it never was there), 7 where
/// a thread was in the patch all the time, and 4 where other software changed it.
#[derive(Debug, Args)]
pub struct RevertArgs {
    #[command(flatten)]
    installed: InstalledArgs,
    /// Id of the patch; needed only where the process has several
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

impl RevertArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::targets::REVERT;

        let id = self.id.as_deref();
        self.installed
            .change(REVERT, id, global, |process, options| {
                crate::apply::revert(process, id, options)
            })
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("revert"))
    }
}
