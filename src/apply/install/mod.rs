//! Applies a package: place it, find a quiet moment, switch.

mod placing;
mod switch;

use super::blueprint::Context;
use super::outcome::{ApplyError, Options, Outcome, Summary};
use super::preflight::Preflight;
use super::quiesce::Effort;
use super::survey::{State, Survey};
use super::target::{Target, TargetError};
use super::{fault, hooks, now_ms, recover, release, remove, revert};
use crate::package::{Package, Verified};
use crate::payload::names::Hook;
use placing::place;
use switch::{dismantle, prepare, switch};

/// Looks at everything that `apply` would look at, and writes nothing.
///
/// # Errors
/// Where the target can't be looked at.
pub fn check<T: Target>(target: &T, package: &Verified<Package>) -> Result<Summary, ApplyError> {
    let preflight = Preflight::run(target, package, Survey::of(target)?)?;
    Ok(summarise(target, package, preflight).0)
}

/// Applies a package to a process.
///
/// # Errors
/// [`ApplyError`]; the target then runs the code that it ran before.
pub fn apply<T: Target>(
    target: &T,
    package: &Verified<Package>,
    options: &Options<'_>,
) -> Result<Summary, ApplyError> {
    let _lock = target.lock()?;
    let (_, survey) = recover::recover(target)?;
    let patience = options.patience();
    let mut preflight = Preflight::run(target, package, survey)?;
    let on_stack = preflight.allow_on_stack(package, options.on_stack);
    let (mut summary, preflight) = summarise(target, package, preflight);
    if summary.outcome != Outcome::Ready {
        return Ok(summary);
    }
    let Some(module) = preflight.module else {
        return Ok(summary);
    };
    let mut survey = preflight.survey;
    if !preflight.leftovers.is_empty() {
        // What had to stay was said when it did.
        let (kept, left): (Vec<_>, Vec<_>) = preflight
            .leftovers
            .into_iter()
            .partition(|p| p.state == State::Kept);
        if let Some(stopped) = revert::take_out(target, (&survey, left), options, &mut summary)? {
            summary.outcome = stopped;
            return Ok(summary);
        }
        for installed in kept {
            let _ = remove::free_kept(target, (&Survey::of(target)?, installed.record), &patience)?;
        }
        survey = Survey::of(target)?;
    }
    let context = Context {
        module: &module,
        replaced: &preflight.replaced,
        kept: &preflight.kept,
        relays: &preflight.relays,
        on_stack: &on_stack,
    };
    let mut record = place(target, package, context)?;
    summary.effort = Effort::default();
    summary.about_record(&record);
    let switched = prepare(target, &mut record).and_then(|()| {
        switch(
            target,
            (package, &survey),
            &mut record,
            &patience,
            &mut summary,
        )
    });
    target.disarm();
    match switched {
        Ok(Outcome::Applied) => {
            summary.outcome = Outcome::Applied;
            fault::point("thawed");
            summary.afterwards(record.commit(target, now_ms()));
            fault::point("committed");
            let failed = summary.afterwards(hooks::run(target, &record, Hook::AfterApply));
            summary.findings.extend(failed.flatten());
            Ok(summary)
        }
        Ok(stopped) => {
            summary.outcome = stopped;
            let kept = dismantle(target, (&survey, &mut record), &patience);
            let why = "It could not be taken out again.";
            let kept = kept.unwrap_or_else(|_| vec![release::not_freed(&record, why)]);
            summary.findings.extend(kept);
            Ok(summary)
        }
        Err(error) => {
            // A call that is still under way is inside the payload, which has to stay then.
            // What can't be undone now is found and undone by the next operation.
            if !matches!(error, ApplyError::Target(TargetError::CallTimeout(_))) {
                let _ = dismantle(target, (&survey, &mut record), &patience);
            }
            Err(error)
        }
    }
}

/// Says how the preflight ended.
fn summarise<T: Target>(
    target: &T,
    package: &Package,
    preflight: Preflight,
) -> (Summary, Preflight) {
    let outcome = match (&preflight.active, preflight.passed()) {
        (Some(_), _) => Outcome::AlreadyApplied,
        (None, true) => Outcome::Ready,
        (None, false) => Outcome::Refused,
    };
    let mut summary = Summary::new(target.identity(), outcome);
    summary.about_package(package);
    summary.bytes_allocated = preflight.region_size;
    summary.findings = preflight.findings.clone();
    let replaced = preflight.replaced.iter();
    summary.replaced = replaced.map(|p| p.record.body.id.clone()).collect();
    match (&preflight.active, &preflight.module) {
        (Some(record), _) => summary.about_record(record),
        (None, Some(module)) => {
            let functions = package.manifest.functions.iter();
            summary.functions = functions
                .map(|f| (f.name.clone(), Some(f.entry.at(module.base))))
                .collect();
        }
        (None, None) => {}
    }
    (summary, preflight)
}
