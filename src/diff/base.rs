//! Numbers in code that may be RVAs, where a register may hold the address of the image.
//!
//! Such a number is the same in both builds here, or the code differs anyway. As a number it
//! means the same; as an RVA it does where the same lies there.

use super::same::{Comparer, Difference};
use crate::addr::Rva;
use crate::function::{FunctionIndex, Place};

impl Comparer<'_> {
    /// The first number that means something else as an RVA.
    pub(super) fn uncertain_difference(
        &self,
        old: FunctionIndex,
        new: FunctionIndex,
    ) -> Option<Difference> {
        let (f, g) = (self.old.code_of(old), self.new.code_of(new));
        let certain = |known: &[crate::function::Reference], at: u32| {
            known
                .iter()
                .any(|r| (r.at..r.at + r.kind.width()).contains(&at))
        };
        let followed = [f, g].into_iter().filter(|c| c.base_followed);
        for (at, rva) in followed.flat_map(|c| &c.possible_rvas) {
            if !certain(&f.references, *at) && !self.same_place(*rva, *rva, None) {
                return Some(Difference::Reference(*at, *rva, *rva));
            }
        }
        // The register beside a number may hold the address of the image wherever that comes
        // from. The same number counts where the same constant lies at it in both builds, with
        // other content; it would have followed one that moved.
        for (at, rva) in f.numbers.iter().chain(&g.numbers) {
            if self.same_name(*rva, *rva) && !self.same_place(*rva, *rva, None) {
                return Some(Difference::Reference(*at, *rva, *rva));
            }
        }
        None
    }

    /// Whether two places are as far into data of the same name.
    pub fn same_name(&self, old: Rva, new: Rva) -> bool {
        match (self.old.place(old), self.new.place(new)) {
            (Place::Data(d, a), Place::Data(e, b)) => a == b && self.keys.same_datum(d, e),
            _ => false,
        }
    }

    /// The fields of two functions that hold numbers which differ and lead to the same as RVAs:
    /// that is what they are.
    pub(super) fn moved_numbers(&self, old: FunctionIndex, new: FunctionIndex) -> Vec<(u32, u32)> {
        const WIDTH: u32 = 4;
        let (f, g) = (self.old.code_of(old), self.new.code_of(new));
        let moved = |(at, rva): &(u32, Rva)| {
            let other = g.numbers.binary_search_by_key(at, |(at, _)| *at).ok()?;
            let to = g.numbers[other].1;
            (*rva != to && self.same_place(*rva, to, None)).then_some((*at, WIDTH))
        };
        f.numbers.iter().filter_map(moved).collect()
    }
}
