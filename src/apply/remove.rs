//! Takes a patch out of a process, or clears away what an interrupted operation left.

use super::entries::{self, EntryBytes, Wanted, WriteError};
use super::fault;
use super::install::not_freed;
use super::outcome::{ApplyError, Options, Outcome, Summary};
use super::quiesce::unwind::CodeMap;
use super::quiesce::{Effort, FrameCheck, Patience, Zone, Zones, quiesce};
use super::record::{Record, Stage};
use super::survey::{Installed, State, Survey};
use super::target::{Target, TargetError};
use super::{hooks, recover, remote};
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::payload::names::Hook;

/// Takes a patch out: the one with this id, or the only one there is.
///
/// # Errors
/// [`ApplyError`]; the target then runs the code that it ran before.
pub fn revert<T: Target>(
    target: &T,
    id: Option<&str>,
    options: &Options<'_>,
) -> Result<Summary, ApplyError> {
    let _lock = target.lock()?;
    recover::recover(target)?;
    let patience = options.patience();
    let mut summary = Summary::new(target.identity(), Outcome::NotApplied);
    summary.package_id = id.map(str::to_owned);
    let survey = Survey::of(target)?;
    for (at, error) in &survey.unreadable {
        summary.findings.push(Finding::new(
            &rules::UNREADABLE_RECORD,
            format!("At {at}: {error}."),
        ));
    }
    let Some(patch) = choose(target, survey, id)? else {
        if !summary.findings.is_empty() {
            summary.outcome = Outcome::Refused;
        }
        return Ok(summary);
    };
    summary.findings.clear();
    let mut record = patch.record;
    summary.about_record(&record);
    if patch.state == State::Torn {
        summary.outcome = Outcome::Refused;
        summary.findings.extend(torn(&record, &patch.entries));
        return Ok(summary);
    }
    summary.outcome =
        remove(target, &mut record, &patience, &mut summary)?.unwrap_or(Outcome::Reverted);
    Ok(summary)
}

/// The patch to take out. A patch that is active goes before remains of the same id.
fn choose<T: Target>(
    target: &T,
    survey: Survey,
    id: Option<&str>,
) -> Result<Option<Installed>, ApplyError> {
    let mut fitting: Vec<Installed> = survey
        .patches
        .into_iter()
        .filter(|p| id.is_none_or(|id| p.record.body.id == id))
        .collect();
    fitting.sort_by_key(|p| p.state == State::Pending);
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

fn torn(record: &Record, found: &[EntryBytes]) -> Vec<Finding> {
    let body = &record.body;
    let mut findings: Vec<Finding> = body
        .sites()
        .zip(found)
        .filter_map(|(site, bytes)| {
            let found = match bytes {
                EntryBytes::Redirect => return None,
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

/// Takes a patch out that is active or pending. `None` where it is gone, otherwise what
/// stopped it; then nothing was changed.
pub(super) fn remove<T: Target>(
    target: &T,
    record: &mut Record,
    patience: &Patience<'_>,
    summary: &mut Summary,
) -> Result<Option<Outcome>, ApplyError> {
    // What was never switched on, or is half taken out already, is not asked.
    let asked = record.is_active(target)?;
    if asked && let Some(veto) = hooks::run(target, record, Hook::BeforeRevert)? {
        summary.findings.push(veto);
        return Ok(Some(Outcome::Refused));
    }
    let zones = zones(record);
    let patches = Survey::of(target)?.patches;
    let records: Vec<&Record> = patches.iter().map(|p| &p.record).collect();
    let check = FrameCheck::new(CodeMap::of(target, &records)?);
    target.arm(record.at)?;
    fault::point("reverting");
    let effort = &mut summary.effort;
    let quiet = quiesce(target, record.at, &zones, &check, patience, effort);
    let frozen = match quiet {
        Ok(frozen) => frozen,
        Err(unquiet) => {
            target.disarm();
            return summary.unquiet(unquiet).map(Some);
        }
    };
    if patience.is_interrupted() {
        let thawed = frozen.thaw();
        target.disarm();
        thawed?;
        return Ok(Some(Outcome::Interrupted));
    }
    let restored = restore(target, record);
    let thawed = frozen.thaw();
    target.disarm();
    restored?;
    summary.effort.frozen = thawed?;
    fault::point("reverted-thawed");
    record.set_stage(target, Stage::Restored)?;
    fault::point("restored");
    if asked {
        summary
            .findings
            .extend(hooks::run(target, record, Hook::AfterRevert)?);
    }
    if !release(target, record, &zones, &check, patience)? {
        summary.findings.push(not_freed(record));
    }
    Ok(None)
}

/// The frozen window: the one byte, then the entries.
fn restore<T: Target>(target: &T, record: &mut Record) -> Result<(), ApplyError> {
    // Whatever other software changed since the survey must not be half undone.
    let found = entries::observe(target, &record.body)?;
    let foreign = |b: &EntryBytes| matches!(b, EntryBytes::Foreign(_));
    let changed = record.body.sites().zip(&found);
    if let Some((site, _)) = changed.into_iter().find(|(_, b)| foreign(b)) {
        return Err(WriteError::Changed(record.body.name_of(site).to_owned()).into());
    }
    // From here on a repair finishes what was begun.
    record.set_stage(target, Stage::Reverting)?;
    record.set_active(target, false)?;
    fault::point("inactive");
    entries::write(target, &record.body, Wanted::Original)?;
    fault::point("entries-restored");
    entries::restore_protection(target, &record.body)?;
    Ok(())
}

/// Gives the memory back, if the target lets it; says whether it did.
fn release<T: Target>(
    target: &T,
    record: &mut Record,
    zones: &Zones,
    check: &FrameCheck<'_, T>,
    patience: &Patience<'_>,
) -> Result<bool, TargetError> {
    // No entry leads here any more, so this look is about threads that were on their way.
    let mut effort = Effort::default();
    target.arm(record.at)?;
    let looked = quiesce(target, record.at, zones, check, patience, &mut effort);
    let quiet = looked.is_ok();
    drop(looked);
    target.disarm();
    if !quiet || remote::unregister(target, record).is_err() {
        return Ok(false);
    }
    fault::point("unregistered");
    Ok(target.free(record.at).is_ok())
}

/// The payload's code, under the names of the functions that it replaces.
fn zones(record: &Record) -> Zones {
    let zone = |start, end, function: String| Zone {
        start,
        end,
        function,
        start_counts: true,
    };
    let mut zones = Vec::new();
    for pages in &record.body.code {
        let (start, end) = (pages.at.0, pages.at.0.saturating_add(pages.size));
        let mut named: Vec<(u64, u64, &str)> = record
            .body
            .functions
            .iter()
            .map(|f| {
                let to = f.replacement.0.saturating_add(f.replacement_size);
                (f.replacement.0, to, f.name.as_str())
            })
            .filter(|(from, to, _)| start <= *from && *to <= end)
            .collect();
        named.sort_unstable();
        let rest = || format!("(payload of {})", record.body.id);
        let mut at = start;
        for (from, to, name) in named {
            zones.push(zone(at, from.max(at), rest()));
            zones.push(zone(from, to, name.to_owned()));
            at = at.max(to);
        }
        zones.push(zone(at, end, rest()));
    }
    Zones::new(zones)
}
