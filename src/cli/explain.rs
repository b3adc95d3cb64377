//! `hotpatch explain`.

use anyhow::anyhow;
use clap::Args;

use super::{Face, Failure, Format, Outcome};
use crate::exit::Exit;
use crate::finding::rules;
use crate::report::explain::ExplainReport;
use crate::report::out;

/// Say what a finding means and what to do about it
///
/// Lists all findings where no code is given.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Code of a finding, such as HP301
    #[arg(value_name = "CODE", conflicts_with_all = ["all", "exit_codes"])]
    code: Option<String>,
    /// List all findings
    #[arg(long)]
    all: bool,
    /// List the exit codes of the program
    #[arg(long, conflicts_with = "all")]
    exit_codes: bool,
}

impl ExplainArgs {
    /// Runs the command.
    pub fn run(&self, face: Face) -> Outcome {
        let report = match &self.code {
            _ if self.exit_codes => ExplainReport::exit_codes(),
            None => ExplainReport::rules(rules::all()),
            Some(code) => {
                let rule = rules::by_code(code).ok_or_else(|| unknown(code))?;
                ExplainReport::rules(std::iter::once(rule))
            }
        };
        match face {
            Face::Markdown => out::print_text(&report.markdown())?,
            _ => match face.usual()?.format {
                Format::Text => out::print_text(&report.text())?,
                Format::Json => out::print_json(&report)?,
            },
        }
        Ok(Exit::Done)
    }
}

fn unknown(code: &str) -> Failure {
    let error = anyhow!("no finding has the code {code:?}");
    Failure::new(Exit::Usage, error).hint("`hotpatch explain` lists all codes")
}
