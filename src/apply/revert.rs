//! Takes out a patch by name: back to the code of the file, or to the patch before.

use super::consent::Incoming;
use super::entries::EntryBytes;
use super::fault;
use super::outcome::{ApplyError, Options, Outcome, Summary};
use super::preflight::stack_policy;
use super::record::{Record, Stage};
use super::recover;
use super::release;
use super::remove::remove;
use super::survey::{Installed, State, Survey};
use super::target::{Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;

/// Takes a patch out, with everything that it replaced: the one with this id, or the only
/// one there is. Afterwards its functions run the code of the file.
///
/// # Errors
/// [`ApplyError`]; the target then runs the code that it ran before.
pub fn revert<T: Target>(
    target: &T,
    id: Option<&str>,
    options: &Options<'_>,
) -> Result<Summary, ApplyError> {
    let goes = |survey: &Survey, patch: &Installed| {
        let lower = survey.goes_with(patch).into_iter();
        lower.map(|p| p.record.body.id.clone()).collect()
    };
    with_patch(target, id, (options, goes), |survey, patch, summary| {
        if !patch.leads() {
            let lower = survey.beneath(&patch.record).into_iter();
            let detached = lower.filter(|p| p.state == State::Detached);
            let all = [patch].into_iter().chain(detached).cloned().collect();
            let stopped = take_out(target, (survey, all), options, summary)?;
            return Ok(stopped.unwrap_or(Outcome::Reverted));
        }
        let mut records = vec![patch.record.clone()];
        let lower = survey.goes_with(patch).into_iter();
        records.extend(lower.map(|p| p.record.clone()));
        let quiet = (options, &options.patience());
        let stopped = remove(target, (survey, &mut records), quiet, summary)?;
        Ok(stopped.unwrap_or(Outcome::Reverted))
    })
}

/// Goes back from a patch to those that it replaced: they are active again, and the patch
/// is taken out, in one freeze.
///
/// # Errors
/// [`ApplyError`]; the target then runs the code that it ran before.
pub fn rollback<T: Target>(
    target: &T,
    id: Option<&str>,
    options: &Options<'_>,
) -> Result<Summary, ApplyError> {
    let alone = |_: &Survey, _: &Installed| Vec::new();
    with_patch(target, id, (options, alone), |survey, patch, summary| {
        if patch.state == State::Detached {
            summary.findings.extend(torn(&patch.record, &[]));
            return Ok(Outcome::Refused);
        }
        let over = &patch.record.body.over;
        let lower: Vec<&Installed> = over.iter().filter_map(|at| survey.at(*at)).collect();
        if lower.is_empty() || !patch.leads() {
            let detail = "There is no patch to go back to.";
            let finding = Finding::about(&rules::NOTHING_BENEATH, &patch.record.body.id, detail);
            summary.findings.push(finding);
            return Ok(Outcome::Refused);
        }
        for installed in &lower {
            // Decides nothing as long as the patch above is switched on.
            installed.record.set_active(target, true)?;
            summary.active_again.push(installed.record.body.id.clone());
        }
        fault::point("lower-active");
        let incoming: Vec<Incoming> = lower.iter().map(|p| Incoming::of(&p.record.body)).collect();
        let mut records = [patch.record.clone()];
        let quiet = (options, &options.asking(&incoming));
        let stopped = remove(target, (survey, &mut records), quiet, summary)?;
        if stopped.is_some() {
            summary.active_again.clear();
        }
        Ok(stopped.unwrap_or(Outcome::RolledBack))
    })
}

/// Lets a target go that was left frozen, and takes out what interrupted operations left.
/// Which version runs does not change.
///
/// # Errors
/// [`ApplyError`]
pub fn clear_up<T: Target>(target: &T, options: &Options<'_>) -> Result<Summary, ApplyError> {
    let _lock = target.lock()?;
    let mut summary = Summary::new(target.identity(), Outcome::Clean);
    let (left, survey) = recover::recover(target)?;
    if left {
        summary.outcome = Outcome::Recovered;
    }
    note_unreadable(&survey, &mut summary);
    if !summary.findings.is_empty() {
        summary.outcome = Outcome::Refused;
        return Ok(summary);
    }
    let leftovers = (&survey, pending(&survey));
    if let Some(stopped) = take_out(target, leftovers, options, &mut summary)? {
        summary.outcome = stopped;
    }
    Ok(summary)
}

/// What interrupted operations and unloaded modules left, those that stand on others first.
pub(super) fn pending(survey: &Survey) -> Vec<Installed> {
    let depth = |p: &Installed| std::cmp::Reverse(survey.beneath(&p.record).len());
    let mut pending: Vec<Installed> = survey
        .patches
        .iter()
        .filter(|p| matches!(p.state, State::Pending | State::Detached | State::Kept))
        .cloned()
        .collect();
    pending.sort_by_key(depth);
    pending
}

/// Takes out what interrupted operations and unloaded modules left, of all that a survey
/// found; says what stopped it.
pub(super) fn take_out<T: Target>(
    target: &T,
    (survey, leftovers): (&Survey, Vec<Installed>),
    options: &Options<'_>,
    summary: &mut Summary,
) -> Result<Option<Outcome>, ApplyError> {
    let patience = options.patience();
    let mut now;
    let mut survey = survey;
    for (n, leftover) in leftovers.into_iter().enumerate() {
        if n > 0 {
            now = Survey::of(target)?;
            survey = &now;
        }
        let leads_nowhere = leads_nowhere(&leftover);
        let mut records = [leftover.record];
        if leftover.state == State::Detached {
            // There are no entries to restore: what is at their addresses is none of ours.
            records[0].set_active(target, false)?;
            records[0].set_stage(target, Stage::Restored)?;
        }
        let quiet = (options, &patience);
        let said = summary.findings.len();
        if let Some(stopped) = remove(target, (survey, &mut records), quiet, summary)? {
            if !leads_nowhere || summary.blocked_by.is_empty() {
                return Ok(Some(stopped));
            }
            summary.blocked_by.clear();
            let [record] = &mut records;
            record.set_stage(target, Stage::Restored)?;
            let why = "A thread is inside it, and nothing leads there any more.";
            summary.findings.push(release::not_freed(record, why));
        }
        // Where all that there was to do is to wait on, nothing was recovered.
        if leftover.state != State::Kept || summary.findings.len() == said {
            summary.outcome = Outcome::Recovered;
        }
    }
    Ok(None)
}

/// Whether an operation was interrupted before it had changed an entry, or after all of them
/// were put back: then nobody has to leave the patch for it to be out.
fn leads_nowhere(leftover: &Installed) -> bool {
    let begun = matches!(
        leftover.record.header.stage,
        Stage::Installing | Stage::Reverting
    );
    let original = |found: &EntryBytes| *found == EntryBytes::Original;
    leftover.state == State::Pending && begun && leftover.entries.iter().all(original)
}

/// Does something to a patch that may be taken out. The second option says the ids of those
/// that go with it.
fn with_patch<T: Target>(
    target: &T,
    id: Option<&str>,
    (options, goes_with): (&Options<'_>, impl Fn(&Survey, &Installed) -> Vec<String>),
    operate: impl FnOnce(&Survey, &Installed, &mut Summary) -> Result<Outcome, ApplyError>,
) -> Result<Summary, ApplyError> {
    let _lock = target.lock()?;
    let (_, mut survey) = recover::recover(target)?;
    let mut summary = Summary::new(target.identity(), Outcome::NotApplied);
    summary.package_id = id.map(str::to_owned);
    note_unreadable(&survey, &mut summary);
    let Some(patch) = choose(target, &survey, id)? else {
        if !summary.findings.is_empty() {
            summary.outcome = Outcome::Refused;
        }
        return Ok(summary);
    };
    summary.findings.clear();
    summary.about_record(&patch.record);
    let mut refusals = refusals(&survey, patch, &goes_with(&survey, patch));
    refusals.extend(stack_policy(options.on_stack, |name| {
        let mut functions = patch.record.body.functions.iter();
        functions
            .find(|f| f.name == name)
            .map(|f| f.must_not_stay.clone())
    }));
    if !refusals.is_empty() {
        summary.outcome = Outcome::Refused;
        summary.findings.extend(refusals);
        return Ok(summary);
    }
    // What an interrupted operation left on top of it would not know its place any more.
    let at = patch.record.at;
    let on_top = unfinished_above(&survey, patch);
    if !on_top.is_empty() {
        if let Some(stopped) = take_out(target, (&survey, on_top), options, &mut summary)? {
            summary.outcome = stopped;
            return Ok(summary);
        }
        survey = Survey::of(target)?;
    }
    let Some(patch) = survey.at(at) else {
        return Err(TargetError::NotWritten { at }.into());
    };
    summary.outcome = operate(&survey, patch, &mut summary)?;
    Ok(summary)
}

/// What interrupted operations left on top of a patch, and is more than memory.
fn unfinished_above(survey: &Survey, patch: &Installed) -> Vec<Installed> {
    let stands_on = |p: &Installed| {
        let lower = survey.beneath(&p.record);
        let begun = p.record.header.stage != Stage::Restored;
        begun && lower.iter().any(|l| l.record.at == patch.record.at)
    };
    let unfinished = pending(survey).into_iter();
    unfinished
        .filter(|p| p.state == State::Pending && stands_on(p))
        .collect()
}

fn note_unreadable(survey: &Survey, summary: &mut Summary) {
    let unreadable = survey.unreadable.iter().map(|(at, error)| {
        let detail = format!("At {at}: {error}.");
        Finding::new(&rules::UNREADABLE_RECORD, detail)
    });
    summary.findings.extend(unreadable);
}

/// The patch to take out. Without an id, the only one that no other one stands on; remains
/// only where there is nothing else. A patch that is active goes before remains of the same
/// id.
fn choose<'a, T: Target>(
    target: &T,
    survey: &'a Survey,
    id: Option<&str>,
) -> Result<Option<&'a Installed>, ApplyError> {
    let mut fitting: Vec<&Installed> = survey
        .patches
        .iter()
        .filter(|p| match id {
            Some(id) => p.record.body.id == id,
            None => p.state != State::Replaced && !survey.is_beneath(p.record.at),
        })
        .collect();
    let rank = |p: &Installed| match p.state {
        State::Active | State::Torn => 0,
        State::Replaced => 1,
        State::Pending | State::Detached => 2,
        State::Kept => 3,
    };
    fitting.sort_by_key(|p| rank(p));
    // Memory that was kept is not what somebody means who names nothing.
    if id.is_none()
        && let Some(best) = fitting.first().map(|p| rank(p))
    {
        fitting.retain(|p| rank(p) == best);
    }
    let mut ids: Vec<String> = fitting.iter().map(|p| p.record.body.id.clone()).collect();
    ids.sort();
    ids.dedup();
    if ids.len() > 1 {
        return Err(ApplyError::Ambiguous {
            pid: target.identity().pid,
            ids,
        });
    }
    Ok(fitting.into_iter().next())
}

