//! The check that settles a doubt by unwinding.
//!
//! A word of the stack that points into a zone is either the return address of a live
//! frame, or was left behind by a call that has returned. Blocked threads keep such words
//! for as long as they are blocked. A complete walk of the stack tells which it is.

use super::unwind::{CodeMap, Memory, walk_into};
use super::{Blocker, Seen, StackCheck, WordScan, Zones};
use crate::apply::target::{Target, TargetError, Thread};

/// [`WordScan`], and for words of the stack a walk.
#[derive(Debug)]
pub struct FrameCheck<'a, T: Target + ?Sized> {
    code: CodeMap<'a, T>,
}

impl<'a, T: Target + ?Sized> FrameCheck<'a, T> {
    /// A check that knows this code.
    pub fn new(code: CodeMap<'a, T>) -> Self {
        FrameCheck { code }
    }
}

impl<T: Target + ?Sized> StackCheck<T> for FrameCheck<'_, T> {
    fn check(
        &self,
        target: &T,
        thread: &Thread,
        zones: &Zones,
    ) -> Result<Vec<Blocker>, TargetError> {
        let (found, stack) = WordScan::scan(target, thread, zones);
        let (on_stack, mut live): (Vec<Blocker>, Vec<Blocker>) =
            found.into_iter().partition(|b| b.seen == Seen::Stack);
        if on_stack.is_empty() {
            return Ok(live);
        }
        let start = thread.registers.rsp & !7;
        let memory = Stack {
            start,
            bytes: &stack,
            code: &self.code,
        };
        let mut callers = Vec::new();
        let walked = walk_into(
            &memory,
            &thread.registers,
            thread.stack_base.0,
            &mut callers,
        );
        let callers = callers.iter().filter_map(|at| zones.executing(*at));
        let is_seen = |seen| {
            move |function: &str| Blocker {
                thread: thread.id,
                function: function.to_owned(),
                seen,
            }
        };
        live.extend(callers.map(|z| &*z.function).map(is_seen(Seen::Stack)));
        let may = is_seen(Seen::UnwalkedStack);
        match walked {
            Ok(end) => {
                let walked = end.saturating_sub(start) as usize / 8;
                let (words, _) = stack.as_chunks::<8>();
                let beyond = words.iter().skip(walked);
                let beyond = beyond.filter_map(|w| zones.returning(u64::from_le_bytes(*w)));
                live.extend(beyond.map(|z| &*z.function).map(may));
            }
            // A walk that got stuck proves nothing: then every word counts.
            Err(_) => live.extend(on_stack.iter().map(|b| &*b.function).map(may)),
        }
        live.sort();
        live.dedup_by(|a, b| a.function == b.function);
        Ok(live)
    }
}

/// The stack, which was read in one piece, and the code.
struct Stack<'a, 'b, T: Target + ?Sized> {
    start: u64,
    bytes: &'a [u8],
    code: &'a CodeMap<'b, T>,
}

impl<T: Target + ?Sized> Memory for Stack<'_, '_, T> {
    fn read(&self, at: u64, buffer: &mut [u8]) -> Option<()> {
        let offset = at
            .checked_sub(self.start)
            .and_then(|o| usize::try_from(o).ok());
        let range = offset.and_then(|o| self.bytes.get(o..o.checked_add(buffer.len())?));
        match range {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                Some(())
            }
            None => self.code.read(at, buffer),
        }
    }

    fn entry(&self, address: u64) -> super::unwind::Lookup {
        self.code.entry(address)
    }
}
