//! The report of `hotpatch audit verify`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ops::audit::{Problem, Torn, Verdict};
use crate::report::package::field;
use crate::report::sanitize::line;

/// Whether a log is as it was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditVerifyReport {
    /// `hotpatch.audit-verify/1`
    pub schema: &'static str,
    /// The log.
    pub log: String,
    /// `intact` or `broken`.
    pub outcome: &'static str,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// Number of records.
    pub records: u64,
    /// Number of the first record; 0 where there is none.
    pub first: u64,
    /// Number of the last record.
    pub last: u64,
    /// SHA-256 of the last record's line, line feed included, as hex.
    pub head: String,
    /// What is not as it was written, by line; at most 100.
    pub problems: Vec<AuditProblem>,
    /// How many problems there are.
    pub problem_count: u64,
    /// The last line, where a loss of power tore it. The next attempt takes it out.
    pub torn: Option<TornLine>,
    /// Number of torn lines that were taken out.
    pub recovered: u64,
    /// Number of checkpoints in the log.
    pub checkpoints: u64,
    /// The highest record that a checkpoint vouches for: nothing up to there was removed or
    /// written anew. Null where none does.
    pub vouched: Option<u64>,
    /// Records of attempts that started and have no end: they were killed, or still run.
    pub unfinished: Vec<u64>,
}

/// Something that is not as it was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditProblem {
    /// `not-a-record`, `changed`, `number`, `previous`, `checkpoint` or `tail-removed`.
    pub kind: &'static str,
    /// The line, counted from 1; null where it is about the end.
    pub line: Option<u64>,
    /// The number that the record there should have.
    pub record: u64,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// The line that a loss of power tore.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TornLine {
    /// The line, counted from 1.
    pub line: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

impl From<&Problem> for AuditProblem {
    fn from(problem: &Problem) -> Self {
        AuditProblem {
            kind: problem.kind.word(),
            line: (problem.line > 0).then_some(problem.line),
            record: problem.record,
            expected: problem.expected.clone(),
            found: problem.found.clone(),
        }
    }
}

impl AuditVerifyReport {
    /// The report about a log; `exit_code` is the command's.
    pub fn new(log: String, verdict: &Verdict, exit_code: u8) -> Self {
        AuditVerifyReport {
            schema: "hotpatch.audit-verify/1",
            log,
            outcome: match verdict.problem_count {
                0 => "intact",
                _ => "broken",
            },
            exit_code,
            records: verdict.records,
            first: verdict.first,
            last: verdict.last,
            head: verdict.head.clone(),
            problems: verdict.problems.iter().map(Into::into).collect(),
            problem_count: verdict.problem_count,
            torn: verdict.torn.as_ref().map(|Torn { line, bytes }| TornLine {
                line: *line,
                bytes: *bytes,
            }),
            recovered: verdict.recovered,
            checkpoints: verdict.checkpoints,
            vouched: verdict.vouched,
            unfinished: verdict.open.iter().copied().collect(),
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = format!("{}: {}\n", line(&self.log), self.outcome);
        for problem in &self.problems {
            let place = match problem.line {
                Some(number) => format!("line {number}"),
                None => "end".to_owned(),
            };
            let _ = writeln!(text, "  {place}: {}", problem.kind);
            let _ = writeln!(text, "    expected: {}", line(&problem.expected));
            let _ = writeln!(text, "    found:    {}", line(&problem.found));
        }
        let more = self.problem_count - self.problems.len() as u64;
        if more > 0 {
            let _ = writeln!(text, "  and {more} more");
        }
        let numbers = match self.records {
            0 => "none".to_owned(),
            n => format!("{n}, numbers {} to {}", self.first, self.last),
        };
        field(&mut text, "records", &numbers);
        field(&mut text, "head", &self.head);
        if let Some(torn) = &self.torn {
            let what = format!(
                "line {} ({} bytes) was torn by a loss of power or a kill; the next attempt \
                 puts that in order",
                torn.line, torn.bytes
            );
            field(&mut text, "torn", &what);
        }
        if !self.unfinished.is_empty() {
            let numbers = self.unfinished.iter().take(20).map(u64::to_string);
            let numbers: Vec<String> = numbers.collect();
            let what = format!(
                "{} started and have no end (records {}): killed, or still running",
                self.unfinished.len(),
                numbers.join(", ")
            );
            field(&mut text, "attempts", &what);
        }
        let vouched = match self.vouched {
            Some(number) => format!("nothing up to record {number} was removed or written anew"),
            None => "nothing: no checkpoint proves that the end is still there".to_owned(),
        };
        field(&mut text, "signed", &vouched);
        text
    }
}
