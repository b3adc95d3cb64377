//! `hotpatch coverage`.

use std::path::PathBuf;

use clap::Args;

use super::progress::Progress;
use super::{Failure, Format, Global, Outcome, builds, pipeline};
use crate::exit::Exit;
use crate::finding::{Finding, Severity};
use crate::function::Program;
use crate::image::{self, Image};
use crate::plan;
use crate::report::coverage::CoverageReport;
use crate::report::diff::BuildReport;
use crate::report::out;
use crate::symbols;

/// Say which share of a build's functions could be hotpatched, and why not the rest
///
/// Each function is checked as `build` would check it had it changed. Run this over the
/// builds you ship before the day a patch is needed; the report ends with the compiler and
/// linker switches that would help.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// The image (.exe or .dll)
    #[arg(value_name = "IMAGE")]
    image: PathBuf,
    /// Its PDB [default: beside the image, or the path in its debug directory]
    #[arg(long, value_name = "FILE")]
    pdb: Option<PathBuf>,
}

impl CoverageArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let report = self.report()?;
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    fn report(&self) -> Result<CoverageReport, Failure> {
        let mut progress = Progress::new();
        progress.stage("reading the image");
        let bytes = builds::read_image(&self.image)?;
        let image = builds::image(&self.image, &bytes)?;
        let mut files = pipeline::BuildFiles::new(&self.image);
        let mut findings = image::kind_findings(&image, "the image");
        if is_refused(&findings) {
            return Ok(CoverageReport::refused(self.build(&image, None), &findings));
        }
        progress.stage("reading symbols");
        let pdb = builds::find_pdb(&self.image, &image, self.pdb.as_deref(), "--pdb")?;
        let symbols = pipeline::symbols(&mut files, pdb, &image)?;
        findings.extend(image::layout_findings(&image, "the image"));
        findings.extend(symbols::findings(&symbols, &image, "the"));
        let build = self.build(&image, files.pdb_path.as_ref());
        if is_refused(&findings) {
            return Ok(CoverageReport::refused(build, &findings));
        }
        progress.stage("decoding functions");
        let program = Program::new(&image, &symbols);
        progress.stage("checking functions");
        let checked = plan::check_all(&program);
        progress.done();
        Ok(CoverageReport::new(build, &findings, &program, &checked))
    }

    fn build(&self, image: &Image<'_>, pdb: Option<&PathBuf>) -> BuildReport {
        let pdb = pdb.map(|p| p.display().to_string());
        BuildReport::new(self.image.display().to_string(), pdb, image)
    }
}

/// Whether there is a reason for which no function at all can be patched.
fn is_refused(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.rule.severity == Severity::Refuse)
}
