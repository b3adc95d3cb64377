//! Takes a patch out of a process, or clears away what an interrupted operation left.

use super::entries::{self, EntryBytes, Wanted};
use super::fault;
use super::install::not_freed;
use super::outcome::{ApplyError, Options, Outcome, Summary};
use super::quiesce::{Effort, Patience, Unquiet, WordScan, Zone, Zones, quiesce};
use super::record::{Record, Stage};
use super::remote;
use super::survey::{Installed, State, Survey};
use super::target::{Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;

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
    let functions = &record.body.functions;
    let mut findings: Vec<Finding> = functions
        .iter()
        .zip(found)
        .filter_map(|(function, bytes)| {
            let found = match bytes {
                EntryBytes::Redirect => return None,
                EntryBytes::Original => function.original,
                EntryBytes::Foreign(bytes) => *bytes,
            };
            Some(Finding::about(
                &rules::TORN,
                &function.name,
                format!(
                    "At {}: expected {}, found {}.",
                    function.entry,
                    hex::encode(function.redirect),
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
    let zones = zones(record);
    target.arm(record.at)?;
    let quiet = quiesce(target, &zones, &WordScan, patience, &mut summary.effort);
    let frozen = match quiet {
        Ok(frozen) => frozen,
        Err(unquiet) => {
            target.disarm();
            return match unquiet {
                Unquiet::Busy(blockers) => {
                    summary.blocked_by = blockers;
                    Ok(Some(Outcome::Busy))
                }
                Unquiet::Interrupted => Ok(Some(Outcome::Interrupted)),
                Unquiet::Failed(error) => Err(error.into()),
            };
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
    if !release(target, record, &zones, patience)? {
        summary.findings.push(not_freed(record));
    }
    Ok(None)
}

/// The frozen window: the one byte, then the entries.
fn restore<T: Target>(target: &T, record: &mut Record) -> Result<(), ApplyError> {
    record.set_stage(target, Stage::Reverting)?;
    fault::point("reverting");
    record.set_active(target, false)?;
    fault::point("inactive");
    entries::write(target, &record.body, Wanted::Original)?;
    fault::point("entries-restored");
    entries::restore_protection(target, &record.body)?;
    let found = entries::observe(target, &record.body)?;
    let functions = &record.body.functions;
    for (function, bytes) in functions.iter().zip(&found) {
        if *bytes != EntryBytes::Original {
            return Err(ApplyError::EntryChanged {
                function: function.name.clone(),
            });
        }
    }
    Ok(())
}

/// Gives the memory back, if the target lets it; says whether it did.
fn release<T: Target>(
    target: &T,
    record: &mut Record,
    zones: &Zones,
    patience: &Patience<'_>,
) -> Result<bool, TargetError> {
    // No entry leads here any more, so this look is about threads that were on their way.
    let mut effort = Effort::default();
    target.arm(record.at)?;
    let looked = quiesce(target, zones, &WordScan, patience, &mut effort);
    let quiet = looked.is_ok();
    drop(looked);
    target.disarm();
    if !quiet || remote::unregister(target, record).is_err() {
        return Ok(false);
    }
    fault::point("unregistered");
    Ok(target.free(record.at).is_ok())
}

/// The whole region, under the names of the functions that are replaced.
fn zones(record: &Record) -> Zones {
    let (start, end) = (record.at.0, record.end().0);
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
    let zone = |start, end, function: String| Zone {
        start,
        end,
        function,
        start_counts: true,
    };
    let rest = || format!("(payload of {})", record.body.id);
    let mut zones = Vec::new();
    let mut at = start;
    for (from, to, name) in named {
        zones.push(zone(at, from.max(at), rest()));
        zones.push(zone(from, to, name.to_owned()));
        at = at.max(to);
    }
    zones.push(zone(at, end, rest()));
    Zones::new(zones)
}
