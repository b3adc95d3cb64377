//! Applies a package: place it, find a quiet moment, switch.

mod placing;
mod pointers;
mod reuse;
mod switch;

use super::blueprint::Context;
use super::consent::Incoming;
use super::outcome::{ApplyError, Options, Outcome, Summary};
use super::preflight::Preflight;
use super::quiesce::{Effort, Patience};
use super::record::{Record, Stage};
use super::survey::{Installed, State, Survey};
use super::target::Target;
use super::{fault, hooks, now_ms, recover, release, remove, revert};
use crate::addr::Va;
use crate::finding::Finding;
use crate::package::{Package, Verified};
use crate::payload::names::Hook;
use placing::place;
use switch::{dismantle, not_led, prepare, switch};

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
    let is_kept = |p: &Installed| p.state == State::Kept;
    let mut left = preflight.leftovers;
    left.retain(|p| !is_kept(p));
    if !left.is_empty() {
        if let Some(stopped) = revert::take_out(target, (&survey, left), options, &mut summary)? {
            summary.outcome = stopped;
            return Ok(summary);
        }
        survey = Survey::of(target)?;
    }
    let mut kept = revert::pending(&survey);
    kept.retain(is_kept);
    let context = Context {
        module: &module,
        replaced: &preflight.replaced,
        kept: &preflight.kept,
        relays: &preflight.relays,
        on_stack: &on_stack,
    };
    let reused = reuse::find(target, package, context, (&survey, &kept), &patience)?;
    // What had to stay was said when it did.
    let again = reused.as_ref().map(|record| record.at);
    for installed in kept.into_iter().filter(|p| Some(p.record.at) != again) {
        let _ = remove::free_kept(target, (&survey, installed.record), &patience)?;
        survey = Survey::of(target)?;
    }
    let mut record = match reused {
        Some(record) => record,
        None => place(target, package, context)?,
    };
    summary.effort = Effort::default();
    summary.about_record(&record);
    let incoming = [Incoming::of_package(package)];
    let switched = prepare(target, &mut record, &patience).and_then(|()| {
        switch(
            target,
            (package, &survey),
            &mut record,
            &options.asking(&incoming),
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
            let kept = give_up(target, (&survey, &mut record), again, &patience);
            let why = "It could not be taken out again.";
            let kept = kept.unwrap_or_else(|_| vec![release::not_freed(&record, why)]);
            summary.findings.extend(kept);
            Ok(summary)
        }
        Err(error) => {
            // A call that is still under way is inside the payload, which has to stay then.
            // What can't be undone now is found and undone by the next operation.
            if !error.may_still_run() {
                let _ = give_up(target, (&survey, &mut record), again, &patience);
            }
            Err(error)
        }
    }
}

/// Takes away what was done for a patch that was not switched on; findings say what stays.
/// Memory that was to be used `again` is kept as it was.
fn give_up<T: Target>(
    target: &T,
    (survey, record): (&Survey, &mut Record),
    again: Option<Va>,
    patience: &Patience<'_>,
) -> Result<Vec<Finding>, ApplyError> {
    if again != Some(record.at) {
        return dismantle(target, (survey, record), patience);
    }
    not_led(target, record)?;
    record.set_stage(target, Stage::Restored)?;
    Ok(Vec::new())
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
