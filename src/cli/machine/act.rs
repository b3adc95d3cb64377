//! Carries out what a verdict asks for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::anyhow;

use super::Machine;
use super::deaths::{Before, Watched};
use crate::apply::consent::{Consent, Incoming};
use crate::apply::target::Target;
use crate::apply::{ApplyError, Options, Outcome, Summary, clear_up, fault, revert, rollback};
use crate::cli::package_arg::Approved;
use crate::cli::process_arg::failure;
use crate::cli::{Failure, applying, audit_arg};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::audit::{Facts, Log};
use crate::ops::desired::facts::ProcessFacts;
use crate::ops::desired::{Probe, Removal, Verdict, of_findings};
use crate::ops::store::{Attempted, PackageStore, Problem, ProblemKind};
use crate::ops::trust::{self, Renewal, process_name};
use crate::process::Process;
use crate::report::sync::ActionReport;

/// How long processes may be waited for and stand still, and whether the user wants to stop.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long to wait for a quiet moment.
    pub timeout: Duration,
    /// How long a process may stand still.
    pub max_freeze: Option<Duration>,
    /// How long processes are watched that were patched.
    pub settle: Duration,
    /// Set when the user wants to stop.
    pub interrupted: &'static AtomicBool,
}

impl Limits {
    /// Whether the user wants to stop.
    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn options(&self) -> Options<'static> {
        Options {
            timeout: self.timeout,
            max_freeze: self.max_freeze,
            on_stack: &[],
            interrupted: self.interrupted,
            consent: None,
        }
    }
}

/// One thing to do to a process.
enum Step<'a> {
    TakeOut(&'a Removal),
    Apply(&'a String),
    Recover,
}

/// What a verdict asks for, in this order.
fn steps(verdict: &Verdict) -> Vec<Step<'_>> {
    let take_out = verdict.revert.iter().map(Step::TakeOut);
    let apply = verdict.apply.iter().map(Step::Apply);
    let recover = verdict.recover.then_some(Step::Recover);
    take_out.chain(apply).chain(recover).collect()
}

/// What a verdict asks for, as a report of what was not done.
pub fn planned(machine: &Machine, facts: &ProcessFacts, verdict: &Verdict) -> Vec<ActionReport> {
    let steps = steps(verdict);
    steps.iter().map(|s| report(machine, facts, s)).collect()
}

fn report(machine: &Machine, facts: &ProcessFacts, step: &Step<'_>) -> ActionReport {
    let of = |sha256: &String| machine.candidates.iter().find(|c| c.sha256 == *sha256);
    let (action, id, sha256, is_new) = match step {
        Step::TakeOut(removal) => {
            let action = if removal.back { "rollback" } else { "revert" };
            let (id, sha256) = (Some(removal.id.clone()), Some(removal.sha256.clone()));
            (action, id, sha256, false)
        }
        Step::Apply(sha256) => {
            let candidate = of(sha256);
            let is_new = candidate.is_some_and(|c| facts.started >= c.added);
            let id = candidate.map(|c| c.id.clone());
            ("apply", id, Some((*sha256).clone()), is_new)
        }
        Step::Recover => ("recover", None, None, false),
    };
    ActionReport {
        pid: facts.pid,
        image: facts.image.clone(),
        action,
        package_id: id,
        package_sha256: sha256,
        outcome: None,
        exit_code: None,
        error: Vec::new(),
        frozen_us: 0,
        unpatched_ms: None,
        is_new,
    }
}

impl Machine {
    /// Does what a verdict asks for, one after the other; the first that is not done is the last.
    pub fn carry_out(
        &mut self,
        (facts, verdict): (&ProcessFacts, &Verdict),
        (log, limits): (&Log, &Limits),
        watched: &mut Watched,
    ) -> Vec<ActionReport> {
        let mut reports = Vec::new();
        for step in steps(verdict) {
            if limits.interrupted() {
                break;
            }
            let mut report = report(self, facts, &step);
            let result = match step {
                Step::Apply(sha256) if self.is_stopped(sha256, facts) => continue,
                Step::Apply(sha256) => {
                    let before = Before::of(facts);
                    let result = self.apply(facts, sha256, (log, limits), &mut report);
                    if result.as_ref().is_ok_and(|s| s.outcome == Outcome::Applied) {
                        watched.add(before, facts, sha256);
                    }
                    result
                }
                Step::TakeOut(removal) => take_out(facts, removal, (log, limits)),
                Step::Recover => recover(facts, log, limits),
            };
            tell(&mut report, &result);
            reports.push(report);
            fault::point("sync-acted");
            if reports.last().and_then(|r| r.exit_code) != Some(0) {
                break;
            }
        }
        reports
    }

    /// Whether a package must not be applied any more: it ended another process of the program
    /// since that was decided, or a list came in meanwhile, and the next `sync` knows what it says.
    fn is_stopped(&self, sha256: &str, facts: &ProcessFacts) -> bool {
        let ledger = &self.store.ledger;
        let Ok(now) = PackageStore::load(&self.store.folder) else {
            return true;
        };
        now.ledger.lists != ledger.lists || ledger.quarantine_of(sha256, facts.program()).is_some()
    }

