//! Numbers that an assembler has written, which are the same in both builds and lead to
//! something else: `handler@IMGREL`, where another function lies at that address by now.
//!
//! Libraries that do not say what compiled them are not looked at: many are of C, and among
//! their numbers some look like it by chance.

use super::same::{Comparer, Difference};
use crate::addr::Rva;
use crate::function::{FunctionIndex, Program};

const WIDTH: usize = 4;

impl Comparer<'_> {
    /// The first operand of two functions that is the same number and, as an RVA, something
    /// else.
    pub(super) fn other_operand(
        &self,
        old: FunctionIndex,
        new: FunctionIndex,
    ) -> Option<Difference> {
        let places = (self.old.function(old).rva, self.new.function(new).rva);
        if !self.is_assembled(places) {
            return None;
        }
        let numbers = self.new.numbers_of(new);
        let mut numbers = numbers.iter().filter(|n| n.width as usize == WIDTH);
        numbers.find_map(|number| {
            let (a, b) = self.other_meaning(number.low())?;
            Some(Difference::Reference(number.at, a, b))
        })
    }

    /// Whether a number among equal bytes at two places is something else as an RVA, or as a
    /// distance from where it is or from where its table begins. Fields that were compared are
    /// zero.
    pub(super) fn has_other_meaning(&self, (old, new): (Rva, Rva), bytes: &[u8]) -> bool {
        if !self.is_assembled((old, new)) {
            return false;
        }
        let table = |program: &Program<'_>, rva| {
            let datum = program.datum_at(rva);
            datum.map_or(rva, |d| program.datum(d).rva)
        };
        let tables = (table(self.old, old), table(self.new, new));
        let mut windows = bytes.windows(WIDTH).zip(0u32..);
        windows.any(|(field, at)| {
            let number = u32::from_le_bytes([field[0], field[1], field[2], field[3]]);
            let from = [(Rva(old.0 + at), Rva(new.0 + at)), tables];
            number != 0
                && (self.other_meaning(number).is_some()
                    || from.iter().any(|from| self.other_distance(*from, number)))
        })
    }

    fn is_assembled(&self, (old, new): (Rva, Rva)) -> bool {
        self.old.is_assembled(old) || self.new.is_assembled(new)
    }

    /// What a number leads to as an RVA, where that is something else in each build.
    pub fn other_meaning(&self, number: u32) -> Option<(Rva, Rva)> {
        let (a, b) = (self.old.leads_to(number)?, self.new.leads_to(number)?);
        (a.1 == b.1 && !self.is_same_thing(a.0, b.0)).then_some((a.0, b.0))
    }

    /// Whether a number is the distance to functions that are not the same.
    fn other_distance(&self, from: (Rva, Rva), number: u32) -> bool {
        let function = |program: &Program<'_>, from: Rva| {
            let to = Rva(from.0.wrapping_add(number));
            let is_function = program.function_at(to).is_some();
            (is_function && program.begins(to)).then_some(to)
        };
        let ends = (function(self.old, from.0), function(self.new, from.1));
        matches!(ends, (Some(a), Some(b)) if !self.is_same_thing(a, b))
    }
}
