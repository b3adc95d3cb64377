//! Findings: every hazard has a stable code, a title, a reason and a way out.
//!
//! The rules themselves are tables in [`rules`]; `hotpatch explain CODE` prints
//! the long form of one.

pub mod rules;

use schemars::JsonSchema;
use serde::Serialize;

/// How much a finding weighs in the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Refused unless the release engineer accepts it by name (`--accept CODE`).
    Risk,
    /// Refused; cannot be accepted.
    Refuse,
}

/// What is known about a kind of hazard, independent of where it was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable code, `HP` and three digits. Never reused for another meaning.
    pub code: &'static str,
    /// A few words that name the hazard.
    pub title: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The way out, in one sentence.
    pub remedy: &'static str,
    /// The long form: what the hazard is, why it matters, what to do.
    pub explanation: &'static str,
}

/// One hazard, found in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// The reason in the terms of this input: names, addresses, what was
    /// expected and what was found.
    pub detail: String,
    /// The function, datum or thread it is about, if it is about one.
    pub subject: Option<String>,
}

impl Finding {
    /// A finding about the input as a whole.
    pub fn new(rule: &'static Rule, detail: impl Into<String>) -> Self {
        Finding {
            rule,
            detail: detail.into(),
            subject: None,
        }
    }

    /// A finding about one named function or datum.
    pub fn about(
        rule: &'static Rule,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Finding {
            rule,
            detail: detail.into(),
            subject: Some(subject.into()),
        }
    }
}

/// Names in a sentence: the first few, and how many more there are.
pub fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let list = names[..names.len().min(SHOWN)].join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => list,
        Some(more) => format!("{list} and {more} more"),
    }
}

/// The serialised form of a [`Finding`], the same in every report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingReport {
    /// Stable code of the rule.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// A few words that name the hazard.
    pub title: &'static str,
    /// The function, datum or thread it is about, if it is about one.
    pub subject: Option<String>,
    /// The reason in the terms of this input.
    pub detail: String,
    /// The way out.
    pub remedy: &'static str,
}

impl From<&Finding> for FindingReport {
    fn from(f: &Finding) -> Self {
        FindingReport {
            code: f.rule.code,
            severity: f.rule.severity,
            title: f.rule.title,
            subject: f.subject.clone(),
            detail: f.detail.clone(),
            remedy: f.rule.remedy,
        }
    }
}
