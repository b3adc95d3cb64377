//! Bounded reads from a place in the image.

use super::{HandlerData, Item};
use crate::addr::Rva;
use crate::image::Image;

/// Reads forward from an address.
pub struct Reader<'r> {
    /// The section from `start` on.
    whole: &'r [u8],
    start: Rva,
    rest: &'r [u8],
    at: Rva,
}

impl<'r> Reader<'r> {
    /// A reader at `rva`; `None` where that is in no section.
    pub fn new(image: &Image<'r>, rva: Rva) -> Option<Self> {
        let rest = image.rest_of_section(rva)?;
        Some(Reader {
            whole: rest,
            start: rva,
            rest,
            at: rva,
        })
    }

    /// A reader of bytes that lie at RVA 0.
    #[cfg(test)]
    pub fn of_bytes(bytes: &'r [u8]) -> Self {
        Reader {
            whole: bytes,
            start: Rva(0),
            rest: bytes,
            at: Rva(0),
        }
    }

    /// Another reader, at an address not before the one where this one began.
    pub fn reader_at(&self, rva: Rva) -> Option<Reader<'r>> {
        let offset = rva.0.checked_sub(self.start.0)? as usize;
        Some(Reader {
            rest: self.whole.get(offset..)?,
            at: rva,
            ..*self
        })
    }

    /// Goes on to an address; not backwards.
    pub fn skip_to(&mut self, rva: Rva) -> Option<()> {
        let len = rva.0.checked_sub(self.at.0)?;
        self.take(len as usize).map(drop)
    }

    /// Where the next byte is.
    pub fn at(&self) -> Rva {
        self.at
    }

    fn take(&mut self, len: usize) -> Option<&'r [u8]> {
        let (front, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        self.at = self.at.checked_add(len as u32)?;
        Some(front)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A 32-bit number, noted as one.
    pub fn number(&mut self, data: &mut HandlerData) -> Option<u32> {
        let (at, value) = (self.at, self.u32()?);
        data.push(at, Item::Number(value.into()));
        Some(value)
    }

    /// A compressed number, noted as one.
    pub fn compressed_number(&mut self, data: &mut HandlerData) -> Option<u32> {
        let (at, value) = (self.at, self.compressed()?);
        data.push(at, Item::Number(value.into()));
        Some(value)
    }

    /// A 32-bit RVA, noted as what `item` makes of it.
    pub fn rva(&mut self, data: &mut HandlerData, item: impl Fn(Rva) -> Item) -> Option<Rva> {
        let (at, value) = (self.at, Rva(self.u32()?));
        data.push(at, item(value));
        Some(value)
    }

    /// The RVA of a place.
    pub fn place(&mut self, data: &mut HandlerData) -> Option<Rva> {
        self.rva(data, Item::Place)
    }

    /// The RVA of another table.
    pub fn table(&mut self, data: &mut HandlerData) -> Option<Rva> {
        self.rva(data, Item::Table)
    }

    /// Unsigned LEB128 (DWARF 5, §7.6).
    pub fn uleb(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Signed LEB128 (DWARF 5, §7.6).
    pub fn sleb(&mut self) -> Option<i64> {
        let mut value = 0i64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let used = shift + 7;
                let negative = used < 64 && byte & 0x40 != 0;
                return Some(if negative {
                    value | (-1 << used)
                } else {
                    value
                });
            }
        }
        None
    }

    /// An unsigned number of `FuncInfo4`: the low bits of the first byte say how many bytes
    /// there are, the value is in the rest (`ehdata4_export.h`, `ReadUnsigned`).
    pub fn compressed(&mut self) -> Option<u32> {
        let first = *self.rest.first()?;
        let (len, shift) = match first & 0xf {
            b if b & 1 == 0 => (1, 1),
            b if b & 2 == 0 => (2, 2),
            b if b & 4 == 0 => (3, 3),
            b if b & 8 == 0 => (4, 4),
            _ => (5, 0),
        };
        let bytes = self.take(len)?;
        if len == 5 {
            return Some(u32::from_le_bytes(bytes[1..].try_into().ok()?));
        }
        let mut wide = [0u8; 4];
        wide[..len].copy_from_slice(bytes);
        Some(u32::from_le_bytes(wide) >> shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Reader<'_> {
        Reader::of_bytes(bytes)
    }

    #[test]
    fn leb128_examples_of_the_standard() {
        assert_eq!(reader(&[0x80, 0x01]).uleb(), Some(128));
        assert_eq!(reader(&[0xe5, 0x8e, 0x26]).uleb(), Some(624_485));
        assert_eq!(reader(&[0x7f]).sleb(), Some(-1));
        assert_eq!(reader(&[0x80, 0x7f]).sleb(), Some(-128));
        assert_eq!(reader(&[0xff; 11]).uleb(), None);
    }

    #[test]
    fn compressed_numbers_of_every_length() {
        assert_eq!(reader(&[5 << 1]).compressed(), Some(5));
        assert_eq!(reader(&[0x01 | 0xfc, 0x03]).compressed(), Some(0xff));
        assert_eq!(reader(&[0x03, 0, 1]).compressed(), Some(0x2000));
        assert_eq!(reader(&[0x07, 0, 0, 1]).compressed(), Some(0x10_0000));
        assert_eq!(reader(&[0x0f, 1, 2, 3, 4]).compressed(), Some(0x0403_0201));
        assert_eq!(reader(&[0x03, 0]).compressed(), None);
    }
}
