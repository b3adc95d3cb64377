//! Memory that was kept of the very same package, used once more.
//!
//! What had to stay when a patch was taken out may have to stay for good. Were it not used
//! again, each time that the package is applied and taken out could leave as much. It is used
//! only where it is, byte for byte, what would be written elsewhere now: record, code,
//! constants, and variables with their first values. Nothing has to be written then but the
//! stage, and whoever holds an address in it runs what the package is: should that be called
//! between the comparison and the switch, variables have the values that this leaves. A thread
//! that is inside of it would stand in the way of the next revert, as it does not where it is
//! now.

use crate::addr::Va;
use crate::apply::blueprint::{Context, bind};
use crate::apply::held::HeldCheck;
use crate::apply::link::{Externals, Layout, Linked, Pages};
use crate::apply::outcome::ApplyError;
use crate::apply::payload_zones::payload_zones;
use crate::apply::quiesce::unwind::CodeMap;
use crate::apply::quiesce::{Effort, FrameCheck, Patience, Zones, quiesce};
use crate::apply::record::{Body, Record, Registration, Stage};
use crate::apply::survey::{Installed, State, Survey};
use crate::apply::target::{Target, TargetError};
use crate::apply::{imports, preflight};
use crate::package::Package;

/// Memory among what was kept that is what [`place`](super::placing::place) would write. Its
/// stage stays as it is, so that it is what it was should hotpatch die.
pub(super) fn find<T: Target>(
    target: &T,
    package: &Package,
    context: Context<'_>,
    (survey, kept): (&Survey, &[Installed]),
    patience: &Patience<'_>,
) -> Result<Option<Record>, ApplyError> {
    let layout = preflight::layout(package)?;
    let sha256 = package.sha256_hex();
    for Installed { record, state, .. } in kept {
        let header = &record.header;
        let fits = *state == State::Kept
            && header.stage == Stage::Restored
            && header.region_size == layout.size()
            && !header.frozen
            && record.body.package_sha256 == sha256;
        // Of a table that is not there exceptions would know nothing, and one that is there
        // twice would outlive the memory.
        let known = header.registered == Registration::Yes || record.body.function_table.is_none();
        if fits
            && known
            // Before anything is called there, and after all has been compared.
            && is_left(target, survey, record, patience)?
            && is_same(target, package, context, &layout, record)?
            && is_left(target, survey, record, patience)?
        {
            return Ok(Some(record.clone()));
        }
    }
    Ok(None)
}

/// Whether there is a moment in which no thread is inside of a payload, nor one of hotpatch's
/// own that was to call something there and has not begun: it would do so with what the next
/// call is given.
fn is_left<T: Target>(
    target: &T,
    survey: &Survey,
    record: &Record,
    patience: &Patience<'_>,
) -> Result<bool, TargetError> {
    let known: Vec<&Record> = survey.patches.iter().map(|p| &p.record).collect();
    let frames = FrameCheck::new(CodeMap::of(target, &known)?);
    let calls = record.body.call.into_iter().collect();
    let check = HeldCheck::new(target, &[], calls, &frames)?;
    let zones = Zones::new(payload_zones(record));
    let patience = patience.once_more();
    target.arm(record.at, patience.limit())?;
    let mut effort = Effort::default();
    let quiet = quiesce(target, record.at, &zones, &check, &patience, &mut effort);
    let quiet = quiet.is_ok_and(|frozen| frozen.thaw().is_ok());
    target.disarm();
    Ok(quiet)
}

/// Whether a record and its payload are what would be written. Of the code it is known before
/// anything of it is called.
fn is_same<T: Target>(
    target: &T,
    package: &Package,
    context: Context<'_>,
    layout: &Layout<'_>,
    record: &Record,
) -> Result<bool, ApplyError> {
    let mut externals = preflight::externals(package, context.kept);
    let bound = |externals: &Externals<'_>| -> Result<(Linked, Body), ApplyError> {
        bind(target, package, context, layout, (record.at, externals))
    };
    // It may be out of reach by now of what it refers to.
    let Ok((linked, body)) = bound(&externals) else {
        return Ok(false);
    };
    let executable = |p: &&Pages| p.protection.executable();
    if body != record.body || !are_there(target, linked.pages.iter().filter(executable))? {
        return Ok(false);
    }
    let wanted = &package.manifest.imports;
    if wanted.is_empty() {
        return Ok(are_there(target, &linked.pages)?);
    }
    let scratch = record.at.0 + layout.record_size() - preflight::scratch(package);
    externals.imports = imports::resolve(target, record, Va(scratch), wanted)?;
    let (linked, _) = bound(&externals)?;
    Ok(are_there(target, &linked.pages)?)
}

/// Whether pages hold these bytes, and are sealed as they should be.
fn are_there<'p, T: Target>(
    target: &T,
    pages: impl IntoIterator<Item = &'p Pages>,
) -> Result<bool, TargetError> {
    for pages in pages {
        let end = Va(pages.at.0 + pages.bytes.len() as u64);
        let mut sealed = true;
        target.each_region(pages.at, end, &mut |region| {
            sealed &= region.protection == pages.protection;
            sealed
        })?;
        if !sealed || target.read_vec(pages.at, pages.bytes.len())? != pages.bytes {
            return Ok(false);
        }
    }
    Ok(true)
}
