//! Pointers in data that may lie before the object that they are counted from: through one, an
//! array is used whose first index is 1.

use super::{DataIndex, Place, Program};
use crate::addr::Rva;

impl Program<'_> {
    /// The object that begins one element behind the address that the pointer at `holder` has,
    /// where it may be counted from that one: the address is that of the last element of an
    /// array, and the object an array of such elements, or it is in the padding between.
    pub fn one_before(&self, holder: Rva, rva: Rva) -> Option<DataIndex> {
        let types = &self.symbols.types;
        let element = |d: DataIndex| {
            let mut types_of = self.datum(d).types.iter();
            types_of.find_map(|t| types.element_size(*t))
        };
        let pointee = self.datum_at(holder).and_then(|h| {
            let mut types_of = self.datum(h).types.iter();
            types_of.find_map(|t| types.pointee_size(*t))
        });
        let next = DataIndex(self.data_until(rva) as u32);
        let size = self.data.get(next.0 as usize)?.rva.0.checked_sub(rva.0)?;
        if element(next) != Some(size) || pointee.is_some_and(|p| p != size) {
            return None;
        }
        let zeros = || self.image.is_zero(rva, size) == Some(true);
        let fits = match self.place(rva) {
            Place::Data(d, offset @ 1..) => {
                let item = self.datum(d);
                let declared = item.type_size.filter(|s| *s > 0 && !item.open_end);
                declared.is_some_and(|declared| offset > declared) || element(d) == Some(size)
            }
            // Where nothing but such a pointer leads to, zeros are padding.
            Place::Constant | Place::Variable => zeros() && self.incoming().at(rva).len() <= 1,
            _ => false,
        };
        fits.then_some(next)
    }
}
