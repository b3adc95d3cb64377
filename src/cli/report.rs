//! `hotpatch report`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;

use super::{Failure, Format, Global, Outcome, output, report_folder};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::fleet::{Machine, file_stem};
use crate::report::export::machine_openvex;
use crate::report::fleet::{Beside, FleetReport, csv};
use crate::report::out;

/// Say what the reports of many machines say together: who is exposed to what, and since when
///
/// Reads what `hotpatch sync --report DIR` of these machines left; the latest report of each
/// counts. A file that is no report is named and counted, and stands in nobody's way. Nobody
/// signs reports: whoever may write into the folder can say anything there.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder with the reports
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also write one page to this file, with tables that can be sorted
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also write a line for each package of each process to this file, for a spreadsheet
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Also write an OpenVEX document about each machine of which a package names a CVE to this
    /// folder, for scanners: what is fixed and what is open in its processes
    #[arg(long, value_name = "DIR")]
    openvex: Option<PathBuf>,
    /// Who says so, for --openvex: a person or an organisation
    #[arg(
        long,
        value_name = "WHO",
        default_value = "Unknown Author",
        hide_default_value = true,
        requires = "openvex"
    )]
    author: String,
    /// After what time a machine that sends no further report is stale, such as 30m, 24h or 2d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = report_folder::duration)]
    stale: u64,
}

impl ReportArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let reports = report_folder::read::<Machine>(&self.folder)?;
        let now = Moment::now();
        let others = reports.others.iter().map(|path| path.display().to_string());
        let beside = Beside {
            older: reports.older,
            unreadable: reports.unreadable,
            others: others.collect(),
        };
        let machines = &reports.latest;
        let inputs = || reports.paths.iter().map(PathBuf::as_path);
        let report = FleetReport::new(&self.folder, machines, (now, self.stale), beside);
        self.refuse_one_place_for_two()?;
        if let Some(path) = &self.html {
            let page = report.html().context("cannot make the page")?;
            output::write(path, page.as_bytes(), inputs())?;
        }
        if let Some(path) = &self.csv {
            let lines = csv(machines, now, self.stale);
            output::write(path, lines.as_bytes(), inputs())?;
        }
        if let Some(folder) = &self.openvex {
            self.write_openvex(folder, machines)?;
        }
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    fn refuse_one_place_for_two(&self) -> Result<(), Failure> {
        let usage = |problem: &str| Failure::new(Exit::Usage, anyhow!("{problem}"));
        let real = |path: &Path| fs::canonicalize(path).ok();
        let folder = self.openvex.as_deref().and_then(real);
        if folder.is_some() && folder == real(&self.folder) {
            return Err(usage("--openvex is the folder with the reports")
                .hint("name another one: what is in that folder is read as reports"));
        }
        match self.html.is_some() && self.html == self.csv {
            true => Err(usage("--html and --csv are one file")),
            false => Ok(()),
        }
    }

    /// Writes the documents about the machines, each in the place of an earlier one.
    fn write_openvex(&self, folder: &Path, machines: &[Machine]) -> Result<(), Failure> {
        let context = || format!("cannot write to the folder {}", folder.display());
        fs::create_dir_all(folder).with_context(context)?;
        for machine in machines {
            let name = format!("{}.openvex.json", file_stem(&machine.computer));
            let path = folder.join(name);
            match machine_openvex(machine, &self.author) {
                Some(document) => {
                    output::write(&path, out::json_text(&document)?.as_bytes(), [])?;
                }
                // What an earlier one said is true no more.
                None if path.is_file() => fs::remove_file(&path).with_context(context)?,
                None => {}
            }
        }
        Ok(())
    }
}
