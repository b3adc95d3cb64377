//! What the reports of many machines say together: who is exposed to what, and since when.
//!
//! Everything here is pure. A report is what `hotpatch sync --report` leaves of one machine
//! ([`Machine`]); nobody signs it, so that what is said here is as true as the folder is safe.

mod exposure;
mod group;
mod tally;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::desired::{OnDisk, OpenCve, State};
use crate::moment::Moment;

pub use exposure::{Exposure, exposures};
pub use group::{Group, groups};
pub use tally::{CveTally, Tally, by_program, by_ring, cves};

/// How far the clock of a machine may be ahead before it is said, in seconds.
const AHEAD: u64 = 300;

/// The last report of a machine.
#[derive(Clone, Debug, Deserialize)]
pub struct Machine {
    /// Full name of the computer.
    pub computer: String,
    /// Its ring; absent where its policy has no rollout.
    pub ring: Option<String>,
    /// When it was written, by its own clock.
    pub at: Moment,
    /// How `sync` ended.
    pub exit_code: u8,
    /// Whether every process was what the store and the policy ask for.
    pub in_desired_state: bool,
    /// Packages and lists that were refused.
    pub refused: Vec<IgnoredAny>,
    /// Packages of its store that can't be used.
    pub broken: Vec<IgnoredAny>,
    /// Number of processes that could not be opened.
    pub inaccessible: usize,
    /// Number of processes of which nothing came back.
    pub unanswered: usize,
    /// The processes that its packages are for.
    pub processes: Vec<Process>,
}

/// A process of a machine.
#[derive(Clone, Debug, Deserialize)]
pub struct Process {
    /// The process.
    pub pid: u32,
    /// Path of its program.
    pub image: String,
    /// Names of the services that it runs.
    pub services: Vec<String>,
    /// When it was started.
    pub started: Moment,
    /// The most urgent state of its packages.
    pub state: State,
    /// Why, in one line.
    pub why: String,
    /// What can be done, in one line.
    pub remedy: Option<String>,
    /// Whether it is what the store and the policy ask for.
    pub as_desired: bool,
    /// CVEs that are fixed in it.
    pub cves_fixed: Vec<String>,
    /// CVEs that are open in it.
    pub cves_open: Vec<OpenCve>,
    /// What the packages mean for it.
    pub packages: Vec<Package>,
}

/// What a package means for a process.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its id; absent where no package is for the build that is loaded.
    pub id: Option<String>,
    /// File name of the module.
    pub module: String,
    /// Its state.
    pub state: State,
    /// Why, in one line.
    pub why: String,
    /// Why the package was withdrawn, where it was.
    pub withdrawn: Option<String>,
    /// What the module's file is by now.
    pub on_disk: OnDisk,
    /// When the patch was switched on.
    pub applied_at: Option<Moment>,
    /// By when the process has to be restarted.
    pub restart_by: Option<Moment>,
    /// From when it may be applied.
    pub deferred_until: Option<Moment>,
}

/// What the report of a machine is called, and what else is about it, without an ending: its name
/// in letters, digits, `-`, `_` and `.`, and something of its own where it has others or is long.
pub fn file_stem(computer: &str) -> String {
    const LONGEST: usize = 128;
    let name = computer.to_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
    if name.chars().all(plain) && name.len() <= LONGEST {
        return name;
    }
    let digest = hex::encode(Sha256::digest(&name));
    let name: String = name
        .chars()
        .take(LONGEST)
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    format!("{name}-{}", &digest[..8])
}

/// How old a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// So many seconds, and no more than was asked for.
    Fresh(u64),
    /// So many seconds, and nothing since.
    Stale(u64),
    /// It is from so many seconds in the future: the clock there is ahead, or the one here slow.
    Ahead(u64),
}

impl Machine {
    /// How old the report is now, where one that is older than `stale` seconds is stale.
    pub fn age(&self, now: Moment, stale: u64) -> Age {
        let ahead = self.at.seconds().saturating_sub(now.seconds());
        let age = now.seconds().saturating_sub(self.at.seconds());
        match (ahead > AHEAD, age > stale) {
            (true, _) => Age::Ahead(ahead),
            (_, true) => Age::Stale(age),
            _ => Age::Fresh(age),
        }
    }

    /// Number of processes that nobody could look at.
    pub fn unseen(&self) -> usize {
        self.inaccessible.saturating_add(self.unanswered)
    }
}

impl Process {
    /// File name of its program.
    pub fn program(&self) -> &str {
        self.image.rsplit(['\\', '/']).next().unwrap_or_default()
    }

    /// Whether something is open in it.
    pub fn is_exposed(&self) -> bool {
        !self.cves_open.is_empty() || self.missing().next().is_some()
    }

    /// Packages that are for it and are not active, other than those that were withdrawn.
    fn missing(&self) -> impl Iterator<Item = &Package> {
        let is_missing = |p: &&Package| {
            let active = [
                State::Hotpatched,
                State::RestartDue,
                State::Updated,
                State::NotApplicable,
            ];
            p.withdrawn.is_none() && !active.contains(&p.state)
        };
        self.packages.iter().filter(is_missing)
    }

    /// Since when a CVE has been open in it, the oldest of them.
    fn open_since(&self) -> Option<Moment> {
        self.cves_open.iter().map(|open| open.since).min()
    }
}

#[cfg(test)]
mod tests;
