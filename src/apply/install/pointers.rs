//! Addresses of functions that the new build does not have, on the stacks and in the registers of
//! threads: who holds one there goes on to call old code after the switch.

use crate::apply::quiesce::{Blocker, FrameCheck, Seen, StackCheck, WordScan, Zones};
use crate::apply::record::Record;
use crate::apply::target::{Target, TargetError, Thread};
use crate::package::Package;

/// [`FrameCheck`], and for each word of the live stack whether it is such an address. A word that a
/// call left behind counts as well.
#[derive(Debug)]
pub(super) struct PointerCheck<'c, T: Target + ?Sized> {
    /// Decides about the code that threads are in.
    pub frames: FrameCheck<'c, T>,
    /// The addresses, ascending, with the names of the functions.
    pub starts: Vec<(u64, String)>,
}

/// The addresses of functions whose address the old build takes and the new build does not have.
pub(super) fn starts(package: &Package, record: &Record) -> Vec<(u64, String)> {
    let base = record.body.module.base;
    let addressed = package.manifest.watched.iter().filter(|w| w.addressed);
    addressed
        .map(|w| (w.rva.at(base).0, w.name.clone()))
        .collect()
}

impl<T: Target + ?Sized> StackCheck<T> for PointerCheck<'_, T> {
    fn check(
        &self,
        target: &T,
        thread: &Thread,
        zones: &Zones,
    ) -> Result<Vec<Blocker>, TargetError> {
        let mut found = self.frames.check(target, thread, zones)?;
        if self.starts.is_empty() {
            return Ok(found);
        }
        let (_, stack) = WordScan::scan(target, thread, zones);
        let (words, _) = stack.as_chunks::<8>();
        let words = words.iter().map(|w| u64::from_le_bytes(*w));
        for word in words.chain(thread.registers.integer) {
            if let Ok(index) = self.starts.binary_search_by_key(&word, |(start, _)| *start) {
                found.push(Blocker {
                    thread: thread.id,
                    function: self.starts[index].1.clone(),
                    seen: Seen::Address,
                });
            }
        }
        Ok(found)
    }
}
