//! Who is exposed to what, and since when.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, Process, State};
use crate::moment::Moment;

/// What is open in the processes of one program of one machine.
#[derive(Clone, Debug)]
pub struct Exposure<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// File name of the program.
    pub program: &'a str,
    /// The CVE; absent where the packages that are missing name none.
    pub cve: Option<&'a str>,
    /// Since when it has been open in the one in which that is longest, by the clock there;
    /// absent as the CVE is.
    pub since: Option<Moment>,
    /// The processes, by ascending id.
    pub processes: Vec<&'a Process>,
    /// The most urgent state of these.
    pub state: State,
    /// Ids of the packages that are missing in them.
    pub packages: BTreeSet<&'a str>,
}

impl Exposure<'_> {
    /// Why it is open in the first of the processes that are in the most urgent state.
    pub fn why(&self) -> &str {
        let first = self.processes.iter().find(|p| p.state == self.state);
        first.map_or("", |p| &p.why)
    }
}

/// Everything that is open on the machines, that for longest first.
pub fn exposures(machines: &[Machine]) -> Vec<Exposure<'_>> {
    let mut all = Vec::new();
    for machine in machines {
        let mut found: BTreeMap<(String, Option<&str>), Exposure<'_>> = BTreeMap::new();
        for process in &machine.processes {
            let open = process.cves_open.iter();
            let mut open: Vec<_> = open.map(|o| (Some(&*o.cve), Some(o.since))).collect();
            let missing: Vec<&str> = process.missing().filter_map(|p| p.id.as_deref()).collect();
            if open.is_empty() && process.missing().next().is_some() {
                open.push((None, None));
            }
            for (cve, since) in open {
                let key = (process.program().to_lowercase(), cve);
                let exposure = found.entry(key).or_insert_with(|| Exposure {
                    machine,
                    program: process.program(),
                    cve,
                    since,
                    processes: Vec::new(),
                    state: process.state,
                    packages: BTreeSet::new(),
                });
                exposure.since = exposure.since.min(since);
                exposure.state = exposure.state.min(process.state);
                exposure.processes.push(process);
                exposure.packages.extend(&missing);
            }
        }
        all.extend(found.into_values());
    }
    // Stable: those that are open for equally long stay in the order of their machines.
    all.sort_by_key(|e| (e.since.is_none(), e.since));
    all
}
