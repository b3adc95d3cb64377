//! `hotpatch diff`.

use clap::Args;

use super::builds::BuildsArgs;
use super::pipeline::{self, Comparison};
use super::{Format, Global, Outcome};
use crate::exit::Exit;
use crate::plan::Status;
use crate::report::diff::{BuildReport, DiffReport};
use crate::report::out;

/// Find which functions changed between two builds, and whether that can be applied live
///
/// Ends with exit code 0 where a package can be built, 3 where nothing changed, and 4
/// where the program has to be restarted.
#[derive(Debug, Args)]
pub struct DiffArgs {
    #[command(flatten)]
    builds: BuildsArgs,
    /// Accept a risk by its code; may be given several times
    #[arg(long = "accept", value_name = "CODE")]
    accept: Vec<String>,
}

impl DiffArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        pipeline::check_codes(&self.accept)?;
        pipeline::compare(&self.builds, &self.accept, |comparison| {
            let report = report(comparison);
            match global.format {
                Format::Text => out::print_text(&report.text())?,
                Format::Json => out::print_json(&report)?,
            }
            Ok(exit(comparison.plan.status))
        })
    }
}

/// The exit code of a verdict.
pub fn exit(status: Status) -> Exit {
    match status {
        Status::Patchable | Status::Accepted => Exit::Done,
        Status::Unchanged => Exit::NothingChanged,
        Status::RestartRequired => Exit::RestartRequired,
    }
}

/// The report of a comparison.
pub fn report(comparison: &Comparison<'_>) -> DiffReport {
    let build = |files: &pipeline::BuildFiles, image| {
        let pdb = files.pdb_path.as_ref().map(|p| p.display().to_string());
        BuildReport::new(files.image_path.display().to_string(), pdb, image)
    };
    DiffReport::new(
        build(comparison.old_files, comparison.old_image),
        build(comparison.new_files, comparison.new_image),
        comparison.compared,
        comparison.plan,
        &comparison.timings,
    )
}
