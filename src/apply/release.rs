//! Gives the memory of patches back that are taken out, as soon as nothing can use it.
//!
//! No entry leads there any more. What can still do so: a thread that is on its way, a word
//! on a stack or in a register that is the address of a function or datum of the payload,
//! and any address in it anywhere in the program's own memory: a coroutine that waits on a
//! stack of its own is nothing else. The last is looked for while the target runs.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::link::PAGE;
use super::payload_zones::payload_zones;
use super::quiesce::{
    Blocker, Effort, FrameCheck, Patience, Seen, StackCheck, WordScan, Zone, Zones, quiesce,
};
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
/// which stood on it, `survey` being all patches that are there. `ran`: see [`has_run`].
pub(super) fn release<T: Target>(
    target: &T,
    (survey, records, ran): (&Survey, &mut [Record], bool),
    frames: &FrameCheck<'_, T>,
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
    let mut check = HeldCheck {
        frames,
        held: Zones::new(records.iter().flat_map(held).collect()),
        functions: Vec::new(),
        of_system: Vec::new(),
    };
    for record in &*records {
        let functions = functions(target, record)?;
        check.of_system.extend(of_system(record, &functions));
        check.functions.extend(functions);
    }
    check.functions.sort_unstable();
    let patience = Patience {
        deadline: patience.deadline.min(Instant::now() + WAIT),
        ..*patience
    };
    let mut effort = Effort::default();
    target.arm(armed)?;
    // What has never run has told nobody where it is: such words are what others left that
    // were there before.
    let stacks: &dyn StackCheck<T> = if ran { &check } else { frames };
    let looked = quiesce(target, armed, &zones, stacks, &patience, &mut effort);
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
    let ranges = records.iter().map(|r| (r.at.0, r.end().0));
    // Live stacks have been looked at; below them is what calls left that have returned.
    let stacks = effort
        .seen
        .iter()
        .map(|t| (t.stack_limit.0, t.stack_base.0));
    let without: Vec<(u64, u64)> = ranges.clone().chain(stacks).collect();
    let low = ranges.clone().map(|r| r.0).min().unwrap_or(0);
    let high = ranges.map(|r| r.1).max().unwrap_or(0);
    let blocks = blocks(target, &effort.seen)?;
    let counts = |region: &Region, word: u64| match blocks.contains(&region.allocation) {
        true => check.is_address(&zones, word).is_some(),
        false => check.leads_inside(&zones, word),
    };
    let found = match ran {
        true => pointers::find(target, (low, high), counts, &without)?,
        false => pointers::Pointers::default(),
    };
    if let Some((at, word)) = found.first {
        let why = format!(
            "{} words of the program's memory point into it, the first at {at} to {word}.",
            found.count
        );
        return kept(records, &why);
    }
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

/// Constants and variables of a payload: the address of any byte of them can be in use. Not
/// the record and the unwind table, which only hotpatch and the system know.
fn held(record: &Record) -> Vec<Zone> {
    let name = format!("(data of {})", record.body.id);
    let mut code: Vec<(u64, u64)> = record
        .body
        .code
        .iter()
        .map(|c| (c.at.0, c.at.0.saturating_add(c.size)))
        .collect();
    let known = record.body.function_table.iter();
    code.extend(known.map(|t| (t.at.0, t.at.0 + 12 * u64::from(t.entries))));
    code.sort_unstable();
    // The record comes first, and then the code.
    let mut at = code.first().map_or(record.end().0, |c| c.0);
    code.push((record.end().0, record.end().0));
    let mut zones = Vec::new();
    for (start, end) in code {
        zones.push(Zone {
            start: at,
            end: start,
            function: name.clone(),
            start_counts: true,
            end_counts: false,
        });
        at = end;
    }
    zones
}

/// The frames of a thread, and the words that may be addresses of functions or data.
struct HeldCheck<'f, 'c, T: Target + ?Sized> {
    frames: &'f FrameCheck<'c, T>,
    held: Zones,
    /// First byte and first byte after of the functions with unwind information, ascending.
    functions: Vec<(u64, u64)>,
    /// First and last address of what only hotpatch and the system know.
    of_system: Vec<(u64, u64)>,
}

/// Functions of a payload start at multiples of this.
const FUNCTION_ALIGN: u64 = 16;

/// The functions in the unwind table of a payload: what is the start of none of them and
/// inside of one is at most a return address.
fn functions<T: Target + ?Sized>(
    target: &T,
    record: &Record,
) -> Result<Vec<(u64, u64)>, TargetError> {
    let Some(table) = record.body.function_table else {
        return Ok(Vec::new());
    };
    let bytes = target.read_vec(table.at, 12 * table.entries as usize)?;
    let (entries, _) = bytes.as_chunks::<12>();
    let functions = entries.iter().map(|e| {
        let word = |at: usize| u32::from_le_bytes([e[at], e[at + 1], e[at + 2], e[at + 3]]);
        let at = |at: usize| record.at.0 + u64::from(word(at));
        (at(0), at(4))
    });
    Ok(functions.collect())
}

/// Addresses in the code of a payload that only hotpatch and the system know, first and last:
/// of the routine through which hotpatch itself calls, which leaves them on the stacks of its
/// threads; and the end of the unwind table (see the order of sections in
/// [`Layout`](super::link::Layout)).
fn of_system(record: &Record, functions: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let call = record.body.call.map(|at| {
        let routine = functions.iter().find(|(start, _)| *start == at.0);
        (at.0, routine.map_or(at.0, |(_, end)| *end))
    });
    let end = functions.iter().map(|(_, end)| (*end, *end)).max();
    call.into_iter().chain(end).collect()
}

impl<T: Target + ?Sized> HeldCheck<'_, '_, T> {
    /// The zone in which a word is the address of a function or of data.
    fn is_address<'z>(&'z self, code: &'z Zones, word: u64) -> Option<&'z Zone> {
        let function = code.executing(word).filter(|_| self.is_function(word));
        function.or_else(|| self.held.executing(word))
    }

    /// Whether a word is any address in code or data.
    fn leads_inside(&self, code: &Zones, word: u64) -> bool {
        let inside = code.returning(word).or_else(|| self.held.executing(word));
        inside.is_some() && !self.is_of_system(word)
    }

    fn is_of_system(&self, word: u64) -> bool {
        let mut ranges = self.of_system.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&word))
    }

    /// Whether an address in the code of a payload may be that of a function.
    fn is_function(&self, address: u64) -> bool {
        if self.is_of_system(address) {
            return false;
        }
        let after = self
            .functions
            .partition_point(|(start, _)| *start <= address);
        match after.checked_sub(1).map(|i| self.functions[i]) {
            Some((start, end)) if address < end => address == start,
            _ => address.is_multiple_of(FUNCTION_ALIGN),
        }
    }
}

impl<T: Target + ?Sized> StackCheck<T> for HeldCheck<'_, '_, T> {
    fn check(
        &self,
        target: &T,
        thread: &Thread,
        zones: &Zones,
    ) -> Result<Vec<Blocker>, TargetError> {
        let mut found = self.frames.check(target, thread, zones)?;
        let (_, stack) = WordScan::scan(target, thread, zones);
        let (words, _) = stack.as_chunks::<8>();
        let words = words.iter().map(|w| u64::from_le_bytes(*w));
        for word in words.chain(thread.registers.integer) {
            if let Some(zone) = self.is_address(zones, word) {
                found.push(Blocker {
                    thread: thread.id,
                    function: zone.function.clone(),
                    seen: Seen::Stack,
                });
            }
        }
        Ok(found)
    }
}
