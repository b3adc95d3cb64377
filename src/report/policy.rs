//! The report of `hotpatch policy check`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::package::{PackageSummary, field};
use super::sanitize::line;
use crate::ops::policy::{Decision, Outcome, Verdict};

/// What this machine says about a package.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PolicyReport {
    /// `hotpatch.policy/1`
    pub schema: &'static str,
    /// The package. Where no trusted key signed it, nobody vouches for what it says of itself.
    pub package: PackageSummary,
    /// The decision.
    pub decision: DecisionReport,
}

/// Whether a package is allowed, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecisionReport {
    /// Whether it is.
    pub allowed: bool,
    /// Name of the policy's rule that allows it; null where none was asked or none does.
    pub by: Option<String>,
    /// How long the program may be frozen at most, in milliseconds; null for no limit.
    pub max_freeze_ms: Option<u64>,
    /// Ids of the keys whose signatures count.
    pub signers: Vec<String>,
    /// Every check, in the order in which they were made.
    pub rules: Vec<Outcome>,
}

impl DecisionReport {
    /// The report of a decision.
    pub fn new(decision: Decision) -> Self {
        DecisionReport {
            allowed: decision.allowed,
            by: decision.by,
            max_freeze_ms: decision.max_freeze.map(|d| d.as_millis() as u64),
            signers: decision.signers.iter().map(ToString::to_string).collect(),
            rules: decision.rules,
        }
    }
}

impl PolicyReport {
    /// The report as text.
    pub fn text(&self) -> String {
        let path = line(&self.package.path);
        let verdict = if self.decision.allowed {
            "allowed"
        } else {
            "REFUSED"
        };
        let mut text = format!("{path}: {verdict}\n");
        self.package.text(&mut text);
        let mut rule: Option<&str> = None;
        for outcome in &self.decision.rules {
            if outcome.rule.as_deref() != rule {
                rule = outcome.rule.as_deref();
                let name = rule.map_or("in the end".into(), |r| {
                    format!("rule {:?}", line(r)).into()
                });
                let name: std::borrow::Cow<'_, str> = name;
                let _ = writeln!(text, "  {name}:");
            }
            let verdict = match outcome.verdict {
                Verdict::Holds => "ok",
                Verdict::Refuses => "REFUSED",
                Verdict::DoesNotApply => "-",
            };
            let (check, detail) = (outcome.check.name(), line(&outcome.detail));
            let _ = writeln!(text, "    {verdict:<8} {check:<15} {detail}");
        }
        if let Some(ms) = self.decision.max_freeze_ms {
            field(&mut text, "frozen", &format!("{ms} ms at most"));
        }
        text
    }
}
