//! Which words of a target say that a payload is still in use.
//!
//! On a stack or in a register: the address of a function or of any datum. In the rest of the
//! program's memory: any address at all, for a coroutine that waits on a stack of its own is
//! nothing else. Not those that only hotpatch and the system know.

use super::payload_zones::payload_zones;
use super::quiesce::{Blocker, FrameCheck, Seen, StackCheck, WordScan, Zone, Zones};
use super::record::Record;
use super::target::{Target, TargetError, Thread};
use crate::addr::Va;
use crate::payload::names::CALL_SYMBOL;

/// Functions of a payload start at multiples of this.
const FUNCTION_ALIGN: u64 = 16;

/// The frames of a thread, and the words that may be addresses of functions or data of
/// payloads.
pub(super) struct HeldCheck<'f, 'c, T: Target + ?Sized> {
    frames: &'f FrameCheck<'c, T>,
    code: Zones,
    data: Zones,
    /// First byte and first byte after of the functions with unwind information, ascending.
    functions: Vec<(u64, u64)>,
    /// First and last address of what only hotpatch and the system know.
    of_system: Vec<(u64, u64)>,
    /// Where hotpatch's own threads begin. One of them that waits for the loader, before it
    /// has run anything, has that on its stack and no frame in the payload.
    calls: Vec<Va>,
}

impl<'f, 'c, T: Target + ?Sized> HeldCheck<'f, 'c, T> {
    /// Of the payloads of these records, which must be written and sealed; `calls` are the
    /// call routines of these and of others.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn new(
        target: &T,
        records: &[&Record],
        calls: Vec<Va>,
        frames: &'f FrameCheck<'c, T>,
    ) -> Result<Self, TargetError> {
        let zones = |of: fn(&Record) -> Vec<Zone>| records.iter().flat_map(|r| of(r)).collect();
        let mut check = HeldCheck {
            frames,
            code: Zones::new(zones(payload_zones)),
            data: Zones::new(zones(data)),
            functions: Vec::new(),
            of_system: Vec::new(),
            calls,
        };
        for record in records {
            let functions = functions(target, record)?;
            check.of_system.extend(of_system(record, &functions));
            check.functions.extend(functions);
        }
        check.functions.sort_unstable();
        Ok(check)
    }

    /// The zone in which a word is the address of a function or of data.
    fn is_address(&self, word: u64) -> Option<&Zone> {
        if self.is_of_system(word) {
            return None;
        }
        let function = self.code.executing(word).filter(|_| self.is_function(word));
        function.or_else(|| self.data.executing(word))
    }

    /// Whether a word is the address of a function or of data.
    pub fn is_held_by(&self, word: u64) -> bool {
        self.is_address(word).is_some()
    }

    /// Whether a word is any address in code or data.
    pub fn leads_inside(&self, word: u64) -> bool {
        let inside = self.code.returning(word);
        let inside = inside.or_else(|| self.data.executing(word));
        inside.is_some() && !self.is_of_system(word)
    }

    fn is_of_system(&self, word: u64) -> bool {
        let mut ranges = self.of_system.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&word))
    }

    /// Whether an address in the code of a payload may be that of a function.
    fn is_function(&self, address: u64) -> bool {
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
            let function = match self.is_address(word) {
                Some(zone) => zone.function.clone(),
                None if self.calls.contains(&Va(word)) => CALL_SYMBOL.to_owned(),
                None => continue,
            };
            found.push(Blocker {
                thread: thread.id,
                function,
                seen: Seen::Stack,
            });
        }
        Ok(found)
    }
}

/// Constants and variables of a payload: the address of any byte of them can be in use. Not
/// the record and the unwind table, which only hotpatch and the system know.
fn data(record: &Record) -> Vec<Zone> {
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
/// threads; the end of the unwind table; and where pages of data begin, which the system was
/// given to protect them and may have left anywhere. See [`Layout`](super::link::Layout) for
/// why nothing else has these addresses.
fn of_system(record: &Record, functions: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let call = record.body.call.map(|at| {
        let routine = functions.iter().find(|(start, _)| *start == at.0);
        (at.0, routine.map_or(at.0, |(_, end)| *end))
    });
    let end = functions.iter().map(|(_, end)| (*end, *end)).max();
    let data = record.body.data.iter().map(|at| (at.0, at.0));
    call.into_iter().chain(end).chain(data).collect()
}
