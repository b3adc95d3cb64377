//! `hotpatch rollout gate`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::Value;

use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::moment::DAY;
use crate::ops::gate::{Answer, Gate, MachineFacts, Question};
use crate::package::file::read_limited;
use crate::report::gate::GateReport;
use crate::report::out;
use crate::report::store::BrokenPackage;

/// Largest report in bytes.
const MAX_REPORT: usize = 64 << 20;

/// The schema of the reports that are read.
const SCHEMA: &str = "hotpatch.sync/1";

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
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = bake)]
    bake: u64,
}

/// Zero to a year, in seconds: a number with `s`, `m`, `h` or `d`.
fn bake(text: &str) -> Result<u64, String> {
    let wrong = || "a time such as 30m, 24h or 2d is needed, a year at most".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => DAY,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).ok_or_else(wrong)?;
    (seconds <= 366 * DAY).then_some(seconds).ok_or_else(wrong)
}

impl GateArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let (reports, unreadable) = self.read()?;
        let question = Question {
            id: &self.id,
            ring: &self.ring,
            min: self.min,
            max_failed: self.max_failed,
            bake: self.bake,
        };
        let answer = Answer::of(&reports, &question);
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

    /// The reports, the latest of each machine, and the files that are none.
    fn read(&self) -> Result<(Vec<MachineFacts>, Vec<BrokenPackage>), Failure> {
        let context = || format!("cannot read the folder {}", self.folder.display());
        let mut latest: BTreeMap<String, MachineFacts> = BTreeMap::new();
        let mut unreadable = Vec::new();
        let mut paths = Vec::new();
        for file in fs::read_dir(&self.folder).with_context(context)? {
            let path = file.with_context(context)?.path();
            if path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("json"))
            {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            match read_report(&path) {
                Ok(report) => {
                    let name = report.computer.to_lowercase();
                    let newer = latest.get(&name).is_none_or(|l| l.at < report.at);
                    if newer {
                        latest.insert(name, report);
                    }
                }
                Err(error) => unreadable.push(BrokenPackage {
                    path: path.display().to_string(),
                    sha256: String::new(),
                    why: format!("{error:#}"),
                }),
            }
        }
        Ok((latest.into_values().collect(), unreadable))
    }
}

fn read_report(path: &Path) -> anyhow::Result<MachineFacts> {
    let bytes = read_limited(path, MAX_REPORT)?;
    let document: Value = serde_json::from_slice(&bytes)?;
    match document["schema"].as_str() {
        Some(SCHEMA) => Ok(serde_json::from_value(document)?),
        other => Err(anyhow!("its schema is {other:?}, and not {SCHEMA:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::bake;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(bake("0s"), Ok(0));
        assert_eq!(bake("24h"), Ok(86_400));
        assert_eq!(bake("2d"), Ok(172_800));
        for bad in [
            "",
            "5",
            "h",
            "-1h",
            "1.5h",
            "9999d",
            "5µ",
            "99999999999999999999d",
        ] {
            assert!(bake(bad).is_err(), "{bad}");
        }
    }
}
