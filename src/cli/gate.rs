//! `hotpatch rollout gate`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, Global, Outcome, report_folder};
use crate::exit::Exit;
use crate::ops::gate::{Answer, Gate, Question};
use crate::report::gate::GateReport;
use crate::report::out;

/// Say whether the next ring may begin, by the reports of the machines of one ring
///
/// Reads what `hotpatch sync --report DIR` of these machines left. A machine counts where a
/// process has had the package for as long as --bake says when the report was written.
///
/// Ends with exit code 0 where the next ring may begin (go), 8 where more machines failed than
/// --max-failed says (stop), and 9 where too few stand, or a report can't be read (not yet).
#[derive(Debug, Args)]
pub struct GateArgs {
    /// The folder with the reports
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Id of the package
    #[arg(long, value_name = "ID")]
    id: String,
    /// The ring
    #[arg(long, value_name = "RING")]
    ring: String,
    /// How many machines have to stand
    #[arg(long, value_name = "N", default_value_t = 1)]
    min: usize,
    /// How many machines may have failed
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_failed: usize,
    /// For how long a process has to have had it, such as 30m, 24h or 2d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = report_folder::duration)]
    bake: u64,
}

impl GateArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let reports = report_folder::read(&self.folder)?;
        let unreadable = reports.unreadable;
        let question = Question {
            id: &self.id,
            ring: &self.ring,
            min: self.min,
            max_failed: self.max_failed,
            bake: self.bake,
        };
        let answer = Answer::of(&reports.latest, &question);
        let gate = answer.gate(&question, unreadable.len());
        let exit = match gate {
            Gate::Go => Exit::Done,
            Gate::Stop => Exit::HealthGate,
            Gate::NotYet => Exit::NotAsDesired,
        };
        let report = GateReport::new(&question, answer, gate, exit, unreadable);
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(exit)
    }
}
