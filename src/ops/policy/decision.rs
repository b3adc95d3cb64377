//! A decision, and what it is made of.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::package::KeyId;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Whether a trusted key signed that was not revoked.
    Signature,
    /// Whether the package was revoked.
    Revoked,
    /// Whether the clock can be believed.
    Clock,
    /// Whether the package has expired.
    Expiry,
    /// Whether a later package of the product was applied before.
    Sequence,
    /// Whether any rule of the policy speaks of it.
    Rules,
    /// Whether this rule speaks of it: file name and product.
    Scope,
    /// Whether this rule is valid now.
    Valid,
    /// Whether one of this rule's maintenance windows is open.
    Window,
    /// Whether this rule allows packages of this classification.
    Classification,
    /// Whether the signatures are those that this rule asks for.
    Signatures,
}

impl Check {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Check::Signature => "signature",
            Check::Revoked => "revoked",
            Check::Clock => "clock",
            Check::Expiry => "expiry",
            Check::Sequence => "sequence",
            Check::Rules => "rules",
            Check::Scope => "scope",
            Check::Valid => "valid",
            Check::Window => "window",
            Check::Classification => "classification",
            Check::Signatures => "signatures",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing stands against the package.
    Holds,
    /// The package is refused.
    Refuses,
    /// The check says nothing about this package.
    DoesNotApply,
}

/// One check of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outcome {
    /// Name of the policy's rule; null for what holds for every package.
    pub rule: Option<String>,
    /// What was asked.
    pub check: Check,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, in the terms of this package.
    pub detail: String,
}

/// Whether a package is allowed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is.
    pub allowed: bool,
    /// The keys whose signatures count.
    pub signers: Vec<KeyId>,
    /// Name of the policy's rule that allows it.
    pub by: Option<String>,
    /// How long the program may be frozen at most.
    pub max_freeze: Option<Duration>,
    /// Every check that was made.
    pub rules: Vec<Outcome>,
}

/// As an error it says what refuses the package.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refusing = self.rules.iter().filter(|o| o.verdict == Verdict::Refuses);
        let lines: Vec<String> = refusing
            .map(|outcome| match &outcome.rule {
                Some(rule) => format!(
                    "rule {rule:?}: {}: {}",
                    outcome.check.name(),
                    outcome.detail
                ),
                None => format!("{}: {}", outcome.check.name(), outcome.detail),
            })
            .collect();
        f.write_str(&lines.join("\n"))
    }
}

impl Error for Decision {}
