//! The type stream: sizes of types, and the layout of every class, structure and union.
//!
//! Source: LLVM, "CodeView Type Records", and cvinfo.h of the Microsoft PDB sources.
//! Decoded here because layouts must be read from every producer's records without a
//! panic; every read is bounded by its record.

mod cursor;
mod digest;
mod layout;
mod names;
mod open_end;
mod relations;

use std::collections::HashMap;

use super::SymbolsError;
use cursor::Cursor;

pub use layout::{Layout, Member};
pub use relations::{Related, Relation, Relations};

/// Index of a type record; below 0x1000 a built-in type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeIndex(pub u32);

const LF_MODIFIER: u16 = 0x1001;
const LF_POINTER: u16 = 0x1002;
const LF_PROCEDURE: u16 = 0x1008;
const LF_MFUNCTION: u16 = 0x1009;
const LF_ARGLIST: u16 = 0x1201;
const LF_BITFIELD: u16 = 0x1205;
const LF_ARRAY: u16 = 0x1503;
const LF_CLASS: u16 = 0x1504;
const LF_STRUCTURE: u16 = 0x1505;
const LF_UNION: u16 = 0x1506;
const LF_ENUM: u16 = 0x1507;
const LF_INTERFACE: u16 = 0x1519;
const LF_FUNC_ID: u16 = 0x1601;
const LF_MFUNC_ID: u16 = 0x1602;

/// How deep a type may nest before it counts as unknown: arrays of arrays of …
const MAX_DEPTH: u32 = 32;

/// The type records of one PDB.
#[derive(Debug, Default)]
pub struct Types {
    /// All records, one after the other, each with its length and kind.
    data: Vec<u8>,
    /// Offset of each record's kind in `data`, and the end of the record.
    records: Vec<(u32, u32)>,
    first: u32,
    /// Complete definitions by unique or plain name, to resolve forward references.
    definitions: HashMap<Vec<u8>, TypeIndex>,
}

impl Types {
    /// Reads a type stream.
    ///
    /// # Errors
    /// Where its header or a record's length is inconsistent.
    pub fn parse(stream: &[u8]) -> Result<Self, SymbolsError> {
        let bad = |reason: String| SymbolsError::Malformed {
            what: "type stream",
            reason,
        };
        let word = |offset: usize| {
            let field = stream.get(offset..offset + 4);
            field.map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        };
        let (Some(header), Some(first), Some(size)) = (word(4), word(8), word(16)) else {
            return Err(bad(format!("header is cut off at {} bytes", stream.len())));
        };
        let start = header as usize;
        let data = start
            .checked_add(size as usize)
            .and_then(|end| stream.get(start..end))
            .ok_or_else(|| bad(format!("{size:#x} bytes of records are not in it")))?
            .to_vec();
        let mut records = Vec::new();
        let mut offset = 0usize;
        while offset + 4 <= data.len() {
            let length = u16::from_le_bytes([data[offset], data[offset + 1]]) as usize;
            let end = offset + 2 + length;
            if length < 2 || end > data.len() {
                return Err(bad(format!("record at {offset:#x} has length {length:#x}")));
            }
            records.push((offset as u32 + 2, end as u32));
            offset = end;
        }
        let mut types = Types {
            data,
            records,
            first,
            definitions: HashMap::new(),
        };
        types.index_definitions();
        Ok(types)
    }

    fn index_definitions(&mut self) {
        let mut definitions = HashMap::new();
        for index in self.indices() {
            if let Some(header) = self.udt(index)
                && !header.forward
            {
                definitions.insert(header.key.to_vec(), index);
            }
        }
        self.definitions = definitions;
    }

    fn indices(&self) -> impl Iterator<Item = TypeIndex> + use<> {
        let first = self.first;
        (0..self.records.len() as u32).map(move |i| TypeIndex(first.saturating_add(i)))
    }

    /// The types that an item record is about, with a name for it: the function of an
    /// `S_INLINESITE` (`LF_FUNC_ID`, `LF_MFUNC_ID`). These records are in the stream of items.
    pub fn function_item(&self, index: TypeIndex) -> Option<(String, Vec<TypeIndex>)> {
        let (kind, mut c) = self.record(index)?;
        let (parent, function) = (c.u32()?, TypeIndex(c.u32()?));
        let name = String::from_utf8_lossy(c.c_string()?).into_owned();
        match kind {
            LF_FUNC_ID => Some((name, vec![function])),
            LF_MFUNC_ID => Some((name, vec![TypeIndex(parent), function])),
            _ => None,
        }
    }

