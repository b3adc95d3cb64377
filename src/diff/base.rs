//! Numbers in code that may be RVAs, where a register may hold the address of the image.
//!
//! Such a number is the same in both builds here, or the code differs anyway. As a number it
//! means the same; as an RVA it does where the same lies there.

use super::same::{Comparer, Difference};
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
        // Without a sign that the function was handed the address of the image, a number
        // counts only where the same constant lies at it in both builds, with other content.
        let handed = [self.old.handed_rvas(old), self.new.handed_rvas(new)];
        for (at, rva) in handed.into_iter().flatten() {
            let (Place::Data(d, a), Place::Data(e, b)) =
                (self.old.place(*rva), self.new.place(*rva))
            else {
                continue;
            };
            let same_name = a == b && self.keys.same_datum(d, e);
            if same_name && !self.same_place(*rva, *rva, None) {
                return Some(Difference::Reference(*at, *rva, *rva));
            }
        }
        None
    }
}
