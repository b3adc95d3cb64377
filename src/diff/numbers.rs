//! Numbers in data that are references without a relocation: RVAs, and distances from where
//! the number is or from where its table begins. Assembler code and tables of compilers hold
//! such numbers, and nothing in the image lists them.
//!
//! Only numbers that differ between the builds are looked at. One is taken for a reference
//! where both values, read in one way, lead to one and the same thing that has a name, or to
//! the same text: a number that changed by chance as much as that thing has moved is not
//! expected.

use super::same::Comparer;
use crate::addr::Rva;
use crate::function::{Place, Program, text_at};

/// How a number leads to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberForm {
    /// From the image's start.
    Image,
    /// From where the number is.
    Itself,
    /// From where its table begins, which is this many bytes before.
    Table(u32),
}

impl NumberForm {
    /// Where a number leads that is at this place.
    pub fn target(self, at: Rva, number: u32) -> Rva {
        match self {
            NumberForm::Image => Rva(number),
            NumberForm::Itself => Rva(at.0.wrapping_add(number)),
            NumberForm::Table(before) => Rva(at.0.wrapping_sub(before).wrapping_add(number)),
        }
    }
}

/// A number of both builds that is a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberReference {
    /// How it counts.
    pub form: NumberForm,
    /// What it leads to in the old build.
    pub old: Rva,
    /// What it leads to in the new build.
    pub new: Rva,
}

impl Comparer<'_> {
    /// What the numbers at two places lead to, where they differ and are references to the
    /// same thing. Whether its content is the same is another question.
    pub fn number_reference(&self, old: Rva, new: Rva) -> Option<NumberReference> {
        let (a, b) = (number(self.old, old)?, number(self.new, new)?);
        if a == b || a == 0 || b == 0 || self.are_numbers(old, new) {
            return None;
        }
        let forms = [NumberForm::Image, NumberForm::Itself];
        let offset = match (self.old.place(old), self.new.place(new)) {
            (Place::Data(_, x), Place::Data(_, y)) if x == y && x > 0 => Some(x),
            _ => None,
        };
        let forms = forms.into_iter().chain(offset.map(NumberForm::Table));
        let both = forms.map(|form| {
            let (old, new) = (form.target(old, a), form.target(new, b));
            NumberReference { form, old, new }
        });
        let mut both = both.filter(|r| self.is_same_thing(r.old, r.new));
        both.next()
    }

    /// Whether two places are in variables of which a compiler says what type they have: no
    /// language that it knows has a type for a reference that is no pointer.
    fn are_numbers(&self, old: Rva, new: Rva) -> bool {
        let typed = |program: &Program<'_>, rva: Rva| {
            let datum = program.datum_at(rva).map(|d| program.datum(d));
            let type_name = datum.and_then(|d| d.type_name.as_ref());
            // What the runtime of Microsoft's C++ reads has types that begin so.
            type_name.is_some_and(|name| !name.starts_with("_s_") && !name.starts_with("const _s_"))
                && !program.is_by_hand(rva)
        };
        typed(self.old, old) && typed(self.new, new)
    }

    /// Whether two places are the same by a name, or hold the same text.
    pub fn is_same_thing(&self, old: Rva, new: Rva) -> bool {
        match (self.old.place(old), self.new.place(new)) {
            (Place::Function(f, 0), Place::Function(g, 0)) => self.keys.same_function(f, g),
            (Place::Data(d, a), Place::Data(e, b)) => a == b && self.keys.same_datum(d, e),
            (Place::Constant, Place::Constant) => {
                let text = |program: &Program<'_>, rva| {
                    let length = text_at(program, rva)?;
                    program
                        .image
                        .slice(rva, length as usize)
                        .map(<[u8]>::to_vec)
                };
                const SHORTEST: usize = 5;
                let (a, b) = (text(self.old, old), text(self.new, new));
                a.as_ref().is_some_and(|a| a.len() >= SHORTEST) && a == b
            }
            _ => false,
        }
    }

    /// Clears the numbers in two runs of bytes that are references to the same, beside the
    /// fields that were cleared already, up to the first one that is not.
    pub(super) fn clear_numbers(&self, (old, new): (Rva, Rva), a: &mut [u8], b: &mut [u8]) {
        let first = (old.0.wrapping_neg() & 3) as usize;
        if old.0 & 3 != new.0 & 3 {
            return;
        }
        let mut at = first;
        while at + 4 <= a.len().min(b.len()) {
            let field = at..at + 4;
            if a[field.clone()] != b[field.clone()] {
                let places = (Rva(old.0 + at as u32), Rva(new.0 + at as u32));
                let found = self.number_reference(places.0, places.1);
                if !found.is_some_and(|r| self.same_place(r.old, r.new, None)) {
                    return;
                }
                a[field.clone()].fill(0);
                b[field].fill(0);
            }
            at += 4;
        }
    }
}

/// The aligned 32-bit number at a place, which is no part of a pointer.
fn number(program: &Program<'_>, rva: Rva) -> Option<u32> {
    let bytes = program.image.slice(rva, 4)?;
    let before = Rva(rva.0.saturating_sub(7));
    let is_pointer = !program
        .image
        .relocations_in(before, rva.0 - before.0 + 4)
        .is_empty();
    let word: [u8; 4] = bytes.try_into().ok()?;
    (rva.0.is_multiple_of(4) && !is_pointer).then(|| u32::from_le_bytes(word))
}
