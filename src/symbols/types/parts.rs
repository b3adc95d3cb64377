//! What arrays are made of and pointers lead to.

use super::{LF_ARRAY, LF_MODIFIER, LF_POINTER, MAX_DEPTH, TypeIndex, Types};

impl Types {
    /// Size of the elements of an array, in bytes; `None` for other types.
    pub fn element_size(&self, index: TypeIndex) -> Option<u32> {
        self.size_of(self.part(index, LF_ARRAY, 0)?)
    }

    /// Size of what a pointer, or the pointers of an array, lead to, in bytes.
    pub fn pointee_size(&self, index: TypeIndex) -> Option<u32> {
        let pointer = self.part(index, LF_ARRAY, 0).unwrap_or(index);
        if (0x1000..).contains(&pointer.0) {
            return self.size_of(self.part(pointer, LF_POINTER, 0)?);
        }
        // A pointer to a built-in type has the number of that in its low byte.
        self.size_of(TypeIndex(pointer.0 & 0xff))
            .filter(|_| pointer.0 & 0xf00 != 0)
    }

    /// What an array is made of or a pointer leads to, behind modifiers.
    fn part(&self, index: TypeIndex, wanted: u16, depth: u32) -> Option<TypeIndex> {
        let (kind, mut c) = self.record(index).filter(|_| depth < MAX_DEPTH)?;
        let part = TypeIndex(c.u32()?);
        match kind {
            LF_MODIFIER => self.part(part, wanted, depth + 1),
            kind => (kind == wanted).then_some(part),
        }
    }
}
