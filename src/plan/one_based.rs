//! Pointers in data that lead some way before an object, as to the element before the first one
//! of an array that is counted from one: they look as if they led into what lies before it.

use super::Hazard;
use super::closure::Closure;
use crate::addr::Rva;
use crate::finding::rules::code;
use crate::function::{DataIndex, Place, Program, Site};

/// How far before an object such a pointer leads, at most.
const MAX_DISTANCE: u32 = 256;

impl Closure<'_> {
    /// Why a pointer of the new build has two meanings: it leads into another object than it
    /// did, and as far before the same one as it did.
    pub(super) fn leads_before(&self, at: Rva) -> Option<Hazard> {
        let (old, new) = (self.old, self.new);
        let e = new.datum_at(at).filter(|_| !self.diff.is_identity())?;
        let d = self.diff.old_datum(e)?;
        let offset = at.0 - new.datum(e).rva.0;
        let before = old.datum(d).rva.checked_add(offset)?;
        old.image.relocations_in(before, 1).first()?;
        let (from, to) = (old.image.pointer_at(before)?, new.image.pointer_at(at)?);
        let (x, y) = (next(old, from)?, next(new, to)?);
        let distance = old.datum(x).rva.0 - from.0;
        let is_far = distance == new.datum(y).rva.0 - to.0 && self.diff.old_datum(y) == Some(x);
        let comparer = self.diff.comparer(old, new);
        if !is_far || comparer.same_meaning((Site::Pointer(before), from), (Site::Pointer(at), to))
        {
            return None;
        }
        let reason = format!(
            "leads to {to}, or {distance} bytes before {}",
            new.datum(y).display_name()
        );
        Some((&code::TWO_MEANINGS, reason))
    }
}

/// The next datum behind an address at which no object begins.
fn next(program: &Program<'_>, rva: Rva) -> Option<DataIndex> {
    if matches!(program.place(rva), Place::Data(_, 0) | Place::Function(..)) {
        return None;
    }
    let next = program.data.partition_point(|d| d.rva <= rva);
    let datum = program.data.get(next)?;
    (datum.rva.0 - rva.0 <= MAX_DISTANCE).then_some(DataIndex(next as u32))
}
