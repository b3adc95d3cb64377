//! `hotpatch apply`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::package_arg::PackageArgs;
use super::process_arg::TimeoutArgs;
use super::{Global, Outcome};

/// Apply a package to a running process
///
/// Ends with exit code 0 where the package is active afterwards, 7 where there was no
/// moment in which no thread was in the way, and otherwise as `hotpatch check` does. The
/// process is unchanged unless the code is 0.
///
/// With --start the program is started, patched before its first instruction, and let go.
/// It does not run where the package cannot be applied.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    package: PackageArgs,
    #[command(flatten)]
    timeout: TimeoutArgs,
    /// With --start: hand the program this command's input and output, wait for its end, and
    /// end with its exit code. The report goes to standard error then
    #[arg(long, requires = "start")]
    wait: bool,
    /// With --start: arguments of the program
    #[arg(last = true, value_name = "ARGUMENT", requires = "start")]
    arguments: Vec<OsString>,
}

/// The process to patch: one that runs, or one that is started.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhichArgs {
    /// Process id of the running program
    #[arg(long, value_name = "N")]
    pid: Option<u32>,
    /// Program to start
    #[arg(long, value_name = "PROGRAM")]
    start: Option<PathBuf>,
}

impl ApplyArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::process_arg::open;
        use crate::process::Access;

        let package = self.package.load()?;
        if let Some(program) = &self.which.start {
            return self.start(program, &package, global);
        }
        let process = open(self.which.pid.unwrap_or_default(), Access::Change)?;
        let summary = self.apply(&process, &package)?;
        print("hotpatch.apply/1", &summary, global)
    }

    #[cfg(windows)]
    fn apply(
        &self,
        process: &crate::process::Process,
        package: &crate::package::Verified<crate::package::Package>,
    ) -> Result<crate::apply::Summary, super::Failure> {
        use super::process_arg::{caught, failure};

        let options = crate::apply::Options {
            timeout: self.timeout.timeout,
            interrupted: caught()?,
        };
        crate::apply::apply(process, package, &options).map_err(|error| failure(process, error))
    }

    /// Starts the program, patches it, and lets it go.
    #[cfg(windows)]
    fn start(
        &self,
        program: &std::path::Path,
        package: &crate::package::Verified<crate::package::Package>,
        global: Global,
    ) -> Outcome {
        use anyhow::Context;

        use crate::exit::Exit;
        use crate::process::{Process, Suspended};
        use crate::report::out;

        let named = |what: &str| format!("cannot {what} {}", program.display());
        let started = Suspended::start(program, &self.arguments, self.wait)
            .with_context(|| named("start"))?;
        let process = Process::open_suspended(&started).with_context(|| named("prepare"))?;
        let summary = self.apply(&process, package)?;
        if summary.exit() != Exit::Done || !self.wait {
            if summary.exit() == Exit::Done {
                started.go().with_context(|| named("start"))?;
            }
            return print("hotpatch.apply/1", &summary, global);
        }
        out::print_aside(&report("hotpatch.apply/1", &summary, global)?)?;
        let mut running = started.go().with_context(|| named("start"))?;
        let status = running.wait().with_context(|| named("wait for"))?;
        std::process::exit(status.code().unwrap_or(1));
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
    crate::report::out::print_text(&report(schema, summary, global)?)?;
    Ok(summary.exit())
}

/// The report of what was done to a process.
#[cfg(windows)]
fn report(
    schema: &'static str,
    summary: &crate::apply::Summary,
    global: Global,
) -> Result<String, super::Failure> {
    use crate::report::{out, target::TargetReport};

    let report = TargetReport::new(schema, summary);
    Ok(match global.format {
        super::Format::Text => report.text(summary.outcome),
        super::Format::Json => out::json_text(&report)?,
    })
}
