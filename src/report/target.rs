//! The report of `hotpatch check`, `apply` and `revert`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use crate::addr::Va;
use crate::apply::quiesce::{Blocker, Seen};
use crate::apply::{Outcome, Summary};
use crate::finding::{FindingReport, Severity};

/// What was done to a process, or could be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetReport {
    /// `hotpatch.check/1`, `hotpatch.apply/1`, `hotpatch.revert/1`, `hotpatch.rollback/1` or
    /// `hotpatch.recover/1`.
    pub schema: &'static str,
    /// The process.
    pub pid: u32,
    /// Path of its program.
    pub image: String,
    /// File name of the module that the patch is for.
    pub module: Option<String>,
    /// Id of the patch.
    pub package_id: Option<String>,
    /// How it ended, see [`Outcome::word`].
    pub outcome: &'static str,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// Everything that was found, notes included.
    pub findings: Vec<FindingReport>,
    /// How long the target stood still when it was switched, in microseconds; the last
    /// attempt where it was not switched; 0 where it was never frozen.
    pub frozen_us: u64,
    /// Threads that were looked at in that time.
    pub threads: usize,
    /// Number of freezes.
    pub attempts: u32,
    /// The functions of the patch.
    pub functions: Vec<FunctionReport>,
    /// Memory of the target that the patch uses, would use, or used, in bytes.
    pub bytes_allocated: u64,
    /// Ids of the patches that the package replaced, or would replace.
    pub replaced: Vec<String>,
    /// Ids of the patches that a rollback switched on again.
    pub active_again: Vec<String>,
    /// Who was in the way; empty where nobody was.
    pub blocked_by: Vec<BlockerReport>,
}

/// A function of a patch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FunctionReport {
    /// Its name.
    pub name: String,
    /// Where it starts in the process, as hex; null where the module isn't loaded.
    pub entry: Option<Va>,
}

/// A thread that was in the way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BlockerReport {
    /// Thread id.
    pub thread: u32,
    /// The function that it is in, or may be in.
    pub function: String,
    /// `instruction-pointer`; `register`; `stack` where the thread returns into it; `address` where
    /// it holds the address of one that the new build does not have, and may go on to call it;
    /// `unwalked-stack` where a word points into it on a part of the stack that can't be
    /// walked, as above code that was compiled at run time, so that it may be left over; or
    /// `unknown-stack`.
    pub seen: &'static str,
}

impl From<&Blocker> for BlockerReport {
    fn from(b: &Blocker) -> Self {
        BlockerReport {
            thread: b.thread,
            function: b.function.clone(),
            seen: match b.seen {
                Seen::InstructionPointer => "instruction-pointer",
                Seen::Register => "register",
                Seen::Stack => "stack",
                Seen::Address => "address",
                Seen::UnwalkedStack => "unwalked-stack",
                Seen::UnknownStack => "unknown-stack",
            },
        }
    }
}

impl TargetReport {
    /// The report of a command whose schema this is.
    pub fn new(schema: &'static str, summary: &Summary) -> Self {
        let functions = summary.functions.iter();
        TargetReport {
            schema,
            pid: summary.process.pid,
            image: summary.process.image.clone(),
            module: summary.module.clone(),
            package_id: summary.package_id.clone(),
            outcome: summary.outcome.word(),
            exit_code: summary.exit().code(),
            findings: summary.findings.iter().map(FindingReport::from).collect(),
            frozen_us: u64::try_from(summary.effort.frozen.as_micros()).unwrap_or(u64::MAX),
            threads: summary.effort.seen.len(),
            attempts: summary.effort.attempts,
            functions: functions
                .map(|(name, entry)| FunctionReport {
                    name: name.clone(),
                    entry: *entry,
                })
                .collect(),
            bytes_allocated: summary.bytes_allocated,
            replaced: summary.replaced.clone(),
            active_again: summary.active_again.clone(),
            blocked_by: summary.blocked_by.iter().map(BlockerReport::from).collect(),
        }
    }

