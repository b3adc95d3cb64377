//! Gives the memory of patches back that are taken out, as soon as nothing can use it.
//!
//! No entry leads there any more. What can still do so: a thread that is on its way, a word
//! on a stack or in a register that is the address of a function or datum of the payload,
//! and any address in it anywhere in the program's own memory: a coroutine that waits on a
//! stack of its own is nothing else. The last is looked for while the target runs.

use std::time::Duration;

use super::held::HeldCheck;
use super::link::PAGE;
use super::payload_zones::payload_zones;
use super::pointers::{self, Pointer};
use super::quiesce::{Effort, FrameCheck, Patience, Zones, quiesce};
use super::record::{Record, Registration, Stage};
use super::survey::Survey;
use super::target::{Target, TargetError, Thread};
use super::{fault, remote};
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
/// what others left that were there before.
///
/// All threads are looked at, then everything that the program can write while it runs, then
/// all threads again: an address that is on its way from one place to the other is seen in one
/// of them. Not one that moves within the memory, from what has not been looked at to what
/// has; and none that is kept in another form. Until it is certain that the memory goes, the
/// unwind table stays: what is kept may run.
pub(super) fn release<T: Target>(
    target: &T,
    (survey, records, ran): (&Survey, &mut [Record], &[Va]),
    frames: &FrameCheck<'_, T>,
    patience: &Patience<'_>,
) -> Result<Vec<Finding>, TargetError> {
    let kept = |records: &[Record], why: &str| {
        let findings = records.iter().map(|r| not_freed(r, why));
        Ok(findings.collect())
    };
    if records.is_empty() {
        return Ok(Vec::new());
    }
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
    let told: Vec<&Record> = records.iter().filter(|r| ran.contains(&r.at)).collect();
    let calls = records.iter().filter_map(|r| r.body.call).collect();
    let check = HeldCheck::new(target, &told, calls, frames)?;
    let patience = patience.at_most(WAIT);
    const BUSY: &str = "A thread is inside it, or holds an address in it.";
    let Some(before) = look(target, records, &check, &patience)? else {
        return kept(records, BUSY);
    };
    if !told.is_empty() {
        let mut found = pointers_into(target, &check, records)?;
        let holders = Holders::of(target, &check, before)?;
        // Of the thread that ended last, a system may keep the stack until another one ends.
        if holders.first(&found).is_some()
            && told.iter().any(|r| remote::end_a_thread(target, r).is_ok())
        {
            found = pointers_into(target, &check, records)?;
        }
        // Those of stacks among them don't count, and what lies beyond was not looked at.
        if found.len() >= pointers::MOST {
            return kept(
                records,
                "Too many words of the program's memory point into it.",
            );
        }
        let Some(after) = look(target, records, &check, &patience)? else {
            return kept(records, BUSY);
        };
        let holders = holders.still(&after);
        if let Some(first) = holders.first(&found) {
            let why = format!(
                "{} words of the program's memory point into it, the first at {} to {}.",
                holders.count(&found),
                first.at,
                first.to
            );
            return kept(records, &why);
        }
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

/// Looks at all threads; returns them where none is inside of the payloads or holds an address
/// in them.
fn look<T: Target>(
    target: &T,
    records: &[Record],
    check: &HeldCheck<'_, '_, T>,
    patience: &Patience<'_>,
) -> Result<Option<Vec<Thread>>, TargetError> {
    let armed = records[0].at;
    let zones = Zones::new(records.iter().flat_map(payload_zones).collect());
    let mut effort = Effort::default();
    target.arm(armed, patience.limit())?;
    let looked = quiesce(target, armed, &zones, check, patience, &mut effort);
    // Nothing in a target that stands still can be called.
    let quiet = looked.is_ok_and(|frozen| frozen.thaw().is_ok());
    target.disarm();
    Ok(quiet.then_some(effort.seen))
}

/// Whether code of a payload has run, other than the routine through which hotpatch calls:
/// no entry leads there before the unwind table is registered, and no hook runs.
pub(super) fn has_run(record: &Record) -> bool {
    record.header.registered != Registration::No || record.header.stage != Stage::Placed
}

/// Words of the program's memory that may say that payloads are in use. The payloads
/// themselves don't count.
fn pointers_into<T: Target>(
    target: &T,
    check: &HeldCheck<'_, '_, T>,
    records: &[Record],
) -> Result<Vec<Pointer>, TargetError> {
    let spans: Vec<(u64, u64)> = records.iter().map(|r| (r.at.0, r.end().0)).collect();
    let low = spans.iter().map(|s| s.0).min().unwrap_or(0);
    let high = spans.iter().map(|s| s.1).max().unwrap_or(0);
    pointers::find(target, (low, high), |word| check.leads_inside(word), &spans)
}

/// Which words are those of threads. Their stacks are looked at while they stand still, and
/// below is what calls left that have returned; beside their environment blocks the system
/// keeps registers of threads that have been interrupted, and old ones among them.
struct Holders<'a, 'f, 'c, T: Target> {
    check: &'a HeldCheck<'f, 'c, T>,
    /// Each with the allocation that holds its environment block.
    threads: Vec<(Thread, Option<Va>)>,
}

impl<'a, 'f, 'c, T: Target> Holders<'a, 'f, 'c, T> {
    fn of(
        target: &T,
        check: &'a HeldCheck<'f, 'c, T>,
        threads: Vec<Thread>,
    ) -> Result<Self, TargetError> {
        let with_block = |t: Thread| {
            let region = target.region(t.block)?;
            Ok((t, region.map(|r| r.allocation)))
        };
        let threads = threads.into_iter().map(with_block);
        let threads = threads.collect::<Result<_, TargetError>>()?;
        Ok(Holders { check, threads })
    }

    /// Those that are among `threads`: of one that has ended the stack is memory like any.
    fn still(mut self, threads: &[Thread]) -> Self {
        let same = |a: &Thread, b: &Thread| a.id == b.id && a.stack_base == b.stack_base;
        self.threads
            .retain(|(t, _)| threads.iter().any(|other| same(t, other)));
        self
    }

    /// Whether a word says that a payload is in use.
    fn counts(&self, pointer: &Pointer) -> bool {
        let on_stack = |t: &Thread| (t.stack_limit..t.stack_base).contains(&pointer.at);
        let mut threads = self.threads.iter();
        if threads.clone().any(|(t, _)| on_stack(t)) {
            return false;
        }
        let beside = threads.any(|(_, block)| *block == Some(pointer.allocation));
        !beside || self.check.is_held_by(pointer.to.0)
    }

    fn first<'p>(&self, found: &'p [Pointer]) -> Option<&'p Pointer> {
        found.iter().find(|p| self.counts(p))
    }

    fn count(&self, found: &[Pointer]) -> usize {
        found.iter().filter(|p| self.counts(p)).count()
    }
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
