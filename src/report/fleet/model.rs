//! What the report says, as its JSON form has it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::moment::Moment;
use crate::ops::desired::State;
use crate::ops::fleet::{Age, CveTally, Exposure, Group, Machine, Tally};
use crate::report::store::BrokenPackage;

/// What the reports of many machines say together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FleetReport {
    /// `hotpatch.report/1`
    pub schema: &'static str,
    /// The folder with the reports.
    pub folder: String,
    /// When this was written.
    pub at: Moment,
    /// After how many seconds a report is stale.
    pub stale_seconds: u64,
    /// The machines, by name, each by its latest report.
    pub machines: Vec<MachineSummary>,
    /// Who is exposed to what, that for longest first.
    pub exposures: Vec<ExposureReport>,
    /// Processes by state, ring, program and package, the most urgent state first.
    pub groups: Vec<GroupReport>,
    /// The rings.
    pub rings: Vec<RingReport>,
    /// The programs.
    pub programs: Vec<ProgramReport>,
    /// The CVEs.
    pub cves: Vec<CveReport>,
    /// Number of reports that a later one of the same machine takes the place of.
    pub older_reports: usize,
    /// Files that should be reports, and are none.
    pub unreadable: Vec<BrokenPackage>,
    /// Files that are not called as reports are (`*.json`), and were not read.
    pub other_files: Vec<String>,
}

/// A machine.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MachineSummary {
    /// Full name of the computer.
    pub computer: String,
    /// Its ring; null where its policy has no rollout.
    pub ring: Option<String>,
    /// When its report was written, by its own clock.
    pub at: Moment,
    /// How many seconds ago that was; negative where its clock is ahead.
    pub age_seconds: i64,
    /// Whether nothing has come from it for longer than reports may be old.
    pub stale: bool,
    /// Whether its report is from the future by more than five minutes.
    pub ahead: bool,
    /// Whether every process was what the store and the policy there ask for.
    pub in_desired_state: bool,
    /// How its `sync` ended.
    pub exit_code: u8,
    /// How many of its processes are in which state.
    pub tally: TallyReport,
    /// Number of packages and lists that it refused.
    pub refused: usize,
    /// Number of packages of its store that can't be used.
    pub broken: usize,
    /// Number of processes that it could not look at.
    pub unseen: usize,
    #[serde(skip)]
    pub(super) age: Age,
}

/// What is open in the processes of one program of one machine.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExposureReport {
    /// The machine.
    pub computer: String,
    /// Its ring; null where its policy has no rollout.
    pub ring: Option<String>,
    /// File name of the program.
    pub program: String,
    /// The CVE; null where the packages that are missing name none.
    pub cve: Option<String>,
    /// Since when a package of the store there could have fixed it; null as `cve` is.
    pub since: Option<Moment>,
    /// Ids of the processes.
    pub pids: Vec<u32>,
    /// The most urgent state of these.
    pub state: State,
    /// Why, of the first that is in that state.
    pub why: String,
    /// Ids of the packages that are missing in them.
    pub packages: Vec<String>,
}

/// The processes of a program in a ring that a package has brought to the same state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupReport {
    /// The state of the package in them.
    pub state: State,
    /// The ring; null where the policy there has no rollout.
    pub ring: Option<String>,
    /// File name of the program.
    pub program: String,
    /// Id of the package; null where no package is for the build that is loaded.
    pub package: Option<String>,
    /// Number of processes.
    pub processes: usize,
    /// Number of machines.
    pub machines: usize,
}

/// A ring.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RingReport {
    /// Its name; null for machines whose policy has no rollout.
    pub ring: Option<String>,
    /// How it is there.
    pub tally: TallyReport,
}

/// A program.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProgramReport {
    /// Its file name.
    pub program: String,
    /// How it is with its processes.
    pub tally: TallyReport,
}

/// Numbers of processes and machines.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TallyReport {
    /// Number of machines.
    pub machines: usize,
    /// Number of machines on which something is open.
    pub exposed_machines: usize,
    /// Number of processes.
    pub processes: usize,
    /// Number of processes in which something is open.
    pub exposed: usize,
    /// Since when a CVE has been open in any of them; null where none is.
    pub open_since: Option<Moment>,
    /// The number of processes in each state that there is.
    pub states: BTreeMap<&'static str, usize>,
}

/// A CVE.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CveReport {
    /// Its identifier.
    pub cve: String,
    /// Number of processes in which it is fixed.
    pub fixed: usize,
    /// Number of processes in which it is open.
    pub open: usize,
    /// Number of machines on which it is open.
    pub machines: usize,
    /// Since when it has been open in any process; null where it is open in none.
    pub since: Option<Moment>,
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

impl MachineSummary {
    pub(super) fn new(machine: &Machine, now: Moment, stale: u64) -> Self {
        let mut tally = Tally::default();
        tally.count(machine.processes.iter());
        let age = machine.age(now, stale);
        // Both are below the year 10000.
        let seconds = now.seconds() as i64 - machine.at.seconds() as i64;
        MachineSummary {
            computer: machine.computer.clone(),
            ring: machine.ring.clone(),
            at: machine.at,
            age_seconds: seconds,
            stale: matches!(age, Age::Stale(_)),
            ahead: matches!(age, Age::Ahead(_)),
            in_desired_state: machine.in_desired_state,
            exit_code: machine.exit_code,
            tally: TallyReport::new(tally),
            refused: machine.refused.len(),
            broken: machine.broken.len(),
            unseen: machine.unseen(),
            age,
        }
    }

    /// Whether it is known to be what the store and the policy there ask for, now.
    pub(super) fn is_good(&self) -> bool {
        self.in_desired_state && matches!(self.age, Age::Fresh(_))
    }
}

impl ExposureReport {
    pub(super) fn new(exposure: &Exposure<'_>) -> Self {
        ExposureReport {
            computer: exposure.machine.computer.clone(),
            ring: exposure.machine.ring.clone(),
            program: exposure.program.to_owned(),
            cve: owned(exposure.cve),
            since: exposure.since,
            pids: exposure.processes.iter().map(|p| p.pid).collect(),
            state: exposure.state,
            why: exposure.why().to_owned(),
            packages: exposure
                .packages
                .iter()
                .map(|id| (*id).to_owned())
                .collect(),
        }
    }
}

impl GroupReport {
    pub(super) fn new(group: Group<'_>) -> Self {
        GroupReport {
            state: group.state,
            ring: owned(group.ring),
            program: group.program.to_owned(),
            package: owned(group.package),
            processes: group.processes,
            machines: group.machines,
        }
    }
}

impl TallyReport {
    pub(super) fn new(tally: Tally) -> Self {
        let states = tally.states.into_iter();
        TallyReport {
            machines: tally.machines,
            exposed_machines: tally.exposed_machines,
            processes: tally.processes,
            exposed: tally.exposed_processes,
            open_since: tally.open_since,
            states: states.map(|(state, count)| (state.word(), count)).collect(),
        }
    }

    /// The states in words, the most urgent first.
    pub(super) fn states(&self) -> String {
        let count = |state: State| Some((state, *self.states.get(state.word())?));
        let counts = State::ALL.into_iter().filter_map(count);
        let words: Vec<String> = counts
            .map(|(state, count)| format!("{count} {}", state.word()))
            .collect();
        words.join(", ")
    }
}

impl CveReport {
    pub(super) fn new((cve, tally): (&str, CveTally)) -> Self {
        CveReport {
            cve: cve.to_owned(),
            fixed: tally.fixed,
            open: tally.open,
            machines: tally.machines,
            since: tally.since,
        }
    }
}
