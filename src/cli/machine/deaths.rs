//! Processes that were patched a moment ago: whether they live on.

use std::time::{Duration, Instant};

use crate::apply::target::Target;
use crate::moment::Moment;
use crate::ops::desired::facts::ProcessFacts;
use crate::ops::desired::is_exception;
use crate::ops::store::Quarantine;
use crate::ops::trust::process_name;
use crate::process::{Access, Process};

/// Processes that were patched a moment ago.
#[derive(Debug, Default)]
pub struct Watched(Vec<One>);

#[derive(Debug)]
struct One {
    process: Process,
    program: String,
    package: String,
    since: Instant,
}

/// A process that is about to be patched, held open: what it ends with can be asked for as long
/// as it is.
pub struct Before(Option<Process>);

impl Before {
    /// The process that was seen, if it is still the same.
    pub fn of(facts: &ProcessFacts) -> Self {
        let process = Process::open(facts.pid, Access::Look).ok();
        Before(process.filter(|p| process_name(p.identity()) == facts.name))
    }
}

impl Watched {
    /// Watches a process to which a package has just been applied.
    pub fn add(&mut self, before: Before, facts: &ProcessFacts, package: &str) {
        self.0.extend(before.0.map(|process| One {
            process,
            program: facts.program().to_owned(),
            package: package.to_owned(),
            since: Instant::now(),
        }));
    }

    /// Whether one of them has ended.
    pub fn has_ended(&self) -> bool {
        self.0.iter().any(|one| one.process.has_ended())
    }

    /// Whether none is watched that was patched less than `settle` ago.
    pub fn is_settled(&self, settle: Duration) -> bool {
        self.0.iter().all(|one| one.since.elapsed() >= settle)
    }

    /// What those mean that have ended by an exception. Those that have ended, or have lived for
    /// `settle`, are watched no more.
    pub fn deaths(&mut self, settle: Duration) -> Vec<Quarantine> {
        let mut deaths = Vec::new();
        self.0.retain(|one| {
            let Some(code) = one.process.exit_code() else {
                return one.since.elapsed() < settle;
            };
            if is_exception(code) {
                deaths.push(Quarantine {
                    package: one.package.clone(),
                    program: one.program.clone(),
                    since: Moment::now(),
                    reason: format!(
                        "process {} ended with {code:#010x} within {} s",
                        one.process.identity().pid,
                        one.since.elapsed().as_secs() + 1
                    ),
                });
            }
            false
        });
        deaths
    }
}