    fn apply(
        &mut self,
        facts: &ProcessFacts,
        sha256: &str,
        (log, limits): (&Log, &Limits),
        report: &mut ActionReport,
    ) -> Result<Summary, Failure> {
        let package = self.stock.package(sha256).cloned();
        let package = package.ok_or_else(|| anyhow!("the package {sha256} cannot be used"))?;
        let approved = Approved::by_store(package);
        let on_record = Facts::new("sync").package(&approved.package);
        let mut created_ms = None;
        let result = audit_arg::on_process(log, on_record, facts.pid, |process| {
            same_process(process, facts)?;
            created_ms = Some(process.identity().created_ms());
            applying::apply(process, &approved, limits.options())
        });
        let now = Moment::now();
        if let (Some(created), Ok(summary)) = (created_ms, &result)
            && summary.outcome == Outcome::Applied
        {
            report.unpatched_ms = Some(now_ms().saturating_sub(created));
        }
        let attempt = Attempted {
            process: facts.name.clone(),
            package: sha256.to_owned(),
            at: now,
            problem: problem(&result, facts.pid),
            unpatched_ms: report.unpatched_ms,
        };
        // What was not done because the user wanted to stop says nothing about the process.
        let stopped = |s: &Summary| s.outcome == Outcome::Interrupted;
        let again = |s: &Summary| s.outcome == Outcome::AlreadyApplied;
        if !result.as_ref().is_ok_and(|s| stopped(s) || again(s)) {
            self.outcomes.put(attempt);
        }
        result
    }
}

/// Takes a patch out that was withdrawn.
fn take_out(
    facts: &ProcessFacts,
    removal: &Removal,
    (log, limits): (&Log, &Limits),
) -> Result<Summary, Failure> {
    let id = Some(removal.id.as_str());
    let on_record = Facts::new("sync").patch(id);
    audit_arg::on_process(log, on_record, facts.pid, |process| {
        same_process(process, facts)?;
        let renewal = Renewal {
            folder: trust::folder(),
            named: None,
            remembers: false,
            process: facts.name.clone(),
        };
        let ask = |patches: &[Incoming]| renewal.ask_again(patches);
        let options = Options {
            consent: Some(Consent(&ask)),
            ..limits.options()
        };
        let taken_out = match removal.back {
            true => rollback(process, id, &options),
            false => revert(process, id, &options),
        };
        taken_out.map_err(|error| failure(process, error))
    })
}

/// Clears away what an interrupted operation left.
fn recover(facts: &ProcessFacts, log: &Log, limits: &Limits) -> Result<Summary, Failure> {
    let on_record = Facts::new("sync");
    audit_arg::on_process(log, on_record, facts.pid, |process| {
        same_process(process, facts)?;
        let cleared: Result<Summary, ApplyError> = clear_up(process, &limits.options());
        cleared.map_err(|error| failure(process, error))
    })
}

/// A PID is given to another process as soon as one has ended.
fn same_process(process: &Process, facts: &ProcessFacts) -> Result<(), Failure> {
    match process_name(process.identity()) == facts.name {
        true => Ok(()),
        false => Err(Failure::from(anyhow!(
            "process {} has ended, and another one has its id",
            facts.pid
        ))),
    }
}

/// Why a package is not applied, as it is remembered.
fn problem(result: &Result<Summary, Failure>, pid: u32) -> Option<Problem> {
    let summary = match result {
        Ok(summary) => summary,
        Err(failure) => {
            let causes: Vec<String> = failure.error.chain().map(ToString::to_string).collect();
            return Some(Problem {
                kind: ProblemKind::Failed,
                why: one_line(&causes.join(": ")),
                remedy: format!("`hotpatch audit show --pid {pid}`; the next sync tries again"),
            });
        }
    };
    match summary.outcome {
        Outcome::Refused => {
            let (why, remedy) = match of_findings(&summary.findings) {
                Some(Probe::Refused { why, remedy }) => (why, remedy),
                _ => ("it was refused".to_owned(), String::new()),
            };
            Some(Problem {
                kind: ProblemKind::Refused,
                why,
                remedy,
            })
        }
        Outcome::Busy => {
            let mut names: Vec<&str> = Vec::new();
            for blocker in &summary.blocked_by {
                if !names.contains(&blocker.function.as_str()) {
                    names.push(&blocker.function);
                }
            }
            let why = match (names.is_empty(), summary.findings.last()) {
                (false, _) => format!("threads are in {}", crate::finding::some_of(&names)),
                (true, Some(finding)) => format!("{} {}", finding.rule.code, finding.rule.title),
                (true, None) => "no quiet moment".to_owned(),
            };
            Some(Problem {
                kind: ProblemKind::Busy,
                why: one_line(&why),
                remedy: "the next `hotpatch sync` tries again".to_owned(),
            })
        }
        _ => None,
    }
}

/// As much of a text as fits one line of a report.
fn one_line(text: &str) -> String {
    text.replace('\n', "; ").chars().take(400).collect()
}

/// Notes what came of an action.
fn tell(report: &mut ActionReport, result: &Result<Summary, Failure>) {
    match result {
        Ok(summary) => {
            report.outcome = Some(summary.outcome.word().to_owned());
            report.exit_code = Some(summary.exit().code());
            let us = summary.effort.frozen.as_micros();
            report.frozen_us = u64::try_from(us).unwrap_or(u64::MAX);
            if summary.exit() != Exit::Done {
                let findings = summary.findings.iter();
                let lines = findings.map(|f| format!("{} {}", f.rule.code, f.rule.title));
                report.error = lines.collect();
            }
        }
        Err(failure) => {
            report.outcome = Some("failed".to_owned());
            report.exit_code = Some(failure.exit.code());
            report.error = failure.lines();
        }
    }
}

/// Now, in milliseconds since 1970.
fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
