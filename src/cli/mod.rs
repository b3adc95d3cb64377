//! The command line: one file per subcommand, its clap struct and its `run`.

mod apply;
mod build;
mod builds;
mod check;
mod diff;
mod explain;
mod failure;
mod inspect;
pub mod key_arg;
mod keygen;
pub mod package_arg;
mod pipeline;
pub mod process_arg;
mod progress;
mod revert;
mod status;
mod verify;
#[cfg(windows)]
mod watchdog;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

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
    #[command(flatten)]
    global: Global,
}

/// Options that every command takes.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Global {
    /// How the result is printed on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// A face of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Readable text
    Text,
    /// One JSON document with a versioned schema
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::DiffArgs),
    Build(build::BuildArgs),
    Inspect(inspect::InspectArgs),
    Keygen(keygen::KeygenArgs),
    Verify(verify::VerifyArgs),
    Check(check::CheckArgs),
    Apply(apply::ApplyArgs),
    Status(status::StatusArgs),
    Revert(revert::RevertArgs),
    Explain(explain::ExplainArgs),
    #[cfg(windows)]
    #[command(name = crate::process::watchdog::COMMAND, hide = true)]
    Watchdog(watchdog::WatchdogArgs),
}

/// Parses the arguments of this process, runs one command and says how it ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::usage(&error),
    };
    let outcome: Outcome = match &cli.command {
        Command::Diff(args) => args.run(cli.global),
        Command::Build(args) => args.run(cli.global),
        Command::Inspect(args) => args.run(cli.global),
        Command::Keygen(args) => args.run(cli.global),
        Command::Verify(args) => args.run(cli.global),
        Command::Check(args) => args.run(cli.global),
        Command::Apply(args) => args.run(cli.global),
        Command::Status(args) => args.run(cli.global),
        Command::Revert(args) => args.run(cli.global),
        Command::Explain(args) => args.run(cli.global),
        #[cfg(windows)]
        Command::Watchdog(args) => args.run(cli.global),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(cli.global.format),
    }
}
