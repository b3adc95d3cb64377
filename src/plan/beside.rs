//! Pointers in data that may be counted from an object beside the place that they lead to: an
//! array whose first index is 1, or `'A'`, is used through a pointer that lies before it.
//!
//! Where such a pointer leads is up to the linker: into another object, or into none. Carried as
//! what it leads to, it would lose the object that it is counted from. Two things tell:
//!
//! * The old pointer lies as far from an object of both builds, while what it leads to is
//!   something else, and is not the start of an object in one of the builds.
//! * It leads to the last element of an array that is directly followed by another one of such
//!   elements, and the two lie apart once the patch is applied.

use super::closure::Closure;
use super::{FixupTarget, Hazard};
use crate::addr::Rva;
use crate::diff::{MAX_DISTANCE, place_text};
use crate::finding::rules::code;
use crate::function::{DataIndex, Place, Program};

impl Closure<'_> {
    /// Where a pointer of the new image's data leads that lies outside of every object, and as
    /// far from one of both builds as the old one did.
    pub(super) fn resolve_beside(&mut self, place: Rva, target: Rva) -> Option<(FixupTarget, i32)> {
        let before = self.old_pointer(place)?;
        if !is_outside(self.old, before) || !is_outside(self.new, target) {
            return None;
        }
        let (_, at) = self.counted_from(before, target)?;
        Some((FixupTarget::Old(at?), 0))
    }

    /// Why it is not known where a pointer of the new image's data leads, given what the object
    /// at that place makes of it.
    pub(super) fn beside(
        &mut self,
        place: Rva,
        target: Rva,
        (resolved, addend): (FixupTarget, i32),
    ) -> Option<Hazard> {
        if self.diff.is_identity() {
            return None;
        }
        let at = match resolved {
            FixupTarget::Old(rva) => Some(Rva(rva.0.wrapping_add(addend as u32))),
            _ => None,
        };
        let before = self.old_pointer(place);
        let found = match before {
            Some(before) if self.is_something_else(before, target) => {
                self.counted_from(before, target)
            }
            _ => None,
        };
        let (object, there) = found.or_else(|| self.one_before(place, target))?;
        (at.is_none() || at != there).then(|| {
            let name = self.new.datum(object).display_name();
            let reason = format!(
                "leads to {} and may be counted from {name}, which lies elsewhere once the patch \
                 is applied",
                place_text(self.new, target)
            );
            (&code::TWO_MEANINGS, reason)
        })
    }

    /// What the pointer at the same place of the same datum of the old build leads to.
    fn old_pointer(&self, place: Rva) -> Option<Rva> {
        let e = self.new.datum_at(place)?;
        if self.diff.datum_is_ambiguous(e) {
            return None;
        }
        let (d, e) = (self.old.datum(self.diff.old_datum(e)?), self.new.datum(e));
        let before = d.rva.checked_add(place.0 - e.rva.0)?;
        let is_pointer = self.old.image.base_relocations.binary_search(&before);
        is_pointer.ok()?;
        self.old.image.pointer_at(before)
    }

    /// Whether two addresses lead to what is not the same, and one of them to what nothing
    /// begins at.
    fn is_something_else(&self, before: Rva, target: Rva) -> bool {
        let same = match (self.old.place(before), self.new.place(target)) {
            (Place::Data(d, a), Place::Data(e, b)) => a == b && self.diff.old_datum(e) == Some(d),
            _ => false,
        };
        !same && (is_amid(self.old, before) || is_amid(self.new, target))
    }

    /// The object of both builds from which both addresses lie equally far, outside of it, and
    /// where the address is then that is counted from it; nowhere in the old image where the
    /// payload brings the object. The next one behind an address counts, and what lies before it
    /// where there is none.
    fn counted_from(&self, before: Rva, target: Rva) -> Option<(DataIndex, Option<Rva>)> {
        let data = &self.new.data;
        let counts = |index: &usize| {
            let (index, e) = (DataIndex(*index as u32), &data[*index]);
            let d = self.diff.old_datum(index).map(|d| self.old.datum(d));
            let distance = target.0.wrapping_sub(e.rva.0);
            let known = !self.diff.datum_is_ambiguous(index);
            let moves = d.is_some_and(|d| before.0.wrapping_sub(d.rva.0) == distance);
            known && moves && distance > e.content_size()
        };
        let near = |index: &usize| data[*index].rva.0.abs_diff(target.0) <= MAX_DISTANCE;
        let next = data.partition_point(|e| e.rva <= target);
        let behind = (next..data.len()).take_while(near).find(counts);
        let found = behind.or_else(|| (0..next).rev().take_while(near).find(counts))?;
        let index = DataIndex(found as u32);
        Some((index, self.kept(index).map(|_| before)))
    }

    /// The object that an address may be one element before, and where the address is that is
    /// counted from it; nowhere in the old image where the payload brings the object. Nothing
    /// where the payload has both in one piece.
    fn one_before(&self, place: Rva, target: Rva) -> Option<(DataIndex, Option<Rva>)> {
        let new = self.new;
        let next = new.one_before(place, target)?;
        if let Some(o) = self.kept(next) {
            let distance = new.datum(next).rva.0 - target.0;
            let at = self.old.datum(o).rva.0.wrapping_sub(distance);
            return Some((next, Some(Rva(at))));
        }
        let run = new.datum_at(target).and_then(|d| self.run_of(d));
        (run.is_none() || run != self.run_of(next)).then_some((next, None))
    }
}

/// Whether nothing begins at an address.
fn is_amid(program: &Program<'_>, rva: Rva) -> bool {
    matches!(program.place(rva), Place::Data(_, 1..)) || is_outside(program, rva)
}

/// Whether an address is in no object.
fn is_outside(program: &Program<'_>, rva: Rva) -> bool {
    matches!(program.place(rva), Place::Headers(1..) | Place::Nowhere)
        || program.meanings(rva).start.is_none() && program.meanings(rva).end.is_none()
}
