//! The same in a few words for the event log of Windows; elsewhere nothing is told.
//!
//! The ids are documented in the README, and keep their meaning.

use super::append::{Appended, AuditError, Log};
use super::attempt::Ending;
use super::chain::Verdict;
use super::record::Facts;

/// An event: its id is its discriminant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Applied = 100,
    Reverted = 101,
    NothingToDo = 102,
    RolledBack = 103,
    Recovered = 104,
    Refused = 110,
    Busy = 111,
    Interrupted = 112,
    Failed = 120,
    Damaged = 130,
    Unwritable = 131,
}

/// Tells how an attempt ended, and where it is on record: a copy of the log's head outside
/// of the log.
pub fn ended(log: &Log, facts: &Facts, ending: &Ending, record: Option<&Appended>) {
    let event = match ending.outcome.as_str() {
        "applied" => Event::Applied,
        "reverted" => Event::Reverted,
        "rolled-back" => Event::RolledBack,
        "recovered" => Event::Recovered,
        "already-applied" | "not-applied" | "clean" => Event::NothingToDo,
        "refused" => Event::Refused,
        "busy" => Event::Busy,
        "interrupted" => Event::Interrupted,
        _ => Event::Failed,
    };
    tell(event, &sentence(log, facts, ending, record));
}

/// Tells that a log can't be written to.
pub fn unwritable(error: &AuditError) {
    let event = match error.is_damage() {
        true => Event::Damaged,
        false => Event::Unwritable,
    };
    tell(event, &error.to_string());
}

/// Tells that a log is not as it was written.
pub fn damaged(log: &str, verdict: &Verdict) {
    if let Some(problem) = verdict.problems.first() {
        let (line, found) = (problem.line, &problem.found);
        let text = format!("The audit log {log} is damaged; first in line {line}: {found}");
        tell(Event::Damaged, &text);
    }
}

fn sentence(log: &Log, facts: &Facts, ending: &Ending, record: Option<&Appended>) -> String {
    let package = facts.package.as_ref().and_then(|p| p.id.as_deref());
    let package = package.or(ending.package_id.as_deref());
    let mut text = format!("{} {}", facts.command, package.unwrap_or("a package"));
    if let Some(target) = &facts.target {
        let image = target.image.as_deref().unwrap_or("not opened");
        text += &format!(", process {} ({image})", target.pid);
    }
    text += &format!(": {} (exit code {})", ending.outcome, ending.exit_code);
    if !ending.findings.is_empty() {
        text += &format!(", {}", ending.findings.join(" "));
    }
    if let Some(error) = &ending.error {
        text += &format!(": {error}");
    }
    if let Some(record) = record {
        let (number, head) = (record.number, &record.head);
        let path = log.path().display();
        text += &format!(". Record {number} of {path}, SHA-256 {head}");
    }
    text
}

#[cfg(windows)]
fn tell(event: Event, text: &str) {
    use crate::process::event_log::{self, Kind};
    use crate::report::sanitize;

    let kind = match event {
        Event::Applied
        | Event::Reverted
        | Event::NothingToDo
        | Event::RolledBack
        | Event::Recovered => Kind::Information,
        Event::Refused | Event::Busy | Event::Interrupted => Kind::Warning,
        Event::Failed | Event::Damaged | Event::Unwritable => Kind::Error,
    };
    // Longer strings are refused: 31,839 characters.
    let text: String = sanitize::line(text).chars().take(8000).collect();
    event_log::write(kind, event as u32, &text);
}

#[cfg(not(windows))]
fn tell(_: Event, _: &str) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::audit::{PackageFacts, TargetFacts};

    #[test]
    fn a_sentence_says_what_was_done_and_where_it_is_on_record() {
        let facts = Facts {
            command: "apply".to_owned(),
            target: Some(TargetFacts {
                pid: 7,
                image: Some("app.exe".to_owned()),
                ..TargetFacts::default()
            }),
            package: Some(PackageFacts {
                id: Some("fix".to_owned()),
                ..PackageFacts::default()
            }),
            ..Facts::default()
        };
        let ending = Ending {
            outcome: "refused".to_owned(),
            exit_code: 6,
            findings: vec!["HP502".to_owned()],
            ..Ending::default()
        };
        let record = Appended {
            number: 2,
            head: "ab".to_owned(),
        };
        let text = sentence(&Log::at("log"), &facts, &ending, Some(&record));
        assert_eq!(
            text,
            "apply fix, process 7 (app.exe): refused (exit code 6), HP502. \
             Record 2 of log, SHA-256 ab"
        );
    }
}
