//! Jumps behind moved code: to what it falls through into, and to what its one-byte branches
//! lead to, which cannot reach the old image.

use super::closure::Closure;
use super::unwind::entries_in;
use super::{Fixup, FixupKind, Hazard, PieceIndex};
use crate::addr::Rva;
use crate::finding::rules::code;
use crate::function::{Function, Reference};

/// `jmp rel32`
const LENGTH: u32 = 5;

/// The distance from a one-byte branch to the jump that leads on to its target; the jump is
/// added to the list where it is not there yet. `None` where it is too far away.
pub fn reach(stubs: &mut Vec<Rva>, size: u32, branch: &Reference) -> Option<i8> {
    let known = stubs.iter().position(|s| *s == branch.target);
    let number = known.unwrap_or(stubs.len()) as u32;
    let from = branch.at + 1 + u32::from(branch.trailing);
    let distance = (size + number * LENGTH).checked_sub(from)?;
    let distance = i8::try_from(distance).ok()?;
    if known.is_none() {
        stubs.push(branch.target);
    }
    Some(distance)
}

impl Closure<'_> {
    /// Adds a jump behind the code of a function. It belongs to the range of unwind
    /// information that reaches the end, as the code before it does.
    pub(super) fn add_stub(
        &mut self,
        index: PieceIndex,
        function: &Function,
        target: Rva,
        bytes: &mut Vec<u8>,
        fixups: &mut Vec<Fixup>,
    ) -> Result<(), Hazard> {
        let end = bytes.len() as u32;
        let last = entries_in(self.new, function.rva, function.end()).last();
        if let Some(last) = last.filter(|e| e.end == function.end()) {
            // The second version counts epilogs from the end of the range.
            let info = self.new.image.unwind_info(last.info);
            if info.map_or(true, |i| i.version != 1) {
                let reason = "its unwind information counts from its end".to_owned();
                return Err((&code::FALLS_THROUGH, reason));
            }
            let entries = &mut self.pieces[index.0 as usize].unwind;
            if let Some(entry) = entries.last_mut().filter(|e| e.end == end) {
                entry.end += LENGTH;
            }
        }
        let (target, addend) = self.resolve(target, None)?;
        fixups.push(Fixup {
            at: end + 1,
            kind: FixupKind::Relative(0),
            target,
            addend,
        });
        bytes.extend([0xe9, 0, 0, 0, 0]);
        Ok(())
    }
}
