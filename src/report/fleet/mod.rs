//! The report of `hotpatch report`: what the reports of many machines say together.

mod csv;
mod html;
mod model;
mod text;

use std::path::Path;

use crate::moment::Moment;
use crate::ops::fleet::{self, Age, Machine};
use crate::report::store::BrokenPackage;

pub use csv::csv;
pub use model::{
    CveReport, ExposureReport, FleetReport, GroupReport, MachineSummary, ProgramReport, RingReport,
    TallyReport,
};

/// What lies in the folder beside the reports that count.
#[derive(Debug, Default)]
pub struct Beside {
    /// Number of reports of the same machines that are older.
    pub older: usize,
    /// Files that should be reports, and are none.
    pub unreadable: Vec<BrokenPackage>,
    /// What isn't called as reports are.
    pub others: Vec<String>,
}

impl FleetReport {
    /// The report about these machines, where what is older than `stale` seconds is stale.
    pub fn new(
        folder: &Path,
        machines: &[Machine],
        (now, stale): (Moment, u64),
        beside: Beside,
    ) -> Self {
        let tallies = |(ring, tally): (Option<&str>, _)| RingReport {
            ring: ring.map(str::to_owned),
            tally: TallyReport::new(tally),
        };
        let programs = |(program, tally): (&str, _)| ProgramReport {
            program: program.to_owned(),
            tally: TallyReport::new(tally),
        };
        let machine = |m: &Machine| MachineSummary::new(m, now, stale);
        let exposures = fleet::exposures(machines);
        FleetReport {
            schema: "hotpatch.report/1",
            folder: folder.display().to_string(),
            at: now,
            stale_seconds: stale,
            machines: machines.iter().map(machine).collect(),
            exposures: exposures.iter().map(ExposureReport::new).collect(),
            groups: fleet::groups(machines)
                .into_iter()
                .map(GroupReport::new)
                .collect(),
            rings: fleet::by_ring(machines).into_iter().map(tallies).collect(),
            programs: fleet::by_program(machines)
                .into_iter()
                .map(programs)
                .collect(),
            cves: fleet::cves(machines)
                .into_iter()
                .map(CveReport::new)
                .collect(),
            older_reports: beside.older,
            unreadable: beside.unreadable,
            other_files: beside.others,
        }
    }

    /// Number of machines of which something is as it says.
    fn count(&self, what: impl Fn(&MachineSummary) -> bool) -> usize {
        self.machines.iter().filter(|m| what(m)).count()
    }

    /// Numbers of processes in all, and of those in which something is open.
    fn processes(&self) -> (usize, usize) {
        let tallies = self.rings.iter().map(|r| &r.tally);
        let count = |(all, exposed), t: &TallyReport| (all + t.processes, exposed + t.exposed);
        tallies.fold((0, 0), count)
    }

    /// Number of seconds for which something has been so.
    fn lasts(&self, since: Moment) -> u64 {
        self.at.seconds().saturating_sub(since.seconds())
    }
}

/// What is to be known of a report's age; nothing where it is fresh.
fn age_words(age: Age) -> Option<String> {
    let span = crate::moment::span;
    match age {
        Age::Fresh(_) => None,
        Age::Stale(seconds) => Some(format!("no report for {}", span(seconds))),
        Age::Ahead(seconds) => Some(format!("its clock is {} ahead", span(seconds))),
    }
}
