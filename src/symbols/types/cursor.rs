//! A bounded reader over one type record.

/// Reads little-endian fields from the front of a record.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// A reader over these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes }
    }

    /// Whether nothing is left but padding (`LF_PAD0` … `LF_PAD15`).
    pub fn at_end(&mut self) -> bool {
        while let [pad, rest @ ..] = self.rest
            && *pad >= 0xf0
        {
            let step = usize::from(pad & 0xf).saturating_sub(1).min(rest.len());
            self.rest = &rest[step..];
        }
        self.rest.is_empty()
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(front)
    }

    /// Passes over `len` bytes.
    pub fn skip(&mut self, len: usize) -> Option<()> {
        self.take(len).map(|_| ())
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A numeric leaf that is a size or an offset.
    pub fn number(&mut self) -> Option<u64> {
        u64::try_from(self.signed_number()?).ok()
    }

    /// A numeric leaf: below 0x8000 the value itself, else the kind of what follows
    /// (cvinfo.h, `LF_NUMERIC`).
    pub fn signed_number(&mut self) -> Option<i128> {
        let leaf = self.u16()?;
        Some(match leaf {
            0..0x8000 => leaf.into(),
            0x8000 => i128::from(self.take(1)?[0] as i8),
            0x8001 => i128::from(self.u16()? as i16),
            0x8002 => i128::from(self.u16()?),
            0x8003 => i128::from(self.u32()? as i32),
            0x8004 => i128::from(self.u32()?),
            0x8009 => i128::from(i64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            0x800a => i128::from(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            // `LF_OCTWORD` and `LF_UOCTWORD`.
            0x8017 | 0x8018 => i128::from_le_bytes(self.take(16)?.try_into().ok()?),
            _ => return None,
        })
    }

    /// Bytes up to a zero, which is passed over.
    pub fn c_string(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|b| *b == 0)?;
        let text = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(text)
    }
}
