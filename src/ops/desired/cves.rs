//! Which CVEs are fixed in a process, and which are open and for how long.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::facts::ProcessFacts;
use super::state::State;
use super::verdict::{OpenCve, PackageVerdict};
use crate::moment::Moment;

/// The CVEs that are fixed, and those that are open. `fitting` are the packages for the builds
/// that are loaded. What only a package for another build would fix is not known to be open.
pub(super) fn of(
    process: &ProcessFacts,
    stock: &[Candidate],
    fitting: &[&Candidate],
    packages: &[PackageVerdict],
    now: Moment,
) -> (Vec<String>, Vec<OpenCve>) {
    let mut fixed: BTreeSet<&String> = BTreeSet::new();
    // A patch that was replaced is contained in the one that replaced it.
    let live = |c: &&Candidate| process.patch(&c.sha256).is_some();
    for candidate in stock.iter().filter(live) {
        fixed.extend(&candidate.cves);
    }
    for verdict in packages.iter().filter(|p| p.state == State::Updated) {
        let of = stock.iter().filter(|c| c.sha256 == verdict.sha256);
        fixed.extend(of.flat_map(|c| &c.cves));
    }
    let mut open: BTreeMap<&String, Moment> = BTreeMap::new();
    for candidate in fitting {
        let since = candidate.added.max(process.started);
        for cve in candidate.cves.iter().filter(|cve| !fixed.contains(cve)) {
            let first = open.entry(cve).or_insert(since);
            *first = since.min(*first);
        }
    }
    let open = open.into_iter().map(|(cve, since)| OpenCve {
        cve: cve.clone(),
        since,
        seconds: now.seconds().saturating_sub(since.seconds()),
    });
    let open = open.collect();
    (fixed.into_iter().cloned().collect(), open)
}
