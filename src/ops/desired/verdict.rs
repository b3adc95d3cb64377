//! What is said of a process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::state::State;
use crate::moment::Moment;

/// Whether a package could be applied to a process, as far as that can be known before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Nothing stands against it.
    Ready,
    /// Findings stand against it.
    Refused {
        /// What they are.
        why: String,
        /// The way out.
        remedy: String,
    },
    /// The process could not be looked at.
    Failed(String),
}

/// What the file of a module is by now, seen from a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnDisk {
    /// The build that the package changes: a restart goes back to it.
    Old,
    /// The fixed build: a restart is what remains to be done.
    Fixed,
    /// Another build.
    Other,
    /// The file can't be read.
    Unknown,
}

impl OnDisk {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            OnDisk::Old => "old",
            OnDisk::Fixed => "fixed",
            OnDisk::Other => "other",
            OnDisk::Unknown => "unknown",
        }
    }
}

/// What is said of one package in one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageVerdict {
    /// SHA-256 of the package file as hex; empty where no package is meant.
    pub sha256: String,
    /// Id of the package; empty where no package is meant.
    pub id: String,
    /// File name of the module.
    pub module: String,
    /// The word.
    pub state: State,
    /// Why, in one line.
    pub why: String,
    /// What can be done, in one line; empty where there is nothing to do.
    pub remedy: String,
    /// Whether that is what the store and the policy ask for.
    pub as_desired: bool,
    /// Why the package was withdrawn, where it was.
    pub withdrawn: Option<String>,
    /// Whether it is to be applied now.
    pub apply: bool,
    /// What the module's file is by now.
    pub on_disk: OnDisk,
    /// When the patch was switched on, where it is.
    pub applied: Option<Moment>,
    /// By when the process has to be restarted, where the policy says so.
    pub restart_by: Option<Moment>,
    /// From when it may be applied, where only the time forbids it now.
    pub deferred_until: Option<Moment>,
    /// For how many milliseconds the process had run before the patch was active, where `sync`
    /// applied it.
    pub unpatched_ms: Option<u64>,
}

/// A CVE that is open in a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenCve {
    /// Its identifier.
    pub cve: String,
    /// Since when a package of the store could have fixed it here (RFC 3339).
    pub since: Moment,
    /// For how many seconds that is.
    pub seconds: u64,
}

/// A patch that is to be taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its id.
    pub id: String,
    /// SHA-256 of its package file as hex.
    pub sha256: String,
    /// Whether those that it replaced run again; otherwise they go as well.
    pub back: bool,
}

/// What is said of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The most urgent state of its packages.
    pub state: State,
    /// The packages, the most urgent first.
    pub packages: Vec<PackageVerdict>,
    /// CVEs that are fixed in the process, in memory or because it runs the fixed build.
    pub fixed: Vec<String>,
    /// CVEs that packages of the store would fix, and that are open.
    pub open: Vec<OpenCve>,
    /// The patches to take out, before anything is applied.
    pub revert: Vec<Removal>,
    /// SHA-256 of the packages to apply, in this order.
    pub apply: Vec<String>,
    /// Whether what an interrupted operation left is to be cleared away, where nothing is
    /// applied that does so by itself.
    pub recover: bool,
}

impl Verdict {
    /// Whether the process is what the store and the policy ask for.
    pub fn as_desired(&self) -> bool {
        !self.recover && self.packages.iter().all(|p| p.as_desired)
    }

    /// The package that gave the state.
    pub fn first(&self) -> &PackageVerdict {
        &self.packages[0]
    }
}
