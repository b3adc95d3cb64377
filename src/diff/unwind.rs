//! Whether two pieces of code have the same unwind information.

use super::same::Comparer;
use crate::addr::Rva;
use crate::function::{Item, Program};
use crate::image::RuntimeFunction;

impl Comparer<'_> {
    /// Compares the entries of the function tables within two ranges of code.
    pub(super) fn same_unwind(&self, old: (Rva, u32), new: (Rva, u32)) -> bool {
        let (a, b) = (entries(self.old, old), entries(self.new, new));
        a.len() == b.len()
            && a.iter().zip(b).all(|(e, f)| {
                let shape = |e: &RuntimeFunction, base: Rva| {
                    (e.begin.0 as i64 - base.0 as i64, e.end.0 - e.begin.0)
                };
                shape(e, old.0) == shape(f, new.0) && self.same_info(e, f)
            })
    }

    fn same_info(&self, old: &RuntimeFunction, new: &RuntimeFunction) -> bool {
        let infos = (
            self.old.image.unwind_info(old.info),
            self.new.image.unwind_info(new.info),
        );
        let (Ok(a), Ok(b)) = infos else {
            return false;
        };
        if (a.version, a.prologue, a.frame, a.handler_flags, &a.codes)
            != (b.version, b.prologue, b.frame, b.handler_flags, &b.codes)
        {
            return false;
        }
        let chained = match (a.chained, b.chained) {
            (None, None) => true,
            (Some(c), Some(d)) => self.same_place(c.begin, d.begin, None),
            _ => false,
        };
        let handlers = match (a.handler, b.handler) {
            (None, None) => true,
            (Some((h, data)), Some((i, other))) => {
                self.same_place(h, i, None) && self.same_handler_data(h, data, other)
            }
            _ => false,
        };
        chained && handlers
    }

    /// Compares handler data item by item where its form is known. Where it is not,
    /// everything up to the next unwind information counts.
    fn same_handler_data(&self, handler: Rva, old: Rva, new: Rva) -> bool {
        let items = self.old.handler_at(handler).and_then(|form| {
            let before = form.read(self.old.image, old)?;
            Some((before, form.read(self.new.image, new)?))
        });
        if let Some((before, after)) = items {
            let same = |(a, b)| self.same_item(a, b);
            return before.items().count() == after.items().count()
                && before.items().zip(after.items()).all(same);
        }
        let sizes = (data_extent(self.old, old), data_extent(self.new, new));
        sizes == (0, 0) || sizes.0 == sizes.1 && self.same_words((old, new), sizes.0)
    }

    /// Compares data of an unknown form word by word: what may be an RVA counts by what lies
    /// there, as hand-written handlers list the places of the code that they handle.
    fn same_words(&self, (old, new): (Rva, Rva), size: u32) -> bool {
        let bytes = (
            self.old.image.loaded_bytes(old, size),
            self.new.image.loaded_bytes(new, size),
        );
        let (Some(mut a), Some(mut b)) = bytes else {
            return false;
        };
        let whole = size as usize / 4 * 4;
        let words = a[..whole]
            .chunks_exact_mut(4)
            .zip(b[..whole].chunks_exact_mut(4));
        for (x, y) in words {
            let rva = |bytes: &[u8]| Rva(u32::from_le_bytes(bytes.try_into().unwrap_or_default()));
            let places = (rva(x), rva(y));
            let possible = self.old.image.section_at(places.0).is_some()
                && self.new.image.section_at(places.1).is_some();
            if possible && self.same_code_place(places.0, places.1) {
                x.fill(0);
                y.fill(0);
            } else if possible && places.0 == places.1 {
                // One number that means two places, if it means any.
                return false;
            }
        }
        self.old.image.relocations_in(old, size).is_empty()
            && self.new.image.relocations_in(new, size).is_empty()
            && a == b
    }

    fn same_item(&self, old: Item, new: Item) -> bool {
        match (old, new) {
            (Item::Number(a), Item::Number(b)) => a == b,
            (Item::Place(a), Item::Place(b))
            | (Item::Near(a), Item::Near(b))
            | (Item::Absolute(a), Item::Absolute(b)) => self.same_place(a, b, None),
            (Item::End(a), Item::End(b)) | (Item::From(a), Item::From(b)) => {
                self.same_code_place(a, b)
            }
            _ => false,
        }
    }

    /// The end of a scope can be the first byte after its function.
    fn same_code_place(&self, old: Rva, new: Rva) -> bool {
        let before = |rva: Rva| rva.checked_offset(-1).unwrap_or(rva);
        self.same_place(old, new, None) || self.same_place(before(old), before(new), None)
    }
}

/// The entries that begin within a range of code.
fn entries<'p>(program: &Program<'p>, (rva, size): (Rva, u32)) -> &'p [RuntimeFunction] {
    let table = &program.image.runtime_functions;
    let from = table.partition_point(|f| f.begin < rva);
    let to = table.partition_point(|f| f.begin.0 < rva.0.saturating_add(size));
    &table[from..to.max(from)]
}

/// Bytes from handler data to the next unwind information, or the end of the contribution.
/// None where a handler has no data and its address is the last that the object file contributed.
fn data_extent(program: &Program<'_>, rva: Rva) -> u32 {
    let next = program
        .image
        .runtime_functions
        .iter()
        .map(|f| f.info)
        .filter(|info| *info >= rva)
        .min();
    let end = next.map_or(u32::MAX, |r| r.0);
    let handler = rva.checked_offset(-1);
    let contribution = handler.and_then(|rva| program.symbols.contribution_at(rva));
    let limit = contribution.map_or(u32::MAX, |c| c.rva.0.saturating_add(c.size));
    let section = program.image.section_at(rva).map_or(rva.0, |s| s.end().0);
    end.min(limit).min(section).saturating_sub(rva.0)
}
