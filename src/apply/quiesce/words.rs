//! The check that reads words: whatever looks like an address in a zone counts as one.
//!
//! It errs to the safe side only. A word left behind by a call that has returned makes a
//! thread look busy that is not; no live frame is missed, for a return address is a word
//! of the live stack.

use super::{Blocker, Seen, StackCheck, Zone, Zones};
use crate::apply::target::{Target, TargetError, Thread};

/// Looks at the instruction pointer, the integer registers, and every aligned word from
/// the stack pointer to the base of the stack.
#[derive(Clone, Copy, Debug, Default)]
pub struct WordScan;

/// Stacks beyond this many bytes are not read; Windows reserves 1 MiB by default.
const MAX_STACK: u64 = 256 << 20;

impl WordScan {
    /// What was seen, and the live stack (empty where it can't be had).
    pub fn scan<T: Target + ?Sized>(
        target: &T,
        thread: &Thread,
        zones: &Zones,
    ) -> (Vec<Blocker>, Vec<u8>) {
        let mut found = Vec::new();
        let mut hit = |zone: &Zone, seen| {
            found.push(Blocker {
                thread: thread.id,
                function: zone.function.clone(),
                seen,
            });
        };
        let registers = &thread.registers;
        if let Some(zone) = zones.executing(registers.rip) {
            hit(zone, Seen::InstructionPointer);
        }
        for value in registers.integer {
            if let Some(zone) = zones.pointed(value) {
                hit(zone, Seen::Register);
            }
        }
        let stack = stack(target, thread);
        match &stack {
            Some(bytes) => {
                let (words, _) = bytes.as_chunks::<8>();
                for word in words {
                    if let Some(zone) = zones.returning(u64::from_le_bytes(*word)) {
                        hit(zone, Seen::Stack);
                    }
                }
            }
            None => found.push(Blocker {
                thread: thread.id,
                function: String::from("(unknown stack)"),
                seen: Seen::UnknownStack,
            }),
        }
        found.sort();
        found.dedup();
        (found, stack.unwrap_or_default())
    }
}

impl<T: Target + ?Sized> StackCheck<T> for WordScan {
    fn check(
        &self,
        target: &T,
        thread: &Thread,
        zones: &Zones,
    ) -> Result<Vec<Blocker>, TargetError> {
        Ok(WordScan::scan(target, thread, zones).0)
    }
}

/// The live part of the thread's stack in one read; `None` where it can't be had.
fn stack<T: Target + ?Sized>(target: &T, thread: &Thread) -> Option<Vec<u8>> {
    let (low, high) = (thread.stack_limit.0, thread.stack_base.0);
    // Return addresses are aligned; the stack pointer of a thread in the middle of hand
    // written code need not be.
    let from = thread.registers.rsp & !7;
    if from < low || from > high || high - from > MAX_STACK {
        return None;
    }
    target
        .read_vec(crate::addr::Va(from), (high - from) as usize)
        .ok()
}
