//! Tables of ranges: pairs of pointers in structures, to the start and to the end of an array
//! each.
//!
//! Where arrays lie one behind the other, the end of one is the start of the next, and an
//! address does not say which of them a pair means. A table shows it where all of its pairs
//! lead to the start and the end of one array, and the second pointer of one of them can be
//! nothing but an end: nothing begins there, or something of another type than the pointers have.
//! The second pointers are ends then, and the first ones starts.

use super::meaning::is_literal;
use super::{DataItem, Ended, Place, Program};
use crate::addr::Rva;

/// Tables with more pairs are not looked at.
const MAX_PAIRS: u32 = 256;

/// Width of a pointer in bytes.
const WIDTH: u32 = 8;

/// Which pointer of a pair it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The one to the start.
    First,
    /// The one to the end.
    Second,
}

impl Program<'_> {
    /// Which pointer of a range the one at an address is; `None` where it is not known to be
    /// any.
    pub(super) fn range_slot(&self, place: Rva) -> Option<Slot> {
        let holder = self.datum(self.datum_at(place)?);
        let types = &self.symbols.types;
        let [index] = holder.types[..] else {
            return None;
        };
        let (size, pointers) = types.pointers_of_elements(index)?;
        let offset = place.0 - holder.rva.0;
        let of_type: Vec<_> = {
            let own = pointers.iter().find(|(at, _)| *at == offset % size)?;
            pointers.iter().filter(|(_, t)| *t == own.1).collect()
        };
        // A third pointer of the type would mean something else.
        let [(first, of), (second, _)] = of_type[..] else {
            return None;
        };
        let count = holder.type_size? / size;
        if *second != first + WIDTH || count > MAX_PAIRS {
            return None;
        }
        let to_characters = types.pointee_size(*of).is_none_or(|size| size == 1);
        let mut shown = false;
        for element in 0..count {
            let at = holder.rva.checked_add(element * size + first)?;
            shown |= match self.range_at(at)? {
                (start, end) if start == end => false,
                range => self.is_nothing_but_end(
                    range,
                    |item| item.types.iter().all(|t| types.is_of(*t, *of)),
                    to_characters,
                )?,
            };
        }
        shown.then_some(match offset % size == *first {
            true => Slot::First,
            false => Slot::Second,
        })
    }

    /// What two pointers lead to, one behind the other.
    fn range_at(&self, place: Rva) -> Option<(Rva, Rva)> {
        let image = self.image;
        let second = Rva(place.0 + WIDTH);
        let pointers = image.relocations_in(place, 2 * WIDTH);
        (pointers == [place, second]).then_some(())?;
        Some((image.pointer_at(place)?, image.pointer_at(second)?))
    }

    /// Whether nothing that a pair may mean begins where it ends; `None` where it is no range.
    /// `is_of_type` says whether a datum has the type that the pointers lead to, `to_characters`
    /// whether literals have.
    fn is_nothing_but_end(
        &self,
        (start, end): (Rva, Rva),
        is_of_type: impl Fn(&DataItem) -> bool,
        to_characters: bool,
    ) -> Option<bool> {
        let meanings = self.meanings(end);
        let ended = meanings.end?;
        let Ended::Datum(d) = ended.ended else {
            return None;
        };
        (ended.start == start && is_of_type(self.datum(d))).then_some(())?;
        Some(match meanings.start {
            None => true,
            Some(Place::Data(d, 0)) => {
                let item = self.datum(d);
                !item.types.is_empty() && !is_of_type(item)
                    || self.is_made_by_linker(end)
                    || !to_characters && is_made_by_compiler(item)
            }
            Some(_) => false,
        })
    }
}

/// Whether a datum is made by the compiler, under a name that no pointer to numbers leads to:
/// constants of arithmetic, literals of narrow characters, tables of classes.
fn is_made_by_compiler(item: &DataItem) -> bool {
    let mut names = item.names.iter();
    is_literal(item) && !names.any(|n| n.name.starts_with("??_C@_1"))
}
