//! `hotpatch apply`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

#[cfg(windows)]
use super::audit_arg;
use super::audit_arg::AuditArgs;
use super::package_arg::PackageArgs;
use super::process_arg::{QuietArgs, TargetsArgs};
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
    targets: TargetsArgs,
    /// Program to start
    #[arg(long, value_name = "PROGRAM", group = "TargetsArgs")]
    start: Option<PathBuf>,
    #[command(flatten)]
    package: PackageArgs,
    #[command(flatten)]
    quiet: QuietArgs,
    #[command(flatten)]
    audit: AuditArgs,
    /// With --start: hand the program this command's input and output, wait for its end, and
    /// end with its exit code. The report goes to standard error then
    #[arg(long, requires = "start")]
    wait: bool,
    /// With --start: arguments of the program
    #[arg(last = true, value_name = "ARGUMENT", requires = "start")]
    arguments: Vec<OsString>,
}

impl ApplyArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::process_arg::Which;
        use super::targets::{APPLY, each};
        use crate::ops::audit::Facts;

        let log = self.audit.log();
        let approved = self.load(&log)?;
        if let Some(program) = &self.start {
            return self.start(program, &approved, &log, global);
        }
        let module = Which::Module(&approved.package.manifest.target.file_name);
        each(APPLY, &self.targets, module, global, |pid| {
            let facts = Facts::new("apply").package(&approved.package);
            audit_arg::on_process(&log, facts, pid, |process| self.apply(process, &approved))
        })
    }

    #[cfg(windows)]
    fn apply(
        &self,
        process: &crate::process::Process,
        approved: &super::package_arg::Approved,
    ) -> Result<crate::apply::Summary, super::Failure> {
        super::applying::apply(process, approved, self.quiet.options()?)
    }

    /// The package. That it is refused is put on record, once whatever processes were named.
    #[cfg(windows)]
    fn load(
        &self,
        log: &crate::ops::audit::Log,
    ) -> Result<super::package_arg::Approved, super::Failure> {
        use crate::ops::audit::Facts;

        let facts = || match self.targets.pid {
            Some(pid) => Facts::new("apply").pid(pid),
            None => Facts::new("apply"),
        };
        let bytes = self.package.read();
        let bytes = bytes.map_err(|failure| audit_arg::refused(log, facts(), failure))?;
        let loaded = self.package.load_to_apply(&bytes);
        // On record is what was judged, whatever has been put in its place since.
        loaded.map_err(|failure| audit_arg::refused(log, facts().file(&bytes), failure))
    }

    /// Starts the program, patches it, and lets it go.
    #[cfg(windows)]
    fn start(
        &self,
        program: &std::path::Path,
        approved: &super::package_arg::Approved,
        log: &crate::ops::audit::Log,
        global: Global,
    ) -> Outcome {
        use anyhow::Context;

        use super::targets::{APPLY, print, report};
        use crate::apply::target::Target;
        use crate::exit::Exit;
        use crate::ops::audit::Facts;
        use crate::process::{Access, Suspended};
        use crate::report::out;

        let named = |what: &str| format!("cannot {what} {}", program.display());
        let started = Suspended::start(program, &self.arguments, self.wait)
            .with_context(|| named("start"))?;
        let process = super::process_arg::open(started.pid(), Access::Change)?;
        let facts = Facts::new("apply").package(&approved.package);
        let facts = facts.process(process.identity());
        let summary = audit_arg::attempt(log, facts, || {
            // Code of these runs, so that it is on record before.
            process
                .load_libraries()
                .with_context(|| format!("cannot load the libraries of {}", program.display()))?;
            self.apply(&process, approved)
        })?;
        if summary.exit() != Exit::Done || !self.wait {
            if summary.exit() == Exit::Done {
                started.go().with_context(|| named("start"))?;
            }
            return print(APPLY.1, &summary, global);
        }
        out::print_aside(&report(APPLY.1, &summary, global)?)?;
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
