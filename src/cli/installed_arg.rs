//! What commands have in common that change what is in processes already.

use clap::Args;

use super::audit_arg::AuditArgs;
use super::process_arg::{QuietArgs, TargetsArgs};

/// The processes, how to find a quiet moment, and where it is put on record.
#[derive(Debug, Args)]
pub struct InstalledArgs {
    #[command(flatten)]
    targets: TargetsArgs,
    #[command(flatten)]
    quiet: QuietArgs,
    #[command(flatten)]
    audit: AuditArgs,
}

#[cfg(windows)]
pub use windows::change_one;

#[cfg(windows)]
mod windows {
    use super::InstalledArgs;
    use crate::apply::consent::{Consent, Incoming};
    use crate::apply::target::Target;
    use crate::apply::{ApplyError, Options, Summary};
    use crate::cli::process_arg::{Which, failure};
    use crate::cli::{Failure, Global, Outcome, audit_arg, targets};
    use crate::ops::audit::{Facts, Log};
    use crate::ops::trust::{self, Renewal};
    use crate::process::Process;

    impl InstalledArgs {
        /// Runs an operation on each process; `id` is that of the patch that it is about.
        ///
        /// # Errors
        /// Where the processes can't be found, or the one that is named can't be worked on.
        pub fn change(
            &self,
            command: (&'static str, &'static str),
            id: Option<&str>,
            global: Global,
            operate: impl Fn(&Process, &Options<'_>) -> Result<Summary, ApplyError>,
        ) -> Outcome {
            let (log, options) = (self.audit.log(), self.quiet.options()?);
            let patch = Which::Patch(id);
            targets::each(command, &self.targets, patch, global, |pid| {
                change_one(pid, (command.0, id), (&log, &options), &operate)
            })
        }
    }

    /// Runs an operation on one process, on record; `id` is that of the patch that it is about.
    ///
    /// # Errors
    /// Where the process can't be worked on.
    pub fn change_one(
        pid: u32,
        (command, id): (&'static str, Option<&str>),
        (log, options): (&Log, &Options<'_>),
        operate: &impl Fn(&Process, &Options<'_>) -> Result<Summary, ApplyError>,
    ) -> Result<Summary, Failure> {
        let facts = Facts::new(command).patch(id);
        audit_arg::on_process(log, facts, pid, |process| {
            let renewal = Renewal {
                folder: trust::folder(),
                // There need not be a store, and it is not written to.
                named: Some(Vec::new()),
                remembers: false,
                process: trust::process_name(process.identity()),
            };
            let ask = |patches: &[Incoming]| renewal.ask_again(patches);
            let options = Options {
                consent: Some(Consent(&ask)),
                ..*options
            };
            operate(process, &options).map_err(|error| failure(process, error))
        })
    }
}
