//! Finds a quiet moment, redirects the entries, and writes the one byte.

use super::pointers::{self, PointerCheck};
use crate::addr::Va;
use crate::apply::entries::{self, EntryBytes, Wanted, WriteError};
use crate::apply::outcome::{ApplyError, Outcome, Summary};
use crate::apply::payload_zones::payload_zones;
use crate::apply::quiesce::unwind::CodeMap;
use crate::apply::quiesce::{FrameCheck, Frozen, Patience, Zone, Zones, code, quiesce};
use crate::apply::record::{HookAt, Record, Site, Stage};
use crate::apply::release::release;
use crate::apply::survey::Survey;
use crate::apply::target::Target;
use crate::apply::{fault, hooks, remote};
use crate::finding::Finding;
use crate::package::Package;
use crate::payload::names::{Hook, REDIRECT_LEN};

/// What has to be done in the running target before it is frozen.
pub(super) fn prepare<T: Target>(
    target: &T,
    record: &mut Record,
    patience: &Patience<'_>,
) -> Result<(), ApplyError> {
    remote::register(target, record)?;
    fault::point("registered");
    target.arm(record.at, patience.limit())?;
    fault::point("armed");
    Ok(())
}

/// Finds a quiet moment and switches. `survey` says which other patches are there.
pub(super) fn switch<T: Target>(
    target: &T,
    (package, survey): (&Package, &Survey),
    record: &mut Record,
    patience: &Patience<'_>,
    summary: &mut Summary,
) -> Result<Outcome, ApplyError> {
    if let Some(veto) = hooks::run(target, record, Hook::BeforeApply)? {
        summary.findings.push(veto);
        return Ok(Outcome::Refused);
    }
    fault::point("consented");
    let may_stay = |name: &String| record.body.on_stack.contains(name);
    let beneath = survey.beneath(record);
    let mut zones = zones(target, package, record);
    // Nobody runs padding.
    let fresh = record.body.relays.iter().filter(|site| {
        let mut lower = beneath.iter().flat_map(|p| p.record.body.sites());
        !lower.any(|below| below.at == site.at)
    });
    zones.extend(fresh.map(|site| overwritten(record, site, true)));
    for lower in beneath {
        let lower = payload_zones(&lower.record);
        zones.extend(lower.into_iter().filter(|z| !may_stay(&z.function)));
    }
    let zones = Zones::new(zones);
    let others = survey.patches.iter().map(|p| &p.record);
    let records: Vec<&Record> = others.chain([&*record]).collect();
    let check = PointerCheck {
        frames: FrameCheck::new(CodeMap::of(target, &records)?),
        starts: pointers::starts(package, record),
    };
    record.set_stage(target, Stage::Installing)?;
    let quiet = quiesce(
        target,
        record.at,
        &zones,
        &check,
        patience,
        &mut summary.effort,
    );
    let frozen = match quiet {
        Ok(frozen) => frozen,
        Err(unquiet) => return summary.unquiet(unquiet),
    };
    if patience.is_interrupted() {
        frozen.thaw()?;
        return Ok(Outcome::Interrupted);
    }
    let spent = || patience.is_spent(frozen.elapsed());
    match activate(target, record, &spent) {
        Ok(true) => {
            // New code is what it runs when it runs, whatever comes of the rest.
            let elapsed = frozen.elapsed();
            let thawed = summary.afterwards(frozen.thaw());
            summary.effort.frozen = thawed.unwrap_or(elapsed);
            Ok(Outcome::Applied)
        }
        Ok(false) => {
            summary.effort.frozen = frozen.elapsed();
            withdraw(target, record, frozen)?;
            summary.too_long();
            Ok(Outcome::Busy)
        }
        Err(error) => Err(match withdraw(target, record, frozen) {
            Ok(()) => error,
            Err(left) => ApplyError::NotUndone {
                failed: Box::new(error),
                left: Box::new(left),
            },
        }),
    }
}

