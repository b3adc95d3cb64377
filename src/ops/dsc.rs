//! The instance of a DSC resource: one package, as the processes of a machine should have it.
//!
//! Pure: what was seen goes in, and whether that is what is desired comes out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::desired::{OnDisk, State};

/// Whether the processes of this machine have a package (Hotpatch/Package).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Instance {
    /// Id of the patch.
    pub id: String,
    /// File of the package, as on a share; it is taken into the machine's store. Not needed where
    /// the store has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// SHA-256 of the package file as hex: no other file is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether the package is in the store and its processes have it; false takes it out of the
    /// store and out of every process.
    #[serde(rename = "_exist", default = "yes")]
    pub exist: bool,
    /// Whether a process counts as it should be where something stands against the package that a
    /// person has to clear away.
    #[serde(default)]
    pub blocked_is_compliant: bool,
    /// Longest time for which a process may stand still, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 60_000))]
    pub max_freeze_ms: Option<u32>,
    /// What is read of the machine.
    #[serde(flatten)]
    pub seen: Seen,
}

/// What is read of the machine; what is given is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// The most urgent state of its processes; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub state: Option<String>,
    /// The processes that it is for; where it is not in the store, those that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub processes: Option<Vec<SeenProcess>>,
    /// Number of processes that could have it, and do not yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub exposed: Option<u32>,
    /// Number of processes that cannot have it as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub blocked: Option<u32>,
    /// CVEs that it fixes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub cves: Option<Vec<String>>,
    /// What the file of the module is by now: `old`, `fixed`, `other` or `unknown`; `old` where
    /// it is for any process.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub on_disk: Option<String>,
    /// Whether everything is as desired; only `test` says it.
    #[serde(rename = "_inDesiredState", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub in_desired_state: Option<bool>,
    /// Processes that have the patch while the old build is on the disk: a restart loses it.
    #[serde(rename = "_restartRequired", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub restart_required: Option<Vec<Restart>>,
}

/// A process that the package is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenProcess {
    /// Its id.
    pub id: u32,
    /// File name of its program.
    pub name: String,
    /// Its state, as `hotpatch list` says it.
    pub state: String,
    /// Why, in one line.
    pub why: String,
}

/// Something that has to be restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restart {
    /// The process.
    pub process: RestartProcess,
}

/// A process that has to be restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RestartProcess {
    /// File name of its program.
    pub name: String,
    /// Its id.
    pub id: u32,
}

/// What a package means for a process, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The process.
    pub id: u32,
    /// File name of its program.
    pub name: String,
    /// Its state.
    pub state: State,
    /// Why, in one line.
    pub why: String,
    /// Whether that is what the store and the policy ask for.
    pub as_desired: bool,
    /// What the file of the module is by now.
    pub on_disk: OnDisk,
}

/// A package of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The file.
    pub path: String,
    /// SHA-256 of it as hex.
    pub sha256: String,
    /// CVEs that it fixes.
    pub cves: Vec<String>,
}

/// What is there of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What the store has.
    pub stored: Option<Stored>,
    /// The processes that it is for; where the store does not have it, those that have it.
    pub facts: Vec<Fact>,
}

fn yes() -> bool {
    true
}

impl Found {
    /// The instance as it is, with what only the user can say of it.
    pub fn instance(&self, desired: &Instance) -> Instance {
        let count = |state| self.facts.iter().filter(|f| f.state == state).count();
        let count = |state| u32::try_from(count(state)).unwrap_or(u32::MAX);
        let lost = |f: &&Fact| {
            let runs = matches!(f.state, State::Hotpatched | State::RestartDue);
            runs && f.on_disk == OnDisk::Old
        };
        let restarts = self.facts.iter().filter(lost).map(|f| Restart {
            process: RestartProcess {
                name: f.name.clone(),
                id: f.id,
            },
        });
        let restarts: Vec<Restart> = restarts.collect();
        let processes = self.facts.iter().map(|f| SeenProcess {
            id: f.id,
            name: f.name.clone(),
            state: f.state.word().to_owned(),
            why: f.why.clone(),
        });
        let on_disk = |wanted| self.facts.iter().any(|f| f.on_disk == wanted);
        let kinds = [OnDisk::Old, OnDisk::Other, OnDisk::Unknown, OnDisk::Fixed];
        let worst = kinds.into_iter().find(|kind| on_disk(*kind));
        let stored = self.stored.as_ref();
        Instance {
            id: desired.id.clone(),
            package: stored.map(|s| s.path.clone()),
            sha256: stored.map(|s| s.sha256.clone()),
            exist: stored.is_some(),
            blocked_is_compliant: desired.blocked_is_compliant,
            max_freeze_ms: desired.max_freeze_ms,
            seen: Seen {
                state: self
                    .facts
                    .iter()
                    .map(|f| f.state)
                    .min()
                    .map(|s| s.word().to_owned()),
                processes: Some(processes.collect()),
                exposed: Some(count(State::Exposed)),
                blocked: Some(count(State::Blocked)),
                cves: stored.map(|s| s.cves.clone()),
                on_disk: worst.map(|w| w.word().to_owned()),
                in_desired_state: None,
                restart_required: (!restarts.is_empty()).then_some(restarts),
            },
        }
    }

