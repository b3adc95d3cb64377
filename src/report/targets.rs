//! The report of a command that worked on several processes, each on its own.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use super::target::TargetReport;
use crate::apply::Outcome;
use crate::exit::Exit;

/// What was done to several processes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetsReport {
    /// `hotpatch.targets/1`
    pub schema: &'static str,
    /// `apply`, `check`, `recover`, `revert` or `rollback`.
    pub command: &'static str,
    /// 0 where it was done to every process, otherwise the exit code of the first to which
    /// it was not.
    pub exit_code: u8,
    /// Each process, by ascending id.
    pub targets: Vec<OneTarget>,
    #[serde(skip)]
    exit: Exit,
}

/// What was done to one of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneTarget {
    /// The process.
    pub pid: u32,
    /// The exit code that the command would have had for this process alone.
    pub exit_code: u8,
    /// What was done, as the command reports it for one process; null where it failed.
    pub report: Option<TargetReport>,
    /// Why it failed, with causes and advice; empty where it did not.
    pub error: Vec<String>,
    #[serde(skip)]
    outcome: Option<Outcome>,
    #[serde(skip)]
    exit: Exit,
}

impl OneTarget {
    /// A process to which something was done, or refused.
    pub fn done(report: TargetReport, outcome: Outcome) -> Self {
        OneTarget {
            pid: report.pid,
            exit_code: report.exit_code,
            exit: Exit::of_code(report.exit_code),
            report: Some(report),
            error: Vec::new(),
            outcome: Some(outcome),
        }
    }

    /// A process on which the command failed.
    pub fn failed(pid: u32, exit: Exit, error: Vec<String>) -> Self {
        OneTarget {
            pid,
            exit_code: exit.code(),
            exit,
            report: None,
            error,
            outcome: None,
        }
    }
}

impl TargetsReport {
    /// An empty report.
    pub fn new(command: &'static str) -> Self {
        TargetsReport {
            schema: "hotpatch.targets/1",
            command,
            exit_code: 0,
            targets: Vec::new(),
            exit: Exit::Done,
        }
    }

    /// Adds a process.
    pub fn add(&mut self, target: OneTarget) {
        if self.exit == Exit::Done {
            self.exit = target.exit;
            self.exit_code = target.exit.code();
        }
        self.targets.push(target);
    }

    /// The exit code of the command.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for target in &self.targets {
            if let (Some(report), Some(outcome)) = (&target.report, target.outcome) {
                text.push_str(&report.text(outcome));
            } else {
                let _ = writeln!(text, "process {}: failed", target.pid);
                for reason in &target.error {
                    let _ = writeln!(text, "  {}", line(reason));
                }
            }
        }
        let failed = self.targets.iter().filter(|t| t.exit_code != 0).count();
        let all = self.targets.len();
        let _ = match (all, failed) {
            (0, _) => writeln!(text, "no process to {}", self.command),
            (_, 0) => writeln!(text, "{}: {all} processes, all done", self.command),
            _ => writeln!(
                text,
                "{}: {all} processes, {failed} of them not done",
                self.command
            ),
        };
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_not_done_gives_the_exit_code() {
        let mut report = TargetsReport::new("apply");
        assert_eq!(report.exit(), Exit::Done);
        assert!(report.text().contains("no process"));
        report.add(OneTarget::failed(4, Exit::Busy, vec!["busy".into()]));
        report.add(OneTarget::failed(5, Exit::Error, vec!["a\x1b[2Jb".into()]));
        assert_eq!((report.exit(), report.exit_code), (Exit::Busy, 7));
        let text = report.text();
        assert!(text.contains("2 processes, 2 of them not done"), "{text}");
        assert!(!text.contains('\x1b'), "{text}");
    }
}
