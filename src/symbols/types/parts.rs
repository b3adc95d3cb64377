//! What arrays are made of and pointers lead to.

use super::fields::Field;
use super::objects::Behind;
use super::{LF_ARRAY, LF_ENUM, LF_MODIFIER, LF_POINTER, MAX_DEPTH, TypeIndex, Types};

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

    /// Sizes of the numbers that an array has, or that a pointer or the pointers of an array lead
    /// to, in bytes.
    pub fn numbers_in(&self, index: TypeIndex) -> impl Iterator<Item = u32> {
        let element = self.part(index, LF_ARRAY, 0);
        let is_number = |element: &TypeIndex| self.what(*element) == Behind::Scalar;
        let own = element.filter(is_number).and_then(|e| self.size_of(e));
        let leads = self.behind(element.unwrap_or(index)) == Some(Behind::Scalar);
        let behind = self.pointee_size(index).filter(|_| leads);
        own.into_iter().chain(behind)
    }

    /// The size of the structures that an array is made of, or of a single one, and the members
    /// of theirs that are pointers: offset and type, ascending.
    pub fn pointers_of_elements(&self, index: TypeIndex) -> Option<(u32, Vec<(u32, TypeIndex)>)> {
        let element = self.unmodified(self.part(index, LF_ARRAY, 0).unwrap_or(index));
        let [complete] = self.resolve(element)[..] else {
            return None;
        };
        let header = self.udt(complete).filter(|h| h.kind != LF_ENUM)?;
        let mut pointers = Vec::new();
        self.fields_of(&header, &mut |field| {
            if let Field::Member {
                offset,
                member_type,
                ..
            } = field
                && self.pointee_size(member_type).is_some()
                && self.size_of(member_type) == Some(8)
            {
                pointers.push((offset as u32, member_type));
            }
        })?;
        pointers.sort_unstable();
        let size = u32::try_from(header.size).ok().filter(|size| *size > 0)?;
        Some((size, pointers))
    }

    /// Whether a type is what a pointer leads to, or an array of that.
    pub fn is_of(&self, index: TypeIndex, pointer: TypeIndex) -> bool {
        let pointee = match pointer.0 {
            0x1000.. => self.part(pointer, LF_POINTER, 0),
            simple => Some(TypeIndex(simple & 0xff)),
        };
        // A declaration and a definition are one type.
        let one = |index: TypeIndex| {
            let index = self.unmodified(index);
            self.key_of.get(&index).copied().ok_or(index)
        };
        let wanted = pointee.map(one);
        let element = self.part(index, LF_ARRAY, 0);
        wanted == Some(one(index)) || wanted.is_some() && wanted == element.map(one)
    }

    /// A type without `const` and `volatile`.
    pub(super) fn unmodified(&self, index: TypeIndex) -> TypeIndex {
        let inner = match self.record(index) {
            Some((LF_MODIFIER, mut c)) => c.u32().map(TypeIndex),
            _ => None,
        };
        inner.unwrap_or(index)
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
