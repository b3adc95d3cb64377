//! The report of `hotpatch rollout gate`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use super::store::BrokenPackage;
use crate::exit::Exit;
use crate::moment::span;
use crate::ops::gate::{Answer, Gate, Question};

/// Whether the next ring may begin.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GateReport {
    /// `hotpatch.gate/1`
    pub schema: &'static str,
    /// Id of the package.
    pub id: String,
    /// The ring.
    pub ring: String,
    /// `go`: the next ring may begin. `stop`: more machines failed than may. `not-yet`: too few
    /// stand, or a report can't be read.
    pub gate: &'static str,
    /// 0 for `go`, 8 for `stop`, 9 for `not-yet`.
    pub exit_code: u8,
    /// How many machines have to stand.
    pub min: usize,
    /// How many may have failed.
    pub max_failed: usize,
    /// For how many seconds a process has to have had it.
    pub bake_seconds: u64,
    /// Machines on which it stands.
    pub standing: Vec<String>,
    /// Machines that have it for less long.
    pub baking: Vec<String>,
    /// Machines on which applying it went wrong, it ended a process, or it was withdrawn.
    pub failed: Vec<String>,
    /// Machines of the ring that say nothing about it, as where no program needs it.
    pub silent: Vec<String>,
    /// Files that are no reports.
    pub unreadable: Vec<BrokenPackage>,
}

impl GateReport {
    /// The report about an answer.
    pub fn new(
        question: &Question<'_>,
        answer: Answer,
        gate: Gate,
        exit: Exit,
        unreadable: Vec<BrokenPackage>,
    ) -> Self {
        GateReport {
            schema: "hotpatch.gate/1",
            id: question.id.to_owned(),
            ring: question.ring.to_owned(),
            gate: match gate {
                Gate::Go => "go",
                Gate::Stop => "stop",
                Gate::NotYet => "not-yet",
            },
            exit_code: exit.code(),
            min: question.min,
            max_failed: question.max_failed,
            bake_seconds: question.bake,
            standing: answer.standing,
            baking: answer.baking,
            failed: answer.failed,
            silent: answer.silent,
            unreadable,
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let (id, ring) = (line(&self.id), line(&self.ring));
        let word = match self.gate {
            "not-yet" => "not yet",
            word => word,
        };
        let _ = writeln!(
            text,
            "{word}: {id} stands on {} of {} machines in {ring} for {}, {} failed, {} not so long, \
             {} say nothing",
            self.standing.len(),
            self.min,
            span(self.bake_seconds),
            self.failed.len(),
            self.baking.len(),
            self.silent.len()
        );
        for machine in &self.failed {
            let _ = writeln!(text, "  failed: {}", line(machine));
        }
        for file in &self.unreadable {
            let (path, why) = (line(&file.path), line(&file.why));
            let _ = writeln!(text, "  no report: {path}: {why}");
        }
        text
    }
}
