//! The decision about a package.
//!
//! Some checks hold for every package: it is signed by a trusted key that was not revoked,
//! it was not revoked itself, it has not expired, and no later one of its product was
//! applied before. Where the trust store decides and its policy has rules, one rule must
//! allow the package in full as well; the first that does gives its limits.

use std::time::Duration;

use super::decision::{Check, Decision, Outcome, Verdict};
use super::file::{Policy, Rule};
use super::pattern::fits;
use super::signatures::Role;
use super::state::State;
use crate::moment::Moment;
use crate::package::manifest::Classification;
use crate::package::{KeyId, Package};

/// What the decision needs to know about a package whose signatures are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// File name of the image that it is for.
    pub file_name: String,
    /// The product that its line of patches is for.
    pub product: String,
    /// Its position in that line.
    pub sequence: u64,
    /// Why it exists.
    pub classification: Classification,
    /// The last moment at which it may be applied.
    pub not_after: Option<Moment>,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// SHA-256 of every byte before the signatures.
    pub content_sha256: [u8; 32],
    /// The keys that signed it, trusted or not; each once.
    pub signers: Vec<KeyId>,
}

impl Facts {
    /// The facts about a package.
    pub fn of(package: &Package) -> Self {
        let patch = &package.manifest.patch;
        Facts {
            file_name: package.manifest.target.file_name.clone(),
            product: package.manifest.product().to_owned(),
            sequence: patch.sequence,
            classification: patch.classification,
            not_after: patch.not_after,
            sha256: package.sha256,
            content_sha256: package.content_sha256,
            signers: package.signatures.iter().map(|s| s.key.id()).collect(),
        }
    }
}

/// The time, and the time zone of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What the clock says.
    pub utc: Moment,
    /// How far local time is ahead, in seconds.
    pub local_offset: i32,
}

impl Now {
    /// What the clock of this machine says.
    pub fn read() -> Self {
        Now {
            utc: Moment::now(),
            local_offset: crate::moment::local_offset(),
        }
    }
}

/// Whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// The keys.
    pub keys: Vec<KeyId>,
    /// Whether they were named on the command line, where one signature is enough and the
    /// policy's rules are not asked.
    pub named: bool,
}

/// Decides about a package.
pub fn decide(
    facts: &Facts,
    trusted: &Trusted,
    policy: &Policy,
    state: &State,
    now: Now,
) -> Decision {
    let asked: &[Rule] = if trusted.named { &[] } else { &policy.rules };
    let good = |id: &&KeyId| trusted.keys.contains(id) && policy.revocation(&id.0).is_none();
    let signers: Vec<KeyId> = facts.signers.iter().filter(good).copied().collect();
    let timed = asked
        .iter()
        .any(|rule| rule.timed() && in_scope(rule, facts));
    let mut rules = vec![
        signature(facts, trusted, policy, &signers),
        revoked(facts, policy),
        clock(facts, policy, state, now, timed),
        expiry(facts, now),
        sequence(facts, state),
    ];
    let mut allowed = rules.iter().all(|o| o.verdict != Verdict::Refuses);
    let mut by = None;
    for rule in asked {
        let outcomes = ask(rule, facts, policy, &signers, now);
        let allows = outcomes.iter().all(|o| o.verdict == Verdict::Holds);
        if allows && by.is_none() {
            by = Some(rule);
        }
        rules.extend(outcomes);
    }
    if !asked.is_empty() {
        let outcome = summary(facts, asked, by);
        allowed &= outcome.verdict != Verdict::Refuses;
        rules.push(outcome);
    }
    Decision {
        allowed,
        signers,
        by: by.filter(|_| allowed).map(|rule| rule.name.clone()),
        max_freeze: by
            .and_then(|rule| rule.max_freeze_ms)
            .map(Duration::from_millis),
        rules,
    }
}

fn outcome(check: Check, holds: bool, detail: impl Into<String>) -> Outcome {
    Outcome {
        rule: None,
        check,
        verdict: if holds {
            Verdict::Holds
        } else {
            Verdict::Refuses
        },
        detail: detail.into(),
    }
}

