//! `hotpatch recover`.

use clap::Args;

use super::installed_arg::InstalledArgs;
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
    installed: InstalledArgs,
}

impl RecoverArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::targets::RECOVER;

        self.installed
            .change(RECOVER, None, global, |process, options| {
                crate::apply::clear_up(process, options)
            })
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("recover"))
    }
}
