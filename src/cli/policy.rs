//! `hotpatch policy`.

use clap::{Args, Subcommand};

use super::package_arg::PackageArgs;
use super::{Format, Global, Outcome};
use crate::exit::Exit;
use crate::package::container::Container;
use crate::package::{VerifyError, open_unverified};
use crate::report::out;
use crate::report::package::PackageSummary;
use crate::report::policy::{DecisionReport, PolicyReport};

/// Explain what the policy of this machine says about a package
#[derive(Debug, Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    Check(CheckArgs),
}

/// Decide about a package as `apply` would, and explain it check by check
///
/// Ends with exit code 0 where the package is allowed, and 5 where it is refused or damaged.
/// Writes nothing.
#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    package: PackageArgs,
}

impl PolicyArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        match &self.command {
            PolicyCommand::Check(args) => args.run(global),
        }
    }
}

impl CheckArgs {
    fn run(&self, global: Global) -> Outcome {
        let bytes = self.package.read()?;
        let trust = self.package.trust()?;
        let fail = |error| self.package.failure(error);
        // What is damaged, or signed by nobody who says so, can't be explained: it is nothing.
        let verified = crate::package::verify(&bytes, &trust.guard);
        let allowed = match verified {
            Ok(_) => true,
            Err(VerifyError::UntrustedKey(_) | VerifyError::Denied(_)) => false,
            Err(error) => return Err(fail(error)),
        };
        let package = open_unverified(&bytes).map_err(fail)?;
        let parts = Container::parse(&bytes).map_err(|e| fail(VerifyError::Corrupt(e)))?;
        let decision = trust.guard.decide(&package);
        let report = PolicyReport {
            schema: "hotpatch.policy/1",
            package: PackageSummary::new(&self.package.package, &package, &parts),
            decision: DecisionReport::new(decision),
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(match allowed && report.decision.allowed {
            true => Exit::Done,
            false => Exit::Untrusted,
        })
    }
}