fn silent(check: Check, detail: impl Into<String>) -> Outcome {
    Outcome {
        verdict: Verdict::DoesNotApply,
        ..outcome(check, true, detail)
    }
}

fn signature(facts: &Facts, trusted: &Trusted, policy: &Policy, signers: &[KeyId]) -> Outcome {
    let from = if trusted.named {
        "named with --key"
    } else {
        "in the trust store"
    };
    let by: Vec<String> = facts
        .signers
        .iter()
        .map(|id| match policy.revocation(&id.0) {
            Some(entry) => format!("{} ({})", called(*id, policy), entry.why()),
            None if signers.contains(id) => called(*id, policy),
            None => format!("{} (not {from})", called(*id, policy)),
        })
        .collect();
    let detail = format!("signed by {}", by.join(", "));
    outcome(Check::Signature, !signers.is_empty(), detail)
}

/// The name of a key where it has one, and its id.
pub(super) fn called(id: KeyId, policy: &Policy) -> String {
    match policy.key(id).and_then(|key| key.name.as_ref()) {
        Some(name) => format!("{name:?} {id}"),
        None => id.to_string(),
    }
}

fn revoked(facts: &Facts, policy: &Policy) -> Outcome {
    let entry = policy
        .revocation(&facts.content_sha256)
        .or_else(|| policy.revocation(&facts.sha256));
    match entry {
        Some(entry) => outcome(
            Check::Revoked,
            false,
            format!("the package was {}", entry.why()),
        ),
        None => outcome(Check::Revoked, true, "the package was not revoked"),
    }
}

/// Why what depends on the time can't be believed, where the clock has been set back.
pub(in crate::ops) fn set_back(policy: &Policy, state: &State, now: Now) -> Option<String> {
    let latest = state.latest()?;
    let behind = latest.seconds().saturating_sub(now.utc.seconds());
    (behind > policy.clock_tolerance_s).then(|| {
        let now = now.utc;
        format!("the clock says {now}, and it has been {latest} before")
    })
}

fn clock(facts: &Facts, policy: &Policy, state: &State, now: Now, timed: bool) -> Outcome {
    let Some(latest) = state.latest() else {
        return silent(Check::Clock, "no time is on record");
    };
    let behind = latest.seconds().saturating_sub(now.utc.seconds());
    let detail = format!(
        "the clock says {}, and it has been {latest} before",
        now.utc
    );
    if behind <= policy.clock_tolerance_s {
        return outcome(Check::Clock, true, detail);
    }
    match timed || facts.not_after.is_some() {
        true => outcome(Check::Clock, false, detail),
        false => silent(
            Check::Clock,
            format!("{detail}; nothing here depends on the time"),
        ),
    }
}

fn expiry(facts: &Facts, now: Now) -> Outcome {
    match facts.not_after {
        None => silent(Check::Expiry, "the package does not expire"),
        Some(end) if now.utc <= end => outcome(Check::Expiry, true, format!("good until {end}")),
        Some(end) => {
            let detail = format!("expired at {end}, and it is {} now", now.utc);
            outcome(Check::Expiry, false, detail)
        }
    }
}

fn sequence(facts: &Facts, state: &State) -> Outcome {
    let own = format!("sequence {} of {:?}", facts.sequence, facts.product);
    match state.highest(&facts.product) {
        None => outcome(Check::Sequence, true, format!("{own} is the first here")),
        Some(highest) => {
            let of = match state.begun_in(&facts.product, highest) {
                Some(process) => format!(
                    "{highest} was begun in process {process} (PID and creation time), of which it \
                     is not known how that ended; if it runs nowhere, take it out of state.toml"
                ),
                None => format!("{highest} is the highest that was applied here"),
            };
            let good = facts.sequence >= highest;
            outcome(Check::Sequence, good, format!("{own}, and {of}"))
        }
    }
}

fn in_scope(rule: &Rule, facts: &Facts) -> bool {
    in_scope_of(rule, Some(&facts.file_name), &facts.product)
}