/// The old code, of which no thread may be inside.
fn zones<T: Target>(target: &T, package: &Package, record: &Record) -> Vec<Zone> {
    /// Behind so many bytes a redirect is in no call at the end.
    const WHOLE: u32 = REDIRECT_LEN + code::LONGEST_CALL as u32;
    let base = record.body.module.base;
    let mut zones = Vec::new();
    for function in &package.manifest.functions {
        if record.body.on_stack.contains(&function.name) {
            continue;
        }
        for range in function.ranges.iter().filter(|r| !function.is_relay(r)) {
            let start = range.rva.at(base).0;
            let end = start + u64::from(range.size);
            // What a patch beneath has put at a short function's entry says nothing of its end.
            let is_whole = record.body.over.is_empty() || range.size >= WHOLE;
            zones.push(Zone {
                start,
                end,
                function: function.name.clone(),
                start_counts: range.rva != function.entry,
                end_counts: !is_whole || code::may_return_to(target, Va(end)),
            });
        }
    }
    // Whoever is called anew there runs it as it was.
    let watched = package.manifest.watched.iter();
    zones.extend(watched.map(|old| {
        let start = old.rva.at(base).0;
        let end = start + u64::from(old.size);
        Zone {
            start,
            end,
            function: old.name.clone(),
            start_counts: false,
            end_counts: code::may_return_to(target, Va(end)),
        }
    }));
    // Whatever may go on: no thread may stand in the middle of what is overwritten.
    let sites = record.body.sites();
    zones.extend(sites.map(|site| overwritten(record, site, false)));
    zones
}

/// Bytes that are overwritten, the first of them or not.
fn overwritten(record: &Record, site: &Site, first: bool) -> Zone {
    Zone {
        start: site.at.0 + u64::from(!first),
        end: site.end().0,
        function: record.body.name_of(site).to_owned(),
        start_counts: true,
        end_counts: false,
    }
}

/// The frozen window: redirects, then the one byte. `false` where the time for it is spent;
/// then the byte isn't written.
fn activate<T: Target>(
    target: &T,
    record: &Record,
    spent: &dyn Fn() -> bool,
) -> Result<bool, ApplyError> {
    entries::write(target, &record.body, Wanted::Redirect)?;
    fault::point("redirected");
    if spent() {
        return Ok(false);
    }
    record.set_active(target, true)?;
    fault::point("active");
    Ok(true)
}

/// Undoes a switch that failed half-way, then lets the target run. All of it is tried.
///
/// # Errors
/// The first thing that failed.
fn withdraw<T: Target>(
    target: &T,
    record: &Record,
    frozen: Frozen<'_, T>,
) -> Result<(), ApplyError> {
    let inactive = record.set_active(target, false);
    let back = entries::put_back(target, &record.body);
    let protected = entries::restore_protection(target, &record.body);
    let thawed = frozen.thaw();
    Ok(inactive.and(back).and(protected).and(thawed.map(drop))?)
}

/// Makes sure that no entry leads to a gate: where one does, the gate has to stay.
pub(super) fn not_led<T: Target>(target: &T, record: &Record) -> Result<(), ApplyError> {
    let found = entries::observe(target, &record.body)?;
    let mut sites = record.body.sites().zip(&found);
    match sites.find(|(_, found)| **found == EntryBytes::Redirect) {
        Some((site, _)) => Err(WriteError::Changed(record.body.name_of(site).to_owned()).into()),
        None => Ok(()),
    }
}

/// Takes away what [`place`] and [`prepare`] did; findings say what stays. Entries must be as
/// they were. `survey` says which other patches are there.
pub(super) fn dismantle<T: Target>(
    target: &T,
    (survey, record): (&Survey, &mut Record),
    patience: &Patience<'_>,
) -> Result<Vec<Finding>, ApplyError> {
    not_led(target, record)?;
    // The patch's own code has run where it has a hook, and may have told who knows what.
    let hook = |h: &HookAt| h.hook == Hook::BeforeApply;
    if record.body.hooks.iter().any(hook) {
        record.set_stage(target, Stage::Restored)?;
        let others = survey.patches.iter().map(|p| &p.record);
        let known: Vec<&Record> = others.chain([&*record]).collect();
        let frames = FrameCheck::new(CodeMap::of(target, &known)?);
        let ran = [record.at];
        let released = (survey, std::slice::from_mut(record), ran.as_slice());
        return Ok(release(target, released, &frames, patience)?);
    }
    remote::unregister(target, record)?;
    target.free(record.at)?;
    Ok(Vec::new())
}