    /// The report as text.
    pub fn text(&self, outcome: Outcome) -> String {
        let mut text = format!("{}\n", self.headline(outcome));
        for finding in &self.findings {
            push_finding(&mut text, finding);
        }
        if !self.replaced.is_empty() {
            let would = if outcome == Outcome::Applied {
                "replaced"
            } else {
                "would replace"
            };
            let _ = writeln!(text, "  {would} {}", line(&self.replaced.join(", ")));
        }
        if !self.active_again.is_empty() {
            let ids = self.active_again.join(", ");
            let _ = writeln!(text, "  active again: {}", line(&ids));
        }
        for blocker in &self.blocked_by {
            let (thread, function) = (blocker.thread, line(&blocker.function));
            let _ = match blocker.seen {
                "stack" => writeln!(text, "  thread {thread} returns into {function} (stack)"),
                "address" => writeln!(
                    text,
                    "  thread {thread} has the address of {function} on its stack or in a \
                     register, and may go on to call it"
                ),
                "unwalked-stack" => writeln!(
                    text,
                    "  thread {thread} may return into {function} (a word points there on a part \
                     of its stack that cannot be walked)"
                ),
                seen => writeln!(text, "  thread {thread} is in {function} ({seen})"),
            };
        }
        if self.attempts > 0 {
            let _ = writeln!(
                text,
                "  frozen for {} us, {} threads, attempt {}",
                self.frozen_us, self.threads, self.attempts
            );
        }
        if matches!(outcome, Outcome::Ready | Outcome::Applied) {
            let _ = writeln!(text, "  memory: {} bytes", self.bytes_allocated);
            if self.functions.len() > super::LISTED {
                let _ = writeln!(text, "  replaces {} functions", self.functions.len());
                return text;
            }
            for function in &self.functions {
                let entry = function.entry.map(|e| format!(" at {e}"));
                let name = line(&function.name);
                let _ = writeln!(text, "  replaces {name}{}", entry.unwrap_or_default());
            }
        }
        text
    }

    fn headline(&self, outcome: Outcome) -> String {
        let id = line(self.package_id.as_deref().unwrap_or("any patch")).into_owned();
        let module = match &self.module {
            Some(module) => format!(" ({})", line(module)),
            None => String::new(),
        };
        let what = match outcome {
            Outcome::Ready => format!("{id} can be applied to"),
            Outcome::Applied => format!("{id} is now active in"),
            Outcome::AlreadyApplied => format!("{id} was active already in"),
            Outcome::Reverted => format!("{id} is reverted in"),
            Outcome::RolledBack => format!("{id} is rolled back in"),
            Outcome::Recovered => return format!("process {} is cleared up", self.pid),
            Outcome::Clean => return format!("process {} had nothing left over", self.pid),
            Outcome::NotApplied => format!("{id} is not applied to"),
            Outcome::Refused => format!("{id}: refused for"),
            Outcome::Busy => format!("{id}: no quiet moment in time in"),
            Outcome::Interrupted => format!("{id}: interrupted, nothing changed in"),
        };
        format!("{what} process {}{module}", self.pid)
    }
}

/// Appends a finding.
pub(super) fn push_finding(text: &mut String, finding: &FindingReport) {
    let weight = match finding.severity {
        Severity::Note => "note",
        Severity::Risk => "risk",
        Severity::Refuse => "refused",
    };
    let subject = match &finding.subject {
        Some(subject) => format!(" ({})", line(subject)),
        None => String::new(),
    };
    let _ = writeln!(
        text,
        "  {weight} {}: {}{subject}",
        finding.code, finding.title
    );
    let _ = writeln!(text, "    {}", line(&finding.detail));
    if finding.severity != Severity::Note {
        let _ = writeln!(text, "    {}", finding.remedy);
    }
}