/// Whether a rule is about a file, or any, of a product.
pub(super) fn in_scope_of(rule: &Rule, file: Option<&str>, product: &str) -> bool {
    let any = |patterns: &[String], name: &str| {
        patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, name))
    };
    file.is_none_or(|file| any(&rule.files, file)) && any(&rule.products, product)
}

/// What one rule says about a package.
fn ask(rule: &Rule, facts: &Facts, policy: &Policy, signers: &[KeyId], now: Now) -> Vec<Outcome> {
    let about = format!("it is for {:?} of {:?}", facts.file_name, facts.product);
    let mut outcomes = if in_scope(rule, facts) {
        vec![
            outcome(Check::Scope, true, about),
            valid(rule, now),
            window(rule, now),
            classification(rule, facts),
            signatures(rule, policy, signers),
        ]
    } else {
        vec![silent(
            Check::Scope,
            format!("{about}, and the rule is not"),
        )]
    };
    for outcome in &mut outcomes {
        outcome.rule = Some(rule.name.clone());
    }
    outcomes
}

fn valid(rule: &Rule, now: Now) -> Outcome {
    let now = now.utc;
    match (rule.valid_from, rule.valid_to) {
        (Some(from), _) if now < from => outcome(
            Check::Valid,
            false,
            format!("not before {from}, and it is {now} now"),
        ),
        (_, Some(to)) if now > to => outcome(
            Check::Valid,
            false,
            format!("not after {to}, and it is {now} now"),
        ),
        (None, None) => outcome(Check::Valid, true, "at any time"),
        _ => outcome(Check::Valid, true, format!("it is {now}")),
    }
}

fn window(rule: &Rule, now: Now) -> Outcome {
    if rule.windows.is_empty() {
        return outcome(Check::Window, true, "no maintenance window is asked for");
    }
    if let Some(open) = rule.windows.iter().find(|w| w.open(now)) {
        return outcome(Check::Window, true, format!("open: {open}"));
    }
    let all: Vec<String> = rule.windows.iter().map(ToString::to_string).collect();
    let detail = format!(
        "it is {} now, and only these are open: {}",
        now.utc,
        all.join("; ")
    );
    outcome(Check::Window, false, detail)
}

fn classification(rule: &Rule, facts: &Facts) -> Outcome {
    let own = facts.classification;
    let allowed = rule.classifications.is_empty() || rule.classifications.contains(&own);
    let names: Vec<&str> = rule.classifications.iter().map(|c| c.name()).collect();
    let detail = match allowed {
        true => format!("{} is allowed", own.name()),
        false => format!(
            "it is a {} patch, allowed is {}",
            own.name(),
            names.join(", ")
        ),
    };
    outcome(Check::Classification, allowed, detail)
}

pub(super) fn signatures(rule: &Rule, policy: &Policy, signers: &[KeyId]) -> Outcome {
    let counting: Vec<KeyId> = signers
        .iter()
        .filter(|id| rule.counts(**id, policy))
        .copied()
        .collect();
    let roles: Vec<&[Role]> = counting.iter().map(|id| policy.roles(*id)).collect();
    let missing = rule.signatures.missing(&roles);
    let mut detail = format!(
        "needed: {}; {} keys that count have signed",
        rule.signatures,
        counting.len()
    );
    if !missing.is_empty() {
        let names: Vec<&str> = missing
            .iter()
            .map(|r| r.map_or("any key", Role::name))
            .collect();
        detail.push_str(&format!("; missing: {}", names.join(", ")));
    }
    outcome(Check::Signatures, missing.is_empty(), detail)
}

fn summary(facts: &Facts, asked: &[Rule], by: Option<&Rule>) -> Outcome {
    match by {
        Some(rule) => outcome(
            Check::Rules,
            true,
            format!("allowed by rule {:?}", rule.name),
        ),
        None if asked.iter().any(|rule| in_scope(rule, facts)) => {
            outcome(Check::Rules, false, "no rule of the policy allows it")
        }
        None => {
            let detail = format!(
                "no rule of the policy speaks of {:?} of {:?}",
                facts.file_name, facts.product
            );
            outcome(Check::Rules, false, detail)
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
