//! The processes of this machine, seen in the light of its store of packages.
//!
//! Gathers what `ops::desired` decides about, and carries out what it says. Decides nothing.

mod act;
mod deaths;
mod round;

use std::collections::{BTreeMap, BTreeSet};

use super::Failure;
use super::store_arg::Judges;
use crate::moment::Moment;
use crate::ops::desired::facts::ProcessFacts;
use crate::ops::desired::{Candidate, Probe, Settings, Verdict, judge, look, probe};
use crate::ops::store::{Outcomes, PackageStore, Stock};
use crate::process::{Access, Process, is_critical, pids, running_services};
use crate::report::machine::{MachineReport, ProcessState};
use crate::report::store::BrokenPackage;

pub use act::Limits;
pub use round::{Round, Rounds};

/// The store of this machine, and who judges its packages.
pub struct Machine {
    judges: Judges,
    store: PackageStore,
    stock: Stock,
    candidates: Vec<Candidate>,
    outcomes: Outcomes,
}

/// What was seen of processes, and what is said of them.
#[derive(Default)]
pub struct Seen {
    /// Those that packages of the store are for, by ascending id.
    pub processes: Vec<(ProcessFacts, Verdict)>,
    /// Those that could not be looked at, as when they are just starting.
    pub unready: BTreeSet<u32>,
    inaccessible: usize,
    left_alone: usize,
}

impl Machine {
    /// The machine whose store this is.
    pub fn new(judges: Judges, store: PackageStore, stock: Stock) -> Self {
        Machine {
            judges,
            candidates: stock.candidates(),
            outcomes: store.outcomes(),
            store,
            stock,
        }
    }

    /// Looks at all processes, or only at some, and judges each.
    ///
    /// # Errors
    /// Where the system doesn't list them.
    pub fn look(&self, only: Option<&BTreeSet<u32>>) -> Result<Seen, Failure> {
        let mut seen = Seen::default();
        let mut services: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        // Who may not list the services sees the processes all the same.
        for (pid, name) in running_services().unwrap_or_default() {
            services.entry(pid).or_default().push(name);
        }
        for pid in pids()? {
            if only.is_some_and(|only| !only.contains(&pid)) {
                continue;
            }
            if is_critical(pid) {
                seen.left_alone += 1;
                continue;
            }
            let process = match Process::open(pid, Access::Look) {
                Ok(process) => process,
                Err(error) => {
                    seen.inaccessible += usize::from(error.is_denied());
                    continue;
                }
            };
            match look(&process, &self.candidates) {
                Ok(None) => {}
                Ok(Some(mut facts)) => {
                    facts.services = services.remove(&pid).unwrap_or_default();
                    if let Some(verdict) = self.judge(&process, &facts) {
                        seen.processes.push((facts, verdict));
                    }
                }
                Err(_) if process.has_ended() => {}
                Err(_) => {
                    seen.unready.insert(pid);
                }
            }
        }
        Ok(seen)
    }

    fn judge(&self, process: &Process, facts: &ProcessFacts) -> Option<Verdict> {
        let settings = Settings {
            now: Moment::now(),
            ledger: &self.store.ledger,
            policy: &self.judges.sync,
            outcomes: &self.outcomes,
        };
        let mut ask = |candidate: &Candidate| match self.stock.package(&candidate.sha256) {
            Some(package) => probe(process, package),
            None => Probe::Failed("its package cannot be used".to_owned()),
        };
        judge(facts, &self.candidates, &settings, &mut ask)
    }

    /// The report about what was seen.
    pub fn report(&self, seen: &Seen) -> MachineReport {
        let processes = seen.processes.iter();
        let mut report = MachineReport {
            store: self.store.folder.display().to_string(),
            processes: processes
                .map(|(facts, verdict)| ProcessState::new(facts, verdict))
                .collect(),
            cves: Vec::new(),
            broken: self.stock.broken.iter().map(BrokenPackage::from).collect(),
            inaccessible: seen.inaccessible,
            left_alone: seen.left_alone,
        };
        report.count();
        report
    }
}
