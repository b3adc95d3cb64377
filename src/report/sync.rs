//! The report of `hotpatch sync`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::machine::MachineReport;
use super::sanitize::line;
use super::store::BrokenPackage;
use crate::moment::Moment;
use crate::ops::store::Quarantine;

/// What `sync` did, and how the processes are afterwards.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SyncReport {
    /// `hotpatch.sync/1`
    pub schema: &'static str,
    /// Full name of this computer.
    pub computer: String,
    /// Its ring; null where the policy has no rollout.
    pub ring: Option<String>,
    /// When it was written.
    pub at: Moment,
    /// `sync`: it was done. `check` and `what-if`: it was only looked at.
    pub mode: Mode,
    /// 0 where everything is as desired (and with `--what-if`), 5 where a package or a list of
    /// `--from` was refused, 9 where something is not as desired or a package was quarantined.
    pub exit_code: u8,
    /// Whether every process is what the store and the policy ask for.
    pub in_desired_state: bool,
    /// Ids of the packages of `--from` that came into the store, or would.
    pub added: Vec<String>,
    /// The lists of withdrawn packages of `--from` that came into the store, or would.
    pub lists: Vec<IncomingList>,
    /// Packages and lists of `--from` that were refused.
    pub refused: Vec<BrokenPackage>,
    /// What was done to processes, or would be.
    pub actions: Vec<ActionReport>,
    /// Packages that ended a process a moment after they were applied to it, and are not applied
    /// to that program any more.
    pub quarantined: Vec<Quarantine>,
    /// The processes, afterwards.
    #[serde(flatten)]
    pub machine: MachineReport,
}

/// A list of withdrawn packages that came in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IncomingList {
    /// The product that it is about.
    pub product: String,
    /// Its number.
    pub sequence: u64,
}

/// What `sync` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It changes processes.
    Sync,
    /// It says whether everything is as desired.
    Check,
    /// It says what it would do.
    WhatIf,
}

/// What was done to a process, or would be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActionReport {
    /// The process.
    pub pid: u32,
    /// Path of its program.
    pub image: String,
    /// `apply`: a package. `revert`, `rollback`: one that was withdrawn is taken out, with those
    /// that it replaced or to go back to them. `recover`: what an interrupted operation left.
    pub action: &'static str,
    /// Id of the package.
    pub package_id: Option<String>,
    /// SHA-256 of the package file as hex.
    pub package_sha256: Option<String>,
    /// What the command of that name would report, `failed` where it has no word for it; null
    /// where it was not done.
    pub outcome: Option<String>,
    /// The exit code that the command of that name would have had; null where it was not done.
    pub exit_code: Option<u8>,
    /// Why it was not possible, with causes and advice.
    pub error: Vec<String>,
    /// How long the process stood still, in microseconds.
    pub frozen_us: u64,
    /// For how many milliseconds the process had run before the patch was active; null where it
    /// is not.
    pub unpatched_ms: Option<u64>,
    /// Whether the process was started after the package came into the store.
    pub is_new: bool,
}

impl SyncReport {
    /// One line that says it all.
    pub fn summary(&self) -> String {
        let done = |a: &&ActionReport| a.exit_code == Some(0) && a.action == "apply";
        let applied = self.actions.iter().filter(done);
        let mut parts = Vec::new();
        match (self.mode, applied.clone().count()) {
            (Mode::Sync, 0) => {}
            (Mode::Sync, count) => parts.push(format!("applied {count}")),
            (_, _) if self.actions.is_empty() => {}
            (_, _) => parts.push(format!("would do {}", self.actions.len())),
        }
        let taken_out = self
            .actions
            .iter()
            .filter(|a| a.exit_code == Some(0) && ["revert", "rollback"].contains(&a.action));
        match taken_out.count() {
            0 => {}
            count => parts.push(format!("TOOK OUT {count} withdrawn")),
        }
        if !self.added.is_empty() {
            let word = if self.mode == Mode::Sync {
                ""
            } else {
                "would be "
            };
            parts.push(format!("{} {word}added", self.added.len()));
        }
        if !self.refused.is_empty() {
            parts.push(format!("{} refused", self.refused.len()));
        }
        if !self.quarantined.is_empty() {
            parts.push(format!("QUARANTINED {}", self.quarantined.len()));
        }
        parts.push(self.machine.states());
        let new = applied.filter(|a| a.is_new).filter_map(|a| a.unpatched_ms);
        if let Some(longest) = new.max() {
            parts.push(format!("new ones ran unpatched for {longest} ms at most"));
        }
        format!("sync: {}\n", parts.join("; "))
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for id in &self.added {
            let word = if self.mode == Mode::Sync {
                ""
            } else {
                "would be "
            };
            let _ = writeln!(text, "{} {word}added to the store", line(id));
        }
        for list in &self.lists {
            let word = if self.mode == Mode::Sync {
                ""
            } else {
                "would be "
            };
            let (product, sequence) = (line(&list.product), list.sequence);
            let _ = writeln!(
                text,
                "list {sequence} of what is withdrawn of {product} {word}added to the store"
            );
        }
        for refused in &self.refused {
            let (path, why) = (line(&refused.path), line(&refused.why));
            let _ = writeln!(text, "refused: {path}: {why}");
        }
        for action in &self.actions {
            action.push(&mut text);
        }
        for quarantine in &self.quarantined {
            let (program, reason) = (line(&quarantine.program), line(&quarantine.reason));
            let _ = writeln!(text, "quarantined for {program}: {reason}");
        }
        text.push_str(&self.machine.text());
        text.push_str(&self.summary());
        text
    }
}

impl ActionReport {
    fn push(&self, text: &mut String) {
        let what = match &self.package_id {
            Some(id) => format!("{} {}", self.action, line(id)),
            None => self.action.to_owned(),
        };
        let outcome = self.outcome.as_deref().unwrap_or("would be done");
        let _ = write!(text, "process {}: {what}: {}", self.pid, line(outcome));
        if self.frozen_us > 0 {
            let _ = write!(text, ", stood still for {} us", self.frozen_us);
        }
        match self.unpatched_ms {
            Some(ms) if self.is_new => {
                let _ = write!(text, ", ran unpatched for {ms} ms");
            }
            _ => {}
        }
        text.push('\n');
        for reason in &self.error {
            let _ = writeln!(text, "  {}", line(reason));
        }
    }
}