    /// The names of the properties that are not as desired. `wanted` is the SHA-256 of the file
    /// that is desired, where that is known.
    pub fn differences(&self, desired: &Instance, wanted: Option<&str>) -> Vec<String> {
        let mut differing = Vec::new();
        if self.stored.is_some() != desired.exist {
            differing.push("_exist");
        }
        if !desired.exist {
            if !self.facts.is_empty() {
                differing.push("processes");
            }
            return differing.into_iter().map(str::to_owned).collect();
        }
        let is_other = |s: &Stored| wanted.is_some_and(|w| !w.eq_ignore_ascii_case(&s.sha256));
        if self.stored.as_ref().is_some_and(is_other) {
            differing.push("sha256");
        }
        if !self.facts.iter().all(|f| desired.accepts(f)) {
            differing.push("state");
        }
        differing.into_iter().map(str::to_owned).collect()
    }
}

impl Instance {
    /// Whether a process is as it should be.
    pub fn accepts(&self, fact: &Fact) -> bool {
        fact.as_desired || (self.blocked_is_compliant && fact.state == State::Blocked)
    }
}

/// The names of the properties that have another value than before. The reasons for states do not
/// count: they tell the time.
pub fn changed(before: &Instance, after: &Instance) -> Vec<String> {
    let value = |instance: &Instance| {
        let mut instance = instance.clone();
        for process in instance.seen.processes.iter_mut().flatten() {
            process.why.clear();
        }
        serde_json::to_value(&instance).unwrap_or_default()
    };
    let (before, after) = (value(before), value(after));
    let names = before.as_object().into_iter().chain(after.as_object());
    let mut names: Vec<&String> = names.flat_map(|o| o.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let differs = |name: &&&String| before.get(name.as_str()) != after.get(name.as_str());
    let names = names.iter().filter(differs);
    names.map(|name| (*name).clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired() -> Instance {
        serde_json::from_str(r#"{"id":"X"}"#).unwrap()
    }

    fn found(state: State, as_desired: bool) -> Found {
        Found {
            stored: Some(Stored {
                path: "x.hpk".to_owned(),
                sha256: "ab".to_owned(),
                cves: vec!["CVE-2026-1001".to_owned()],
            }),
            facts: vec![Fact {
                id: 7,
                name: "server.exe".to_owned(),
                state,
                why: "why".to_owned(),
                as_desired,
                on_disk: OnDisk::Old,
            }],
        }
    }

    #[test]
    fn what_is_not_said_means_that_it_should_be_there() {
        let desired = desired();
        assert!(desired.exist && !desired.blocked_is_compliant);
        assert!(serde_json::from_str::<Instance>(r#"{"id":"X","packge":"y"}"#).is_err());
        assert!(serde_json::from_str::<Instance>(r#"{"_exist":true}"#).is_err());
    }

    #[test]
    fn an_exposed_process_is_a_difference_of_the_state() {
        let exposed = found(State::Exposed, false);
        assert_eq!(exposed.differences(&desired(), None), ["state"]);
        let patched = found(State::Hotpatched, true);
        assert!(patched.differences(&desired(), Some("AB")).is_empty());
        assert_eq!(patched.differences(&desired(), Some("cd")), ["sha256"]);
    }

    #[test]
    fn a_blocked_process_can_be_accepted() {
        let blocked = found(State::Blocked, false);
        assert_eq!(blocked.differences(&desired(), None), ["state"]);
        let accepting = Instance {
            blocked_is_compliant: true,
            ..desired()
        };
        assert!(blocked.differences(&accepting, None).is_empty());
        let failed = found(State::Failed, false);
        assert_eq!(failed.differences(&accepting, None), ["state"]);
    }

    #[test]
    fn what_should_be_gone_is_in_neither_the_store_nor_a_process() {
        let absent = Instance {
            exist: false,
            ..desired()
        };
        let mut there = found(State::Hotpatched, true);
        assert_eq!(there.differences(&absent, None), ["_exist", "processes"]);
        there.stored = None;
        assert_eq!(there.differences(&absent, None), ["processes"]);
        there.facts.clear();
        assert!(there.differences(&absent, None).is_empty());
        assert_eq!(there.differences(&desired(), None), ["_exist"]);
    }

    #[test]
    fn a_restart_is_required_while_the_old_build_is_on_the_disk() {
        let mut patched = found(State::Hotpatched, true);
        let instance = patched.instance(&desired());
        let restart = &instance.seen.restart_required.as_ref().unwrap()[0];
        assert_eq!(
            (restart.process.name.as_str(), restart.process.id),
            ("server.exe", 7)
        );
        assert_eq!(instance.seen.on_disk.as_deref(), Some("old"));
        patched.facts[0].on_disk = OnDisk::Fixed;
        assert_eq!(patched.instance(&desired()).seen.restart_required, None);
    }

    #[test]
    fn the_properties_that_changed_are_named() {
        let before = found(State::Exposed, false).instance(&desired());
        let after = found(State::Hotpatched, true).instance(&desired());
        let names = changed(&before, &after);
        assert_eq!(names, ["_restartRequired", "exposed", "processes", "state"]);
        let mut later = after.clone();
        later.seen.processes.as_mut().unwrap()[0].why = "2 s".to_owned();
        assert!(changed(&after, &later).is_empty());
    }
}
