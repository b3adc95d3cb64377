//! The processes of this machine, seen in the light of its store of packages.
//!
//! Gathers what `ops::desired` decides about, and carries out what it says. Decides nothing.

mod act;
mod deaths;
mod import;
mod round;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Failure;
use super::in_time::in_time;
use super::store_arg::Judges;
use crate::apply::target::Target;
use crate::moment::Moment;
use crate::ops::desired::facts::ProcessFacts;
use crate::ops::desired::{Candidate, Probe, Settings, Verdict, judge, look, probe};
use crate::ops::store::{Outcomes, PackageStore, Stock};
use crate::ops::trust::process_name;
use crate::ops::withdrawal::List;
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
    candidates: Arc<[Candidate]>,
    lists: Arc<[List]>,
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
    unanswered: usize,
}

/// What a look at one process came to.
enum Look {
    /// It could not be opened, for lack of rights or for another reason.
    Closed { denied: bool },
    /// It has no module that packages are for, or has ended meanwhile.
    Nothing,
    /// What was seen.
    Facts(Box<ProcessFacts>),
    /// It could not be looked at.
    Unready,
}

/// Looks at one process.
fn look_at(pid: u32, candidates: &[Candidate], lists: &[List]) -> Look {
    let process = match Process::open(pid, Access::Look) {
        Ok(process) => process,
        Err(error) => {
            let denied = error.is_denied();
            return Look::Closed { denied };
        }
    };
    match look(&process, candidates, lists) {
        Ok(None) => Look::Nothing,
        Ok(Some(facts)) => Look::Facts(Box::new(facts)),
        Err(_) if process.has_ended() => Look::Nothing,
        Err(_) => Look::Unready,
    }
}

impl Machine {
    /// The machine whose store this is.
    pub fn new(judges: Judges, store: PackageStore, stock: Stock) -> Self {
        Machine {
            judges,
            candidates: stock.candidates().into(),
            lists: stock.counting().into(),
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
            let candidates = Arc::clone(&self.candidates);
            let lists = Arc::clone(&self.lists);
            let Some(what) = in_time(move || look_at(pid, &candidates, &lists)) else {
                seen.unanswered += 1;
                continue;
            };
            match what {
                Look::Nothing => {}
                Look::Closed { denied } => seen.inaccessible += usize::from(denied),
                Look::Unready => {
                    seen.unready.insert(pid);
                }
                Look::Facts(mut facts) => {
                    facts.services = services.remove(&pid).unwrap_or_default();
                    // It may have ended meanwhile, and another one may have its id.
                    let process = Process::open(pid, Access::Look).ok();
                    let process = process.filter(|p| process_name(p.identity()) == facts.name);
                    let verdict = process.and_then(|process| self.judge(&process, &facts));
                    seen.processes
                        .extend(verdict.map(|verdict| (*facts, verdict)));
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
            lists: &self.lists,
        };
        let mut ask = |candidate: &Candidate| match self.stock.package(&candidate.sha256) {
            Some(package) => probe(process, package),
            None => Probe::Failed("its package cannot be used".to_owned()),
        };
        judge(facts, &self.candidates, &settings, &mut ask)
    }

    /// Nothing but this package is to be applied.
    fn leave_others(&self, id: &str, seen: &mut Seen) {
        let of = |sha256: &String| self.candidates.iter().find(|c| c.sha256 == *sha256);
        for (_, verdict) in &mut seen.processes {
            verdict
                .apply
                .retain(|sha256| of(sha256).is_some_and(|c| c.id == id));
        }
    }

    /// The ring of this machine.
    pub fn ring(&self, computer: &str) -> Option<String> {
        self.judges.guard.ring(computer).map(str::to_owned)
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
            unanswered: seen.unanswered,
        };
        report.count();
        report
    }
}
