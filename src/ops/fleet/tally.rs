//! How many processes are in which state, by ring, by program and by CVE.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, Process, State};
use crate::moment::Moment;

/// The processes of a ring, or of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of machines.
    pub machines: usize,
    /// Number of machines on which something is open.
    pub exposed_machines: usize,
    /// Number of processes.
    pub processes: usize,
    /// Number of processes in which something is open.
    pub exposed_processes: usize,
    /// Since when a CVE has been open in any of them.
    pub open_since: Option<Moment>,
    /// The number of processes in each state that there is.
    pub states: BTreeMap<State, usize>,
}

/// How it is with a CVE on all machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CveTally {
    /// Number of processes in which it is fixed.
    pub fixed: usize,
    /// Number of processes in which it is open.
    pub open: usize,
    /// Number of machines on which it is open.
    pub machines: usize,
    /// Since when it has been open in any process.
    pub since: Option<Moment>,
}

impl Tally {
    /// Counts the processes of one machine.
    pub fn count<'p>(&mut self, processes: impl Iterator<Item = &'p Process>) {
        self.machines += 1;
        let before = self.exposed_processes;
        for process in processes {
            self.processes += 1;
            self.exposed_processes += usize::from(process.is_exposed());
            self.open_since = first(self.open_since, process.open_since());
            *self.states.entry(process.state).or_default() += 1;
        }
        self.exposed_machines += usize::from(self.exposed_processes > before);
    }
}

fn first(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}

/// The machines of each ring; those without one first.
pub fn by_ring(machines: &[Machine]) -> Vec<(Option<&str>, Tally)> {
    let mut tallies: BTreeMap<Option<&str>, Tally> = BTreeMap::new();
    for machine in machines {
        let tally = tallies.entry(machine.ring.as_deref()).or_default();
        tally.count(machine.processes.iter());
    }
    tallies.into_iter().collect()
}

/// The processes of each program, whatever the case of its name.
pub fn by_program(machines: &[Machine]) -> Vec<(&str, Tally)> {
    let mut tallies: BTreeMap<String, (&str, Tally)> = BTreeMap::new();
    for machine in machines {
        let mut programs: BTreeMap<String, Vec<&Process>> = BTreeMap::new();
        for process in &machine.processes {
            let name = process.program().to_lowercase();
            programs.entry(name).or_default().push(process);
        }
        for (name, processes) in programs {
            let program = processes[0].program();
            let entry = tallies.entry(name);
            let (_, tally) = entry.or_insert_with(|| (program, Tally::default()));
            tally.count(processes.into_iter());
        }
    }
    tallies.into_values().collect()
}

/// The CVEs, by name.
pub fn cves(machines: &[Machine]) -> Vec<(&str, CveTally)> {
    let mut tallies: BTreeMap<&str, CveTally> = BTreeMap::new();
    for machine in machines {
        let mut here: BTreeSet<&str> = BTreeSet::new();
        for process in &machine.processes {
            for cve in &process.cves_fixed {
                tallies.entry(cve).or_default().fixed += 1;
            }
            for open in &process.cves_open {
                let tally = tallies.entry(&open.cve).or_default();
                tally.open += 1;
                tally.since = first(tally.since, Some(open.since));
                tally.machines += usize::from(here.insert(&open.cve));
            }
        }
    }
    tallies.into_iter().collect()
}
