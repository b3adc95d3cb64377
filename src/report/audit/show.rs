//! The report of `hotpatch audit show`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ops::audit::{End, Event, Facts, Record};
use crate::report::sanitize::line;

/// Records of a log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditShowReport {
    /// `hotpatch.audit-show/1`
    pub schema: &'static str,
    /// The log.
    pub log: String,
    /// The records that were asked for, in the log's order.
    pub records: Vec<ShownRecord>,
    /// Lines that are no records.
    pub unreadable: u64,
}

/// A record, and where it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShownRecord {
    /// The line, counted from 1.
    pub line: u64,
    /// SHA-256 of the line, line feed included, as hex.
    pub sha256: String,
    /// What it says.
    pub record: Record,
}

impl AuditShowReport {
    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for shown in &self.records {
            push(&mut text, &shown.record);
        }
        if self.records.is_empty() {
            text.push_str("no records\n");
        }
        if self.unreadable > 0 {
            let _ = writeln!(
                text,
                "{} lines are no records: see `hotpatch audit verify`",
                self.unreadable
            );
        }
        text
    }
}

fn push(text: &mut String, record: &Record) {
    let (who, place) = (line(&record.who.user), line(&record.place.host));
    let elevated = if record.who.elevated {
        ", elevated"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "{:>6}  {}  {who} ({}{elevated}) on {place}",
        record.number,
        line(&record.time),
        line(&record.who.id)
    );
    let _ = writeln!(text, "        {}", line(&event(&record.event)));
}

fn event(event: &Event) -> String {
    match event {
        Event::Started(facts) => format!("{}: started", what(facts)),
        Event::Ended(end) | Event::Refused(end) => ended(end),
        Event::Checkpoint { checkpoint } => format!(
            "checkpoint of record {} by key {}",
            checkpoint.number, checkpoint.key_id
        ),
        Event::Recovered(recovered) => {
            format!("took out a torn line of {} bytes", recovered.bytes)
        }
        Event::Continued(continued) => format!("continues {}", continued.file),
    }
}

fn ended(end: &End) -> String {
    let mut text = format!("{}: {}", what(&end.facts), end.outcome);
    if end.exit_code != 0 {
        let _ = write!(text, ", exit code {}", end.exit_code);
    }
    if end.attempts > 0 {
        let _ = write!(text, ", frozen for {} us", end.frozen_us);
    }
    if !end.findings.is_empty() {
        let _ = write!(text, ", {}", end.findings.join(" "));
    }
    if let Some(error) = &end.error {
        let _ = write!(text, ": {error}");
    }
    text
}

fn what(facts: &Facts) -> String {
    let package = facts.package.as_ref();
    let package = package.and_then(|p| p.id.as_deref().or(p.sha256.as_deref()));
    let mut text = format!("{} {}", facts.command, package.unwrap_or("any patch"));
    if let Some(target) = &facts.target {
        let module = target.module.as_deref().or(target.image.as_deref());
        let _ = write!(text, ", process {}", target.pid);
        if let Some(module) = module {
            let _ = write!(text, " ({module})");
        }
    }
    text
}