    /// Kind and body of a record.
    fn record(&self, index: TypeIndex) -> Option<(u16, Cursor<'_>)> {
        let slot = index.0.checked_sub(self.first)? as usize;
        let (start, end) = *self.records.get(slot)?;
        let mut cursor = Cursor::new(self.data.get(start as usize..end as usize)?);
        let kind = cursor.u16()?;
        Some((kind, cursor))
    }

    /// The header of a class, structure, union or enumeration.
    fn udt(&self, index: TypeIndex) -> Option<Udt<'_>> {
        let (kind, mut c) = self.record(index)?;
        let _count = c.u16()?;
        let properties = c.u16()?;
        let (fields, size) = match kind {
            LF_CLASS | LF_STRUCTURE | LF_INTERFACE => {
                let fields = c.u32()?;
                c.skip(8)?;
                (fields, c.number()?)
            }
            LF_UNION => (c.u32()?, c.number()?),
            LF_ENUM => {
                let underlying = c.u32()?;
                let fields = c.u32()?;
                // A built-in type; a record here could lead back to this one.
                let size = names::simple_size(TypeIndex(underlying)).unwrap_or(0);
                (fields, size.into())
            }
            _ => return None,
        };
        let name = c.c_string()?;
        let unique = (properties & 0x200 != 0).then(|| c.c_string()).flatten();
        Some(Udt {
            kind,
            forward: properties & 0x80 != 0,
            fields: TypeIndex(fields),
            size,
            name,
            key: unique.unwrap_or(name),
        })
    }

    /// Size of a value of this type in bytes; `None` where it is not known.
    pub fn size_of(&self, index: TypeIndex) -> Option<u32> {
        self.size_at_depth(index, 0)
    }

    fn size_at_depth(&self, index: TypeIndex, depth: u32) -> Option<u32> {
        if depth > MAX_DEPTH {
            return None;
        }
        if index.0 < 0x1000 {
            return names::simple_size(index);
        }
        let (kind, mut c) = self.record(index)?;
        match kind {
            LF_MODIFIER | LF_BITFIELD => self.size_at_depth(TypeIndex(c.u32()?), depth + 1),
            LF_POINTER => {
                c.skip(4)?;
                Some((c.u32()? >> 13) & 0x3f)
            }
            LF_ARRAY => {
                c.skip(8)?;
                u32::try_from(c.number()?).ok()
            }
            LF_CLASS | LF_STRUCTURE | LF_UNION | LF_ENUM | LF_INTERFACE => {
                let header = self.udt(index)?;
                if !header.forward {
                    return u32::try_from(header.size).ok();
                }
                let complete = *self.definitions.get(header.key)?;
                u32::try_from(self.udt(complete)?.size).ok()
            }
            _ => None,
        }
    }
}

/// What class, structure, union and enumeration records have in common.
struct Udt<'a> {
    kind: u16,
    forward: bool,
    fields: TypeIndex,
    size: u64,
    name: &'a [u8],
    key: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enumeration_of_itself_has_an_end() {
        let record = |underlying: u32| {
            let mut body = LF_ENUM.to_le_bytes().to_vec();
            body.extend([0; 4]);
            body.extend(underlying.to_le_bytes());
            body.extend([0; 4]);
            body.extend(b"e\0");
            let mut stream = vec![0; 56];
            stream[4..8].copy_from_slice(&56u32.to_le_bytes());
            stream[8..12].copy_from_slice(&0x1000u32.to_le_bytes());
            stream[16..20].copy_from_slice(&(body.len() as u32 + 2).to_le_bytes());
            stream.extend((body.len() as u16).to_le_bytes());
            stream.extend(body);
            Types::parse(&stream).unwrap().size_of(TypeIndex(0x1000))
        };
        assert_eq!(record(0x74), Some(4));
        assert_eq!(record(0x1000), Some(0));
    }
}
