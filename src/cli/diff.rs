//! `hotpatch diff`.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::builds::BuildsArgs;
use super::output;
use super::pipeline::{self, Comparison, Wanted};
use super::{Face, Failure, Format, Outcome};
use crate::exit::Exit;
use crate::plan::Status;
use crate::report::diff::{BuildReport, Compared, DiffReport, Shown};
use crate::report::listing::Side;
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
    /// Show this changed function, old and new side by side; may be given several times
    #[arg(long, value_name = "FUNCTION")]
    show: Vec<String>,
    /// Show every changed function, old and new side by side
    #[arg(long, conflicts_with = "show")]
    side_by_side: bool,
    /// Write the report to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl DiffArgs {
    /// Runs the command.
    pub fn run(&self, face: Face) -> Outcome {
        // Says so before the work, where there is no such face.
        let usual = match face {
            Face::Html | Face::Sarif => None,
            face => Some(face.usual()?.format),
        };
        pipeline::check_codes(&self.accept)?;
        let shown = match face {
            Face::Html => Shown::All,
            _ if self.side_by_side => Shown::All,
            _ if self.show.is_empty() => Shown::None,
            _ => Shown::Named(self.show.clone()),
        };
        pipeline::compare(&self.builds, Wanted::Changes(&self.accept), |comparison| {
            self.check_names(comparison)?;
            let report = report(comparison, &shown);
            let text = match usual {
                Some(Format::Text) => report.text(),
                Some(Format::Json) => out::json_text(&report)?,
                None if face == Face::Sarif => out::json_text(&report.sarif())?,
                None => report.html(comparison.old_image)?,
            };
            self.print(&text)?;
            Ok(exit(comparison.plan.status))
        })
    }

    /// Says which function given with `--show` has not changed.
    fn check_names(&self, comparison: &Comparison<'_>) -> Result<(), Failure> {
        let unknown = compared(comparison).and_then(|c| c.unknown_name(&self.show));
        let Some(name) = unknown else {
            return Ok(());
        };
        let error = anyhow!("no changed function has the name {name:?}");
        Err(Failure::new(Exit::Usage, error)
            .hint("`hotpatch diff` without --show lists the changed functions"))
    }

    fn print(&self, text: &str) -> Result<(), Failure> {
        match &self.output {
            None => out::print_text(text)?,
            Some(path) => output::write(path, text.as_bytes(), self.builds.files())?,
        }
        Ok(())
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

/// What was compared, where something was.
fn compared<'c>(comparison: &Comparison<'c>) -> Option<Compared<'c>> {
    let (old, new, diff) = comparison.compared?;
    let [old_lines, new_lines] = comparison.lines;
    let side = |program, lines| Side { program, lines };
    Some(Compared {
        old: side(old, old_lines),
        new: side(new, new_lines),
        diff,
    })
}

/// The report of a comparison.
pub fn report(comparison: &Comparison<'_>, shown: &Shown) -> DiffReport {
    let build = |files: &pipeline::BuildFiles, image| {
        let pdb = files.pdb_path.as_ref().map(|p| p.display().to_string());
        BuildReport::new(files.image_path.display().to_string(), pdb, image)
    };
    DiffReport::new(
        build(comparison.old_files, comparison.old_image),
        build(comparison.new_files, comparison.new_image),
        compared(comparison),
        shown,
        comparison.plan,
        &comparison.timings,
    )
}
