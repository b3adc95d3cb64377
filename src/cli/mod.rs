//! The command line: one file per subcommand, its clap struct and its `run`.

mod apply;
#[cfg(windows)]
mod applying;
mod audit;
pub mod audit_arg;
mod build;
mod builds;
mod check;
mod completions;
mod coverage;
mod diff;
mod dsc;
mod explain;
mod export;
mod failure;
mod gate;
#[cfg(any(windows, test))]
mod in_time;
mod inspect;
mod installed_arg;
pub mod key_arg;
mod keygen;
mod list;
mod list_file;
#[cfg(windows)]
mod machine;
mod man;
mod output;
pub mod package_arg;
mod pipeline;
mod policy;
pub mod process_arg;
mod progress;
mod proof;
mod recover;
mod report;
mod report_folder;
mod revert;
mod rollback;
mod rollout;
mod schema;
mod sign;
mod startup;
mod status;
mod store;
mod store_arg;
mod sync;
#[cfg(windows)]
mod targets;
mod trust;
mod verify;
#[cfg(windows)]
mod watchdog;
mod withdraw;

use std::process::ExitCode;

use anyhow::anyhow;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::exit::Exit;
pub use failure::Failure;

/// What a command returns: how it ended, or why it could not.
pub type Outcome = Result<Exit, Failure>;

/// Fix a running Windows program without restarting it.
#[derive(Debug, Parser)]
#[command(name = "hotpatch", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How the result is printed on standard output
    #[arg(long, global = true, value_enum, default_value_t = Face::Text)]
    format: Face,
}

/// Options that every command takes.
#[derive(Clone, Copy, Debug)]
pub struct Global {
    /// How the result is printed on standard output.
    pub format: Format,
}

/// The faces that every report has; errors have no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Readable text.
    Text,
    /// One JSON document with a versioned schema.
    Json,
}

/// Every face that some report has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Face {
    /// Readable text
    Text,
    /// One JSON document with a versioned schema
    Json,
    /// One page for the reviewer (`diff`)
    Html,
    /// Findings for code scanning, SARIF 2.1.0 (`diff`)
    Sarif,
    /// A page for a manual (`explain`)
    Markdown,
}

impl Face {
    /// The face that errors have, where this one was asked for.
    fn of_errors(self) -> Format {
        match self {
            Face::Json => Format::Json,
            _ => Format::Text,
        }
    }

    /// The options of a command whose report has no other faces than the usual two.
    fn usual(self) -> Result<Global, Failure> {
        let format = match self {
            Face::Text => Format::Text,
            Face::Json => Format::Json,
            Face::Html | Face::Sarif => return Err(self.only_for("diff")),
            Face::Markdown => return Err(self.only_for("explain")),
        };
        Ok(Global { format })
    }

    fn only_for(self, command: &str) -> Failure {
        let name = format!("{self:?}").to_lowercase();
        let error = anyhow!("--format {name} is for `hotpatch {command}`");
        Failure::new(Exit::Usage, error).hint("this command has --format text and --format json")
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::DiffArgs),
    Build(Box<build::BuildArgs>),
    Coverage(coverage::CoverageArgs),
    Inspect(inspect::InspectArgs),
    Export(export::ExportArgs),
    Keygen(keygen::KeygenArgs),
    Sign(sign::SignArgs),
    Verify(verify::VerifyArgs),
    Trust(trust::TrustArgs),
    Policy(policy::PolicyArgs),
    Withdraw(withdraw::WithdrawArgs),
    Store(store::StoreArgs),
    List(list::ListArgs),
    Sync(sync::SyncArgs),
    Rollout(rollout::RolloutArgs),
    Report(report::ReportArgs),
    Check(check::CheckArgs),
    Apply(apply::ApplyArgs),
    Status(status::StatusArgs),
    Revert(revert::RevertArgs),
    Rollback(rollback::RollbackArgs),
    Recover(recover::RecoverArgs),
    Audit(audit::AuditCommand),
    Explain(explain::ExplainArgs),
    Schema(schema::SchemaArgs),
    Dsc(dsc::DscArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    #[cfg(windows)]
    #[command(name = crate::process::watchdog::COMMAND, hide = true)]
    Watchdog(watchdog::WatchdogArgs),
}

/// Parses the arguments of this process, runs one command and says how it ended.
pub fn main() -> ExitCode {
    #[cfg(windows)]
    crate::process::libraries::only_from_system();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::usage(&error),
    };
    match cli.command.run(cli.format) {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(cli.format.of_errors()),
    }
}

/// The command line as users are told about it: the same on every system, without what is
/// hidden.
fn described() -> clap::Command {
    let whole = Cli::command();
    let shown = whole.get_subcommands().filter(|c| !c.is_hide_set());
    clap::Command::new("hotpatch")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().cloned().unwrap_or_default())
        .propagate_version(true)
        .subcommand_required(true)
        .args(whole.get_arguments())
        .subcommands(shown)
}

impl Command {
    fn run(&self, face: Face) -> Outcome {
        match self {
            Command::Diff(args) => args.run(face),
            Command::Explain(args) => args.run(face),
            Command::Build(args) => args.run(face.usual()?),
            Command::Coverage(args) => args.run(face.usual()?),
            Command::Inspect(args) => args.run(face.usual()?),
            Command::Export(args) => args.run(face.usual()?),
            Command::Keygen(args) => args.run(face.usual()?),
            Command::Sign(args) => args.run(face.usual()?),
            Command::Trust(args) => args.run(face.usual()?),
            Command::Policy(args) => args.run(face.usual()?),
            Command::Withdraw(args) => args.run(face.usual()?),
            Command::Store(args) => args.run(face.usual()?),
            Command::List(args) => args.run(face.usual()?),
            Command::Rollout(args) => args.run(face.usual()?),
            Command::Report(args) => args.run(face.usual()?),
            Command::Sync(args) => args.run(face.usual()?),
            Command::Verify(args) => args.run(face.usual()?),
            Command::Check(args) => args.run(face.usual()?),
            Command::Apply(args) => args.run(face.usual()?),
            Command::Status(args) => args.run(face.usual()?),
            Command::Revert(args) => args.run(face.usual()?),
            Command::Rollback(args) => args.run(face.usual()?),
            Command::Recover(args) => args.run(face.usual()?),
            Command::Audit(args) => args.run(face.usual()?),
            Command::Schema(args) => args.run(face.usual()?),
            Command::Dsc(args) => args.run(face.usual()?),
            Command::Completions(args) => args.run(face.usual()?),
            Command::Man(args) => args.run(face.usual()?),
            #[cfg(windows)]
            Command::Watchdog(args) => args.run(face.usual()?),
        }
    }
}
