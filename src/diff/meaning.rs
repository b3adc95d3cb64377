//! Whether two addresses that may be the start of one object or the end of another mean the
//! same.
//!
//! Each has a set of meanings ([`Meanings`]). Where both meanings are the same in both builds
//! nothing has to be decided. Otherwise what is known of who holds the address and of what is
//! done with it rules meanings out. What is left:
//!
//! * Only the starts are the same: another neighbour lies before the object. The same, unless
//!   the object that ends there is the same with another content: whoever holds the address
//!   may be a user of it.
//! * Only the ends are the same: another object lies behind. The same only where no start can
//!   be meant.
//!
//! A pointer in data has no uses. It may lead to the end of what only the new build has.

use super::same::Comparer;
use crate::addr::Rva;
use crate::function::{DataIndex, End, Ended, Meanings, Place, Program, Site, is_text};

/// How far from an object a pointer may lie that is counted from it, in bytes.
pub const MAX_DISTANCE: u32 = 0x4000;

/// An address, and where it is held.
pub type Held = (Site, Rva);

impl Comparer<'_> {
    /// Whether two addresses mean the same where they are held.
    pub fn same_meaning(&self, old: Held, new: Held) -> bool {
        let (a, b) = (self.old.meanings(old.1), self.new.meanings(new.1));
        if a.end.is_none() && b.end.is_none() {
            let (Site::Pointer(p), Site::Pointer(q)) = (old.0, new.0) else {
                return self.same_place(old.1, new.1, None);
            };
            return match self.same_place(old.1, new.1, None) {
                true => !self.is_before_another((p, old.1), (q, new.1)),
                false => self.same_distance(old.1, new.1),
            };
        }
        let starts = a.start.is_some() && b.start.is_some() && self.same_place(old.1, new.1, None);
        let ends = self.same_ends(&a, &b);
        if starts && ends {
            return true;
        }
        let a = self.old.intent(old.0, old.1).settled(self.old, old.0);
        let b = self.new.intent(new.0, new.1).settled(self.new, new.0);
        let starts = starts && a.start.is_some() && b.start.is_some();
        let ends = ends && a.end.is_some() && b.end.is_some();
        match (starts, ends) {
            (true, true) => true,
            (true, false) => match (a.end, b.end) {
                (Some(y), Some(z)) => !self.other_end(&y, &z, new.0),
                _ => true,
            },
            (false, true) => {
                let unknown = |program: &Program<'_>, m: &Meanings, (site, rva): Held| {
                    m.start.is_none() || program.start_is_unknown(site, rva)
                };
                unknown(self.old, &a, old) && unknown(self.new, &b, new)
            }
            (false, false) => false,
        }
    }

    /// Whether pointers may be counted from one object behind what they lead to that is not the
    /// same in both builds.
    fn is_before_another(&self, (p, old): (Rva, Rva), (q, new): (Rva, Rva)) -> bool {
        let objects = (self.old.one_before(p, old), self.new.one_before(q, new));
        let (Some(d), Some(e)) = objects else {
            return false;
        };
        self.keys.same_datum(d, e) && !self.old.datum(d).writable && !self.same_datum_content(d, e)
    }

    /// Whether two addresses in no object lie equally far before the same one, or behind it
    /// where none follows, which is the same: an array whose first index is 1 is used through
    /// such a pointer.
    pub fn same_distance(&self, old: Rva, new: Rva) -> bool {
        let outside = |program: &Program<'_>, rva: Rva| match program.place(rva) {
            Place::Headers(at) => at != 0,
            Place::Nowhere => true,
            _ => program.meanings(rva).start.is_none(),
        };
        if !outside(self.old, old) || !outside(self.new, new) {
            return false;
        }
        let data = &self.new.data;
        let next = data.partition_point(|e| e.rva <= new);
        let same = |index: usize| {
            let Some(e) = data.get(index) else {
                return false;
            };
            let d = self.keys.old_datum_of(DataIndex(index as u32));
            let d = d.map(|d| self.old.datum(d).rva);
            e.rva.0.abs_diff(new.0) <= MAX_DISTANCE
                && d.is_some_and(|d| {
                    d.0.wrapping_sub(old.0) == e.rva.0.wrapping_sub(new.0)
                        && self.same_place(d, e.rva, None)
                })
        };
        match data.get(next) {
            Some(_) => same(next),
            None => next > 0 && same(next - 1),
        }
    }

    fn same_ends(&self, a: &Meanings, b: &Meanings) -> bool {
        matches!((&a.end, &b.end), (Some(y), Some(z)) if self.same_end(y, z))
    }

    /// Whether the same object with the same content ends at two addresses.
    pub fn same_end(&self, old: &End, new: &End) -> bool {
        // The end of what has no type is known up to padding.
        let declared = |program: &Program<'_>, end: &End| match end.ended {
            Ended::Datum(d) => program.datum(d).type_size.is_some(),
            _ => true,
        };
        let known = declared(self.old, old) && declared(self.new, new);
        if known && old.len != new.len {
            return false;
        }
        match (old.ended, new.ended) {
            (Ended::Datum(d), Ended::Datum(e)) => {
                let writable = (self.old.datum(d).writable, self.new.datum(e).writable);
                self.keys.same_datum(d, e)
                    && writable.0 == writable.1
                    && (writable.0 || self.same_datum_content(d, e))
            }
            (Ended::Constant, Ended::Constant) => {
                self.same_first_bytes(old.start, new.start, old.len)
            }
            (Ended::Contribution(m), Ended::Contribution(n)) => {
                let size = |program: &Program<'_>, rva| {
                    let found = program.symbols.contribution_at(rva);
                    found.map(|c| c.size)
                };
                self.keys.modules.same(m, n)
                    && size(self.old, old.start) == size(self.new, new.start)
            }
            _ => false,
        }
    }

    /// Whether two ends that are not the same may still be what changed: that of one object
    /// with another content, or that of what took the place of another one.
    fn other_end(&self, old: &End, new: &End, site: Site) -> bool {
        match (old.ended, new.ended) {
            (Ended::Datum(d), Ended::Datum(e)) if self.keys.same_datum(d, e) => {
                // What a variable holds is up to the running program.
                let sizes = (self.old.datum(d).type_size, self.new.datum(e).type_size);
                let resized = matches!(sizes, (Some(a), Some(b)) if a != b);
                !self.old.datum(d).writable && !self.same_datum_content(d, e) || resized
            }
            (Ended::Datum(d), Ended::Datum(_)) => {
                let kept = self.keys.has_new_datum(d);
                self.is_new(new) && !kept || self.is_new_target(new, site)
            }
            (Ended::Constant, Ended::Constant) => {
                let module = |program: &Program<'_>, rva| {
                    let found = program.symbols.contribution_at(rva);
                    found.map(|c| c.module)
                };
                let text =
                    is_text(self.old, old.start, old.len) || is_text(self.new, new.start, new.len);
                let modules = (module(self.old, old.start), module(self.new, new.start));
                !text
                    && old.len == new.len
                    && matches!(modules, (Some(m), Some(n)) if self.keys.modules.same(m, n))
            }
            _ => false,
        }
    }

    fn is_new(&self, end: &End) -> bool {
        matches!(end.ended, Ended::Datum(e) if self.keys.old_datum_of(e).is_none())
    }

    /// Whether a variable may be initialised with the end of what only the new build has.
    fn is_new_target(&self, end: &End, site: Site) -> bool {
        matches!(site, Site::Pointer(at) if self.new.is_writable(at))
            && self.is_new(end)
            && self.new.shares_file(site, end)
    }
}
