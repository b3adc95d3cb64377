//! Takes patches out that are active or pending: the entries, the switch, the memory.

use super::entries::{self, EntryBytes, Wanted, WriteError};
use super::outcome::{ApplyError, Options, Outcome, Summary};
use super::payload_zones::payload_zones;
use super::quiesce::unwind::CodeMap;
use super::quiesce::{FrameCheck, Patience, Zone, Zones, quiesce};
use super::record::{Record, Stage};
use super::release::{has_run, release};
use super::survey::Survey;
use super::target::{Target, TargetError};
use super::{fault, hooks, repair};
use crate::addr::Va;
use crate::finding::Finding;
use crate::payload::names::Hook;

/// Takes out a patch and those beneath it that go with it, the patch first, in one freeze;
/// `survey` says which patches are there.
/// `None` where they are gone, otherwise what stopped it; then nothing was changed.
pub(super) fn remove<T: Target>(
    target: &T,
    (survey, records): (&Survey, &mut [Record]),
    (options, patience): (&Options<'_>, &Patience<'_>),
    summary: &mut Summary,
) -> Result<Option<Outcome>, ApplyError> {
    let [top, ..] = &*records else {
        return Ok(None);
    };
    // What was never switched on, or is half taken out already, is not asked.
    let asked = top.is_active(target)?;
    if asked && let Some(veto) = hooks::run(target, top, Hook::BeforeRevert)? {
        summary.findings.push(veto);
        return Ok(Some(Outcome::Refused));
    }
    let may_stay = |z: &Zone| options.on_stack.contains(&z.function);
    let zones = records.iter().flat_map(payload_zones);
    let zones = zones.filter(|z| !may_stay(z));
    let zones = Zones::new(zones.chain(records.iter().flat_map(relays)).collect());
    let known: Vec<&Record> = survey.patches.iter().map(|p| &p.record).collect();
    let check = FrameCheck::new(CodeMap::of(target, &known)?);
    let armed = top.at;
    let ran = records.iter().filter(|r| has_run(r)).map(|r| r.at);
    let ran: Vec<Va> = ran.collect();
    target.arm(armed, patience.limit())?;
    fault::point("reverting");
    let effort = &mut summary.effort;
    let quiet = quiesce(target, armed, &zones, &check, patience, effort);
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
    let restored = restore(target, records);
    if restored.is_err() {
        // Not half a patch, and no page that can't run. What can't be done now either is
        // left for the next operation.
        for record in records.iter() {
            let _ = repair::repair(target, record.at);
        }
    }
    let active = || records[0].is_active(target).unwrap_or(true);
    let switched = restored.is_ok() || (asked && !active());
    let thawed = frozen.thaw();
    target.disarm();
    if !switched {
        restored?;
        return Ok(None);
    }
    // Old code runs from here on, whatever comes of the rest.
    let whole = summary.afterwards(restored).is_some();
    let thawed = summary.afterwards(thawed);
    summary.effort.frozen = thawed.unwrap_or_default();
    fault::point("reverted-thawed");
    if !whole || thawed.is_none() {
        // What is left is cleared away by the next operation.
        return Ok(None);
    }
    let mut noted = records.iter_mut().filter(|r| has_run(r));
    let noted = noted.try_for_each(|r| r.set_stage(target, Stage::Restored));
    if summary.afterwards(noted).is_none() {
        return Ok(None);
    }
    fault::point("restored");
    if asked {
        let followed = hooks::run(target, &records[0], Hook::AfterRevert);
        let followed = summary.afterwards(followed);
        summary.findings.extend(followed.flatten());
    }
    let given = (survey, records, ran.as_slice());
    let kept = summary.afterwards(release(target, given, &check, &patience.unasked()));
    summary.findings.extend(kept.unwrap_or_default());
    Ok(None)
}

/// Gives memory back that had to stay when its patch was taken out, if nothing points into it
/// any more; otherwise says why not. Nothing leads there, so no entry is looked at.
pub(super) fn free_kept<T: Target>(
    target: &T,
    (survey, record): (&Survey, Record),
    patience: &Patience<'_>,
) -> Result<Vec<Finding>, TargetError> {
    let known: Vec<&Record> = survey.patches.iter().map(|p| &p.record).collect();
    let check = FrameCheck::new(CodeMap::of(target, &known)?);
    let ran = [record.at];
    let patience = patience.once_more();
    release(target, (survey, &mut [record], &ran), &check, &patience)
}

/// The relays of a patch: a thread that has just taken the short jump at an entry stands on
/// one, and what is put back there is padding. No call returns to it.
fn relays(record: &Record) -> impl Iterator<Item = Zone> {
    let relays = record.body.relays.iter();
    relays.map(|site| Zone {
        start: site.at.0,
        end: site.end().0,
        function: record.body.name_of(site).to_owned(),
        start_counts: false,
        end_counts: false,
    })
}

/// The frozen window: the one byte, then the entries.
///
/// While the patch on top is switched on, the bytes of those beneath it decide nothing.
/// They go first, so that the byte of the one on top switches back to the code of the file.
fn restore<T: Target>(target: &T, records: &mut [Record]) -> Result<(), ApplyError> {
    let Some((top, lower)) = records.split_first_mut() else {
        return Ok(());
    };
    // Before its entries were written, or after that was undone, nothing leads to it. Of what
    // has never run, the record goes on saying so: should hotpatch die here, its memory is
    // still held by nothing.
    if lower.is_empty() && matches!(top.header.stage, Stage::Placed | Stage::Restored) {
        return Ok(());
    }
    // Whatever other software changed since the survey must not be half undone.
    let found = entries::observe(target, &top.body)?;
    let foreign = |b: &EntryBytes| matches!(b, EntryBytes::Foreign(_));
    let changed = top.body.sites().zip(&found);
    if let Some((site, _)) = changed.into_iter().find(|(_, b)| foreign(b)) {
        return Err(WriteError::Changed(top.body.name_of(site).to_owned()).into());
    }
    for record in &*lower {
        record.set_active(target, false)?;
    }
    fault::point("lower-inactive");
    // From here on a repair finishes what was begun.
    top.set_stage(target, Stage::Reverting)?;
    top.set_active(target, false)?;
    fault::point("inactive");
    entries::write(target, &top.body, Wanted::Original)?;
    fault::point("entries-restored");
    entries::restore_protection(target, &top.body)?;
    top.set_stage(target, Stage::Restored)?;
    for record in lower {
        record.set_stage(target, Stage::Reverting)?;
        entries::write(target, &record.body, Wanted::Original)?;
        entries::restore_protection(target, &record.body)?;
        fault::point("lower-restored");
    }
    Ok(())
}
