//! Gives the memory of patches back that are taken out, as soon as nothing can use it.
//!
//! No entry leads there any more. What can still do so: a thread that is on its way, a word
//! on a stack or in a register that is the address of a function or datum of the payload,
//! and any address in it anywhere in the program's own memory: a coroutine that waits on a
//! stack of its own is nothing else. The last is looked for while the target runs.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::held::HeldCheck;
use super::link::PAGE;
use super::payload_zones::payload_zones;
use super::quiesce::{Effort, FrameCheck, Patience, Zones, quiesce};
use super::record::{Record, Stage};
use super::survey::Survey;
use super::target::{Region, Target, TargetError, Thread};
use super::{fault, pointers, remote};
use crate::addr::Va;
use crate::finding::Finding;
use crate::finding::rules::target as rules;

/// Longest wait for threads that are on their way.
const WAIT: Duration = Duration::from_secs(2);

/// Gives the memory back, if the target lets it; otherwise says why not. All of it or none:
/// what stays may refer to the rest. For the same reason it stays as long as that of a patch
/// which stood on it, `survey` being all patches that are there.
///
/// What has not `ran` ([`has_run`]) has told nobody where it is: words that point there are
/// what others left that were there before. `threads` are those that were seen in the last
/// freeze, when none was inside.
///
/// Until it is certain that the memory goes, the unwind table stays: what is kept may run.
pub(super) fn release<T: Target>(
    target: &T,
    (survey, records, ran): (&Survey, &mut [Record], &[Va]),
    (frames, threads): (&FrameCheck<'_, T>, &[Thread]),
    patience: &Patience<'_>,
) -> Result<Vec<Finding>, TargetError> {
    let kept = |records: &[Record], why: &str| {
        let findings = records.iter().map(|r| not_freed(r, why));
        Ok(findings.collect())
    };
    let Some(armed) = records.first().map(|r| r.at) else {
        return Ok(Vec::new());
    };
    let others = survey.patches.iter().map(|p| &p.record);
    let mut others = others.filter(|other| records.iter().all(|r| r.at != other.at));
    let refers = |other: &&Record| records.iter().any(|r| other.body.over.contains(&r.at));
    if let Some(above) = others.find(refers) {
        let why = format!(
            "What is left of {} at {} may use it.",
            above.body.id, above.at
        );
        return kept(records, &why);
    }
    let zones = Zones::new(records.iter().flat_map(payload_zones).collect());
    let told: Vec<&Record> = records.iter().filter(|r| ran.contains(&r.at)).collect();
    let spans: Vec<(u64, u64)> = records.iter().map(|r| (r.at.0, r.end().0)).collect();
    let calls = records.iter().filter_map(|r| r.body.call).collect();
    let check = HeldCheck::new(target, &told, calls, frames)?;
    if !told.is_empty() {
        let mut found = pointers_into(target, &check, &spans, threads)?;
        // Of the thread that ended last, a system may keep the stack until another one ends.
        if found.first.is_some() && told.iter().any(|r| remote::end_a_thread(target, r).is_ok()) {
            found = pointers_into(target, &check, &spans, threads)?;
        }
        if let Some((at, word)) = found.first {
            let why = format!(
                "{} words of the program's memory point into it, the first at {at} to {word}.",
                found.count
            );
            return kept(records, &why);
        }
    }
    // After that look: what was taken from there to be called is on a stack now.
    let patience = Patience {
        deadline: patience.deadline.min(Instant::now() + WAIT),
        ..*patience
    };
    let mut effort = Effort::default();
    target.arm(armed)?;
    let looked = quiesce(target, armed, &zones, &check, &patience, &mut effort);
    // Nothing in a target that stands still can be called.
    let quiet = looked.is_ok_and(|frozen| frozen.thaw().is_ok());
    target.disarm();
    if !quiet {
        return kept(records, "A thread is inside it, or holds an address in it.");
    }
    for record in &mut *records {
        if remote::unregister(target, record).is_err() {
            return kept(records, "Its unwind table could not be taken out.");
        }
    }
    fault::point("unregistered");
    // The one on top goes first: no record may speak of one that is not there any more.
    for (n, record) in records.iter().enumerate() {
        if target.free(record.at).is_err() {
            return kept(&records[n..], "The system did not free it.");
        }
        fault::point("freed");
    }
    Ok(Vec::new())
}

/// Whether code of a payload has run, other than the routine through which hotpatch calls:
/// no entry leads there before the unwind table is registered, and no hook runs.
pub(super) fn has_run(record: &Record) -> bool {
    record.header.registered || record.header.stage != Stage::Placed
}

/// Words of the program's memory that say that payloads are in use. The payloads themselves,
/// first byte and first byte after, don't count; nor do the stacks of threads: these are
/// looked at while they stand still, and below them is what calls left that have returned.
fn pointers_into<T: Target>(
    target: &T,
    check: &HeldCheck<'_, '_, T>,
    payloads: &[(u64, u64)],
    threads: &[Thread],
) -> Result<pointers::Pointers, TargetError> {
    let stacks = threads.iter().map(|t| (t.stack_limit.0, t.stack_base.0));
    let without: Vec<(u64, u64)> = payloads.iter().copied().chain(stacks).collect();
    let low = payloads.iter().map(|r| r.0).min().unwrap_or(0);
    let high = payloads.iter().map(|r| r.1).max().unwrap_or(0);
    let blocks = blocks(target, threads)?;
    let counts = |region: &Region, word: u64| match blocks.contains(&region.allocation) {
        true => check.is_held_by(word),
        false => check.leads_inside(word),
    };
    pointers::find(target, (low, high), counts, &without)
}

/// The allocations that hold the environment blocks of threads. The system keeps registers of
/// threads there that have been interrupted, and old ones among them.
fn blocks<T: Target>(target: &T, threads: &[Thread]) -> Result<HashSet<Va>, TargetError> {
    let regions = threads.iter().map(|t| target.region(t.block));
    let allocations = regions.map(|r| Ok(r?.map(|r| r.allocation)));
    allocations.filter_map(Result::transpose).collect()
}

/// A finding that says what stays, and why.
pub(super) fn not_freed(record: &Record, why: &str) -> Finding {
    let size = record.header.region_size.next_multiple_of(PAGE);
    Finding::about(
        &rules::NOT_FREED,
        &record.body.id,
        format!("{size:#x} bytes at {}. {why}", record.at),
    )
}