/// What stands against taking a patch out, and with it those of these ids.
fn refusals(survey: &Survey, patch: &Installed, lower: &[String]) -> Vec<Finding> {
    let body = &patch.record.body;
    if patch.state == State::Torn {
        return torn(&patch.record, &patch.entries);
    }
    if patch.state == State::Replaced {
        let detail = format!("{} waits beneath a newer patch.", body.id);
        return vec![Finding::about(&rules::BENEATH, &body.id, detail)];
    }
    let goes = |id: &String| *id == body.id || lower.contains(id);
    let mut others = survey.patches.iter().filter(|p| p.state == State::Active);
    let needs =
        others.find(|p| p.record.at != patch.record.at && p.record.body.requires.iter().any(goes));
    let needed = |by: &Installed| {
        let detail = format!(
            "{} requires {}.",
            by.record.body.id,
            by.record.body.requires.join(", ")
        );
        Finding::about(&rules::NEEDED, &body.id, detail)
    };
    needs.map(needed).into_iter().collect()
}

fn torn(record: &Record, found: &[EntryBytes]) -> Vec<Finding> {
    let body = &record.body;
    let mut findings: Vec<Finding> = body
        .sites()
        .zip(found)
        .filter_map(|(site, bytes)| {
            let found = match bytes {
                EntryBytes::Redirect | EntryBytes::Covered => return None,
                EntryBytes::Original => &site.original,
                EntryBytes::Foreign(bytes) => bytes,
            };
            Some(Finding::about(
                &rules::TORN,
                body.name_of(site),
                format!(
                    "At {}: expected {}, found {}.",
                    site.at,
                    hex::encode(&site.redirect),
                    hex::encode(found)
                ),
            ))
        })
        .collect();
    if findings.is_empty() {
        let module = &record.body.module;
        findings.push(Finding::about(
            &rules::TORN,
            &record.body.id,
            format!(
                "The entries in {} at {} can't be read; was the module unloaded?",
                module.name, module.base
            ),
        ));
    }
    findings
}
