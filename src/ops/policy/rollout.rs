//! What a policy says of the order in which machines get a package.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::fits;
use super::window::Window;
use crate::moment::Moment;

/// Rings of machines, one after the other. The same policy may be on all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// The ring of this machine, whatever its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub this_ring: Option<String>,
    /// The place of this machine in its ring, in percent (0 to 99), instead of the one that it
    /// draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub this_place: Option<u8>,
    /// The rings; a machine is in the first one that names it. The last one has all others.
    #[serde(rename = "ring")]
    pub rings: Vec<Ring>,
    /// Packages that are approved for rings that ask for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved: Vec<Approval>,
}

/// Machines that get packages at the same time, or some of them earlier than others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// What reports call it.
    pub name: String,
    /// Names of the computers, with `*` and `?`; all others where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<String>,
    /// How many days after it came into the store a package is applied first.
    #[serde(default)]
    pub defer_days: u32,
    /// How many percent of the machines apply it on the first day, on the second, and so on;
    /// ascending, up to 100. All on the first day where it is absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub percent: Vec<u8>,
    /// Whether each package has to be approved for this ring.
    #[serde(default)]
    pub approval: bool,
    /// When packages are applied; always where none is named.
    #[serde(default, rename = "window", skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
}

/// That a package is approved for a ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// SHA-256 of everything before the signatures of the package, as lower-case hex.
    pub package: String,
    /// Name of the ring.
    pub ring: String,
    /// When it was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Moment>,
}

/// Longest deferral in days.
const MAX_DAYS: u32 = 365;

impl Rollout {
    /// What is wrong with it: of which entry, and what.
    pub(super) fn problem(
        &self,
        is_name: impl Fn(&str) -> bool,
        is_sha256: impl Fn(&str) -> bool,
    ) -> Option<(String, &'static str)> {
        let here = |problem| Some(("rollout".to_owned(), problem));
        let Some(last) = self.rings.last() else {
            return here("there is no ring");
        };
        let names: BTreeSet<&String> = self.rings.iter().map(|r| &r.name).collect();
        if names.len() != self.rings.len() {
            return here("two rings have the same name");
        }
        if self.this_ring.as_ref().is_some_and(|r| !names.contains(r)) {
            return here("there is no ring that `this_ring` names");
        }
        if self.this_place.is_some_and(|place| place > 99) {
            return here("this_place: 0 to 99 are possible");
        }
        if !last.machines.is_empty() {
            return here("the last ring must name no machines: it has all others");
        }
        for (i, ring) in self.rings.iter().enumerate() {
            let of = |problem| Some((format!("rollout: ring {:?}", ring.name), problem));
            let mut texts = ring.machines.iter().chain([&ring.name]);
            if !texts.all(|text| is_name(text)) {
                return of("a name is not one line of 1 to 256 bytes without blanks around it");
            }
            if ring.machines.is_empty() && i + 1 < self.rings.len() {
                return of("it names no machines, and is not the last one");
            }
            if ring.defer_days > MAX_DAYS {
                return of("defer_days: 365 at most are possible");
            }
            let rises = ring.percent.is_sorted_by(|a, b| a < b);
            if !rises || ring.percent.last().is_some_and(|last| *last != 100) {
                return of("percent: the numbers must rise, up to 100");
            }
            if !ring.windows.iter().all(Window::clear) {
                return of("a window ends when it begins, or begins at 24:00");
            }
        }
        for approval in &self.approved {
            let of = |problem| Some((format!("rollout: approved {:?}", approval.package), problem));
            if !is_sha256(&approval.package) {
                return of("is not a SHA-256 as 64 digits of lower-case hex");
            }
            if !names.contains(&approval.ring) {
                return of("there is no ring of that name");
            }
        }
        None
    }

    /// The ring of a machine; the last one where none names it.
    pub fn ring_of(&self, machine: &str) -> Option<&Ring> {
        let is_in = |ring: &&Ring| match &self.this_ring {
            Some(name) => ring.name == *name,
            None => {
                let mut patterns = ring.machines.iter();
                ring.machines.is_empty() || patterns.any(|pattern| fits(pattern, machine))
            }
        };
        self.rings.iter().find(is_in).or(self.rings.last())
    }

    /// Whether a package is approved for a ring.
    pub fn is_approved(&self, content_sha256: &str, ring: &str) -> bool {
        let mut approved = self.approved.iter();
        approved.any(|a| a.package == content_sha256 && a.ring == ring)
    }
}
