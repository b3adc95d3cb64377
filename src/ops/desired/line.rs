//! The verdicts about the packages of one product for one loaded build.

use super::candidate::{Candidate, Permit};
use super::facts::{ModuleFacts, ProcessFacts};
use super::settings::Settings;
use super::state::State;
use super::verdict::{OnDisk, PackageVerdict, Probe};
use crate::moment::{DAY, Moment, span};
use crate::ops::store::{Attempted, ProblemKind, Quarantine};
use crate::ops::withdrawal::Withdrawn;

/// A module of a process, and the packages of one product that are for its build.
pub(super) struct Line<'a> {
    pub process: &'a ProcessFacts,
    pub module: &'a ModuleFacts,
    pub candidates: Vec<&'a Candidate>,
    pub settings: &'a Settings<'a>,
}

impl Line<'_> {
    /// From the highest sequence down to the one that is desired: what stands against those
    /// above it, and how it is with that one. What is below it doesn't matter.
    pub fn judge(&self, probe: &mut dyn FnMut(&Candidate) -> Probe) -> Vec<PackageVerdict> {
        let mut sequences: Vec<u64> = self.candidates.iter().map(|c| c.sequence).collect();
        sequences.sort_unstable();
        sequences.dedup();
        let runs = |c: &Candidate| self.process.runs(&c.sha256);
        let mut verdicts = Vec::new();
        for sequence in sequences.into_iter().rev() {
            let group = self.candidates.iter().filter(|c| c.sequence == sequence);
            let group: Vec<&Candidate> = group.copied().collect();
            let is_desired = group.iter().all(|c| runs(c) || self.is_usable(c));
            for candidate in &group {
                verdicts.push(if runs(candidate) {
                    self.active(candidate)
                } else if self.is_usable(candidate) {
                    match is_desired {
                        true => self.missing(candidate, &group, probe),
                        false => self.waits_for_others(candidate),
                    }
                } else {
                    self.unusable(candidate)
                });
            }
            // What is older than what runs is not gone back to.
            if is_desired || group.iter().any(|c| runs(c)) {
                break;
            }
        }
        verdicts
    }

    fn is_usable(&self, candidate: &Candidate) -> bool {
        candidate.is_usable()
            && self.quarantine(candidate).is_none()
            && self.withdrawn(candidate).is_none()
    }

    fn withdrawn(&self, candidate: &Candidate) -> Option<&Withdrawn> {
        let (content, product) = (&candidate.content_sha256, &candidate.product);
        let settings = self.settings;
        settings.withdrawn(content, product, &candidate.file_name)
    }

    fn quarantine(&self, candidate: &Candidate) -> Option<&Quarantine> {
        let ledger = self.settings.ledger;
        ledger.quarantine_of(&candidate.sha256, self.process.program())
    }

    fn verdict(&self, candidate: &Candidate, state: State) -> PackageVerdict {
        let last = self.last(candidate);
        PackageVerdict {
            sha256: candidate.sha256.clone(),
            id: candidate.id.clone(),
            module: self.module.name.clone(),
            state,
            why: String::new(),
            remedy: String::new(),
            as_desired: false,
            withdrawn: self.withdrawn(candidate).map(|w| w.reason.clone()),
            apply: false,
            on_disk: self.on_disk(candidate),
            applied: None,
            restart_by: None,
            deferred_until: None,
            unpatched_ms: last.and_then(|a| a.unpatched_ms),
        }
    }

    fn last(&self, candidate: &Candidate) -> Option<&Attempted> {
        let outcomes = self.settings.outcomes;
        outcomes.of(&self.process.name, &candidate.sha256)
    }

    fn on_disk(&self, candidate: &Candidate) -> OnDisk {
        match &self.module.file {
            None => OnDisk::Unknown,
            Some(file) if file.sha256 == candidate.fixed_sha256 => OnDisk::Fixed,
            Some(file) if file.authenticode.as_ref() == Some(&candidate.old_authenticode) => {
                OnDisk::Old
            }
            Some(_) => OnDisk::Other,
        }
    }

    fn active(&self, candidate: &Candidate) -> PackageVerdict {
        let patch = self.process.patch(&candidate.sha256);
        let applied = patch.map_or(self.settings.now, |p| p.applied);
        let days = self.settings.policy.max_age_days;
        let due = days.map(|days| {
            let seconds = u64::from(days).saturating_mul(DAY);
            Moment::from_seconds(applied.seconds().saturating_add(seconds))
        });
        let is_due = due.is_some_and(|due| due <= self.settings.now);
        let mut verdict = self.verdict(candidate, State::Hotpatched);
        let age = span(
            self.settings
                .now
                .seconds()
                .saturating_sub(applied.seconds()),
        );
        let day = |m: Moment| m.to_string()[..10].to_owned();
        let disk = format!("disk is {}", verdict.on_disk.word());
        verdict.why = match due {
            Some(due) if is_due => format!("{age}; {disk}: restart was due {}", day(due)),
            Some(due) => format!("{age}; {disk}: restart by {}", day(due)),
            None => format!("{age}; {disk}"),
        };
        if let Some(withdrawn) = self.withdrawn(candidate) {
            verdict.why = format!("{}; withdrawn: {}", verdict.why, withdrawn.reason);
        }
        let restart = match verdict.on_disk {
            OnDisk::Fixed => "restart it: the fixed build is on disk",
            _ => "install the fixed build, then restart it",
        };
        verdict.remedy = restart.to_owned();
        verdict.state = match is_due {
            true => State::RestartDue,
            false => State::Hotpatched,
        };
        verdict.as_desired = !is_due;
        verdict.applied = Some(applied);
        verdict.restart_by = due;
        verdict
    }

    /// A package that should be active, and is not.
    fn missing(
        &self,
        candidate: &Candidate,
        group: &[&Candidate],
        probe: &mut dyn FnMut(&Candidate) -> Probe,
    ) -> PackageVerdict {
        let mut verdict = self.verdict(candidate, State::Exposed);
        if let Some(left_alone) = self.settings.leaves_alone(self.process.program()) {
            verdict.state = State::Held;
            verdict.why = left_alone.why;
            verdict.remedy = left_alone.remedy;
            verdict.as_desired = true;
            return verdict;
        }
        let comes_before =
            |c: &&&Candidate| candidate.requires.contains(&c.id) && !self.process.runs(&c.sha256);
        if let Some(first) = group.iter().find(comes_before) {
            verdict.apply = true;
            verdict.why = format!("would apply {} after {}", candidate.id, first.id);
            verdict.remedy = "`hotpatch sync` applies both".to_owned();
            return verdict;
        }
        match probe(candidate) {
            Probe::Refused { why, remedy } => {
                verdict.state = State::Blocked;
                verdict.why = why;
                verdict.remedy = remedy;
            }
            Probe::Failed(why) => {
                verdict.state = State::Failed;
                verdict.why = why;
                verdict.remedy = "look at it with `hotpatch check`".to_owned();
            }
            Probe::Ready => {
                verdict.apply = true;
                self.after_an_attempt(candidate, &mut verdict);
            }
        }
        verdict
    }

    /// A package that could be applied, in the light of the last attempt.
    fn after_an_attempt(&self, candidate: &Candidate, verdict: &mut PackageVerdict) {
        let last = self.last(candidate).and_then(|a| a.problem.as_ref());
        let Some(problem) = last else {
            verdict.why = format!("would apply {}", candidate.id);
            verdict.remedy = "`hotpatch sync` applies it".to_owned();
            return;
        };
        verdict.why.clone_from(&problem.why);
        verdict.remedy.clone_from(&problem.remedy);
        match problem.kind {
            ProblemKind::Busy => verdict.state = State::Deferred,
            ProblemKind::Failed => verdict.state = State::Failed,
            ProblemKind::Refused => {
                // It would be refused again, and the process would stand still for nothing.
                verdict.state = State::Blocked;
                verdict.apply = false;
            }
        }
    }

    /// One of several packages that go together, of which another one may not be applied.
    fn waits_for_others(&self, candidate: &Candidate) -> PackageVerdict {
        let mut verdict = self.verdict(candidate, State::Held);
        verdict.why = format!(
            "another package with sequence {} of {} may not be applied",
            candidate.sequence, candidate.product
        );
        verdict.remedy = "see what is said about that one".to_owned();
        verdict.as_desired = true;
        verdict
    }

    /// A package that must not be applied now.
    fn unusable(&self, candidate: &Candidate) -> PackageVerdict {
        let mut verdict = self.verdict(candidate, State::Held);
        if let Some(withdrawn) = self.withdrawn(candidate) {
            verdict.why = format!("{} was withdrawn: {}", candidate.id, withdrawn.reason);
            verdict.remedy = "a package that takes its place has to come".to_owned();
            verdict.as_desired = true;
            return verdict;
        }
        if let Some(quarantine) = self.quarantine(candidate) {
            verdict.state = State::Quarantined;
            verdict.why = format!("{}: {}", candidate.id, quarantine.reason);
            verdict.remedy = format!(
                "find out why; then `hotpatch store release {}`, or `store remove` it",
                candidate.id
            );
            return verdict;
        }
        match (&candidate.permit, &candidate.held) {
            (Permit::Refused { why }, _) => {
                verdict.state = State::Blocked;
                verdict.why = why.clone();
                verdict.remedy = format!(
                    "`hotpatch store list` explains it; `hotpatch store remove {}` takes it out",
                    candidate.id
                );
            }
            (_, Some(held)) => {
                verdict.why = format!("{} is held {held}", candidate.id);
                verdict.remedy = format!("`hotpatch store release {}`", candidate.id);
                verdict.as_desired = true;
            }
            (Permit::Unapproved { ring }, None) => {
                let id = &candidate.id;
                verdict.why = format!("{id} is not approved for the ring {ring}");
                verdict.remedy = format!("`hotpatch rollout approve {id}`");
                verdict.as_desired = true;
            }
            (Permit::Later { at }, None) => {
                verdict.state = State::Deferred;
                verdict.why = format!("{} may be applied from {at}", candidate.id);
                verdict.remedy = "the first `hotpatch sync` after that applies it".to_owned();
                verdict.deferred_until = Some(*at);
                verdict.as_desired = true;
            }
            (Permit::Allowed, None) => {}
        }
        verdict
    }
}

/// Packages in an order in which each comes after those that it requires. Where they require
/// each other in a circle, nothing helps, and the order is as it was.
pub(super) fn by_requirement(wanted: &[String], all: &[&Candidate]) -> Vec<String> {
    let of = |sha256: &String| all.iter().find(|c| c.sha256 == *sha256);
    let mut rest: Vec<&String> = wanted.iter().collect();
    let mut ordered = Vec::new();
    while !rest.is_empty() {
        let ids: Vec<&String> = rest.iter().filter_map(|s| Some(&of(s)?.id)).collect();
        let free = |s: &&String| {
            of(s).is_none_or(|c| c.requires.iter().all(|r| r == &c.id || !ids.contains(&r)))
        };
        let next = rest.iter().position(free).unwrap_or(0);
        ordered.push(rest.remove(next).clone());
    }
    ordered
}
