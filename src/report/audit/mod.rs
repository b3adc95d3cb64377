//! The reports of `hotpatch audit`.

mod show;
mod verify;

pub use show::{AuditShowReport, ShownRecord};
pub use verify::{AuditProblem, AuditVerifyReport, TornLine};

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::package::field;
use super::sanitize::line;

/// A log that was put aside.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditRotateReport {
    /// `hotpatch.audit-rotate/1`
    pub schema: &'static str,
    /// The log, which is a new file now.
    pub log: String,
    /// The file that holds the old one.
    pub archive: String,
    /// Number of the new log's first record.
    pub number: u64,
    /// SHA-256 of that record's line, line feed included, as hex.
    pub head: String,
}

impl AuditRotateReport {
    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}: begun anew", line(&self.log));
        field(&mut text, "archive", &line(&self.archive));
        field(&mut text, "record", &self.number.to_string());
        field(&mut text, "sha256", &self.head);
        text
    }
}
