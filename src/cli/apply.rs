//! `hotpatch apply`.

use clap::Args;

use super::package_arg::PackageArgs;
use super::process_arg::{ProcessArgs, TimeoutArgs};
use super::{Global, Outcome};

/// Apply a package to a running process
///
/// Ends with exit code 0 where the package is active afterwards, 7 where there was no
/// moment in which no thread was in the way, and otherwise as `hotpatch check` does. The
/// process is unchanged unless the code is 0.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    process: ProcessArgs,
    #[command(flatten)]
    package: PackageArgs,
    #[command(flatten)]
    timeout: TimeoutArgs,
}

impl ApplyArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::process_arg::{caught, failure, open};
        use crate::apply::{Options, apply};
        use crate::process::Access;

        let package = self.package.load()?;
        let process = open(self.process.pid, Access::Change)?;
        let options = Options {
            timeout: self.timeout.timeout,
            interrupted: caught()?,
        };
        let summary =
            apply(&process, &package, &options).map_err(|error| failure(&process, error))?;
        print("hotpatch.apply/1", &summary, global)
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("apply"))
    }
}

/// Prints what was done to a process.
#[cfg(windows)]
pub(super) fn print(
    schema: &'static str,
    summary: &crate::apply::Summary,
    global: Global,
) -> Outcome {
    use crate::report::{out, target::TargetReport};

    let report = TargetReport::new(schema, summary);
    match global.format {
        super::Format::Text => out::print_text(&report.text(summary.outcome))?,
        super::Format::Json => out::print_json(&report)?,
    }
    Ok(summary.exit())
}
