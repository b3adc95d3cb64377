//! Processes of all machines that are in the same state because of the same package.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, State};

/// The processes of a program in a ring that a package has brought to the same state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The state of the package in them.
    pub state: State,
    /// The ring; absent where the policy there has no rollout.
    pub ring: Option<&'a str>,
    /// File name of the program.
    pub program: &'a str,
    /// Id of the package; absent where no package is for the build that is loaded.
    pub package: Option<&'a str>,
    /// Number of processes.
    pub processes: usize,
    /// Number of machines.
    pub machines: usize,
}

/// The groups, the most urgent first.
pub fn groups(machines: &[Machine]) -> Vec<Group<'_>> {
    type Key<'a> = (State, Option<&'a str>, String, Option<&'a str>);
    let mut found: BTreeMap<Key<'_>, (&str, usize, BTreeSet<usize>)> = BTreeMap::new();
    for (index, machine) in machines.iter().enumerate() {
        for process in &machine.processes {
            let ring = machine.ring.as_deref();
            let program = process.program().to_lowercase();
            // A package for several modules of a process counts once for each state.
            let states: BTreeSet<_> = process
                .packages
                .iter()
                .map(|p| (p.state, p.id.as_deref()))
                .collect();
            for (state, package) in states {
                let entry = found.entry((state, ring, program.clone(), package));
                let (_, count, on) = entry.or_insert((process.program(), 0, BTreeSet::new()));
                *count += 1;
                on.insert(index);
            }
        }
    }
    found
        .into_iter()
        .map(
            |((state, ring, _, package), (program, processes, on))| Group {
                state,
                ring,
                program,
                package,
                processes,
                machines: on.len(),
            },
        )
        .collect()
}
