//! The type stream: sizes of types, and the layout of every class, structure and union.
//!
//! Source: LLVM, "CodeView Type Records", and cvinfo.h of the Microsoft PDB sources.
//! Decoded here because layouts must be read from every producer's records without a
//! panic; every read is bounded by its record.

mod cursor;
mod declared_as;
mod digest;
mod enumeration;
mod fields;
mod holes;
mod inside;
mod layout;
mod leaves;
mod meaning;
mod names;
mod objects;
mod open_end;
mod parts;
mod passing;
mod relations;
mod source;
mod stable;
#[cfg(test)]
mod testing;
mod told;

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::SymbolsError;
use cursor::Cursor;

pub use declared_as::DeclaredAs;
pub use enumeration::Enumeration;
pub use layout::{Definition, Layout, Member};
pub use meaning::Meanings;
pub use names::Returned;
pub use objects::{Behind, Within};
pub use passing::Signature;
pub use relations::{Related, Relation, Relations};
pub use source::SourceOfType;
pub use stable::{is_closure, is_unnamed, last_component};
pub use told::Told;

/// Index of a type record; below 0x1000 a built-in type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeIndex(pub u32);

use leaves::*;

/// How deep a type may nest before it counts as unknown: arrays of arrays of …
const MAX_DEPTH: u32 = 32;
/// Index of the first record of a stream; below are the built-in types.
const FIRST_INDEX: u32 = 0x1000;

/// Number of a stable name in [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u32);

/// The type records of one PDB.
#[derive(Debug, Default)]
pub struct Types {
    /// All records, one after the other, each with its length and kind.
    data: Vec<u8>,
    /// Offset of each record's kind in `data`, and the end of the record.
    records: Vec<(u32, u32)>,
    first: u32,
    /// Stable names of classes, structures, unions and enumerations, and their complete
    /// definitions, by key. Namesakes have one key.
    named: Vec<(String, Vec<TypeIndex>)>,
    keys: HashMap<String, Key>,
    /// The key of each such record.
    key_of: HashMap<TypeIndex, Key>,
    /// Complete definitions by the hash of their unique or plain name, ascending: to resolve
    /// forward references.
    complete: Vec<(u64, TypeIndex)>,
    /// How many records of each kind there are that are not understood.
    pub unknown: BTreeMap<u16, u32>,
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
        if first < FIRST_INDEX {
            return Err(bad(format!(
                "its first index is {first:#x}, below {FIRST_INDEX:#x}"
            )));
        }
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
            ..Types::default()
        };
        types.index();
        Ok(types)
    }

    fn index(&mut self) {
        let mut found = Vec::new();
        for index in self.indices() {
            if let Some(header) = self.udt(index) {
                let name = stable::stable_name(&String::from_utf8_lossy(header.name)).0;
                found.push((index, name, (!header.forward).then(|| hash(header.key))));
            } else if let Some((kind, _)) = self.record(index)
                && !leaves::is_understood(kind)
            {
                *self.unknown.entry(kind).or_default() += 1;
            }
        }
        for (index, name, complete) in found {
            let key = self.key(name);
            self.key_of.insert(index, key);
            if let Some(hash) = complete {
                self.named[key.0 as usize].1.push(index);
                self.complete.push((hash, index));
            }
        }
        self.complete.sort_unstable();
    }

    fn key(&mut self, name: String) -> Key {
        let next = Key(self.named.len() as u32);
        match self.keys.entry(name) {
            std::collections::hash_map::Entry::Occupied(known) => *known.get(),
            std::collections::hash_map::Entry::Vacant(free) => {
                self.named.push((free.key().clone(), Vec::new()));
                *free.insert(next)
            }
        }
    }

    /// Gives a type without a name the name that a `typedef` or a variable has.
    pub(super) fn name_unnamed(&mut self, index: TypeIndex, name: &str) {
        let unnamed = self.unnamed_in(index, 0);
        let indices = unnamed.map(|index| self.resolve(index)).unwrap_or_default();
        for index in indices {
            let key = self.key(format!("{name} (unnamed)"));
            let definitions = &mut self.named[key.0 as usize].1;
            if !definitions.contains(&index) {
                definitions.push(index);
                self.key_of.insert(index, key);
            }
        }
    }

    /// The class, structure, union or enumeration without a name that a type is, or is an
    /// array of.
    fn unnamed_in(&self, index: TypeIndex, depth: u32) -> Option<TypeIndex> {
        let (kind, mut c) = self.record(index).filter(|_| depth < MAX_DEPTH)?;
        match kind {
            LF_MODIFIER | LF_ARRAY | LF_ALIAS => self.unnamed_in(TypeIndex(c.u32()?), depth + 1),
            _ => self.udt(index)?.is_unnamed().then_some(index),
        }
    }

    /// The complete definitions of a class, structure, union or enumeration: itself, or those
    /// that a forward reference can mean. Where several files of a program have a type of one
    /// name, a reference to it does not say which is meant.
    fn resolve(&self, index: TypeIndex) -> Vec<TypeIndex> {
        let Some(header) = self.udt(index) else {
            return Vec::new();
        };
        if !header.forward {
            return vec![index];
        }
        let hash = hash(header.key);
        let from = self.complete.partition_point(|(h, _)| *h < hash);
        let fitting = self.complete[from..].iter().take_while(|(h, _)| *h == hash);
        let same = |index: &TypeIndex| self.udt(*index).is_some_and(|u| u.key == header.key);
        fitting.map(|(_, index)| *index).filter(same).collect()
    }

    /// The name of a class, structure, union or enumeration as its record has it; empty for
    /// other types.
    pub fn display_name(&self, index: TypeIndex) -> String {
        let name = self.udt(index).map(|header| {
            let plain = String::from_utf8_lossy(header.name).into_owned();
            match header.is_unnamed() {
                true => self.key_of.get(&index).map(|k| self.name_of(*k).to_owned()),
                false => Some(plain),
            }
        });
        name.flatten().unwrap_or_default()
    }

    /// The stable name of a key.
    fn name_of(&self, key: Key) -> &str {
        &self.named[key.0 as usize].0
    }

    /// The complete definitions of a key.
    fn definitions_of(&self, key: Key) -> &[TypeIndex] {
        &self.named[key.0 as usize].1
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
        // The newer forms have wider properties, which come first, and the count where the
        // size is.
        let newer = matches!(kind, LF_CLASS2 | LF_STRUCTURE2 | LF_UNION2 | LF_INTERFACE2);
        let properties = match newer {
            true => c.u32()?,
            false => {
                c.u16()?;
                c.u16()?.into()
            }
        };
        let size = |c: &mut Cursor<'_>| {
            if newer {
                c.number()?;
            }
            c.number()
        };
        let mut signed = false;
        let (fields, size) = match kind {
            LF_CLASS | LF_STRUCTURE | LF_INTERFACE | LF_CLASS2 | LF_STRUCTURE2 | LF_INTERFACE2 => {
                let fields = c.u32()?;
                c.skip(8)?;
                (fields, size(&mut c)?)
            }
            LF_UNION | LF_UNION2 => (c.u32()?, size(&mut c)?),
            LF_ENUM => {
                let underlying = c.u32()?;
                let fields = c.u32()?;
                // A built-in type; a record here could lead back to this one.
                let underlying = TypeIndex(underlying);
                let size = names::simple_size(underlying).unwrap_or(0);
                signed = names::simple_text(underlying).starts_with('i');
                (fields, size.into())
            }
            _ => return None,
        };
        let name = c.c_string()?;
        let unique = (properties & 0x200 != 0).then(|| c.c_string()).flatten();
        Some(Udt {
            kind,
            forward: properties & 0x80 != 0,
            scoped: properties & 0x100 != 0,
            // `ctor`, `opassign`
            special: properties & 0x22 != 0,
            fields: TypeIndex(fields),
            size,
            signed,
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
        if index.0 < FIRST_INDEX {
            return names::simple_size(index);
        }
        let (kind, mut c) = self.record(index)?;
        match kind {
            LF_MODIFIER | LF_BITFIELD | LF_ALIAS => {
                self.size_at_depth(TypeIndex(c.u32()?), depth + 1)
            }
            LF_POINTER => {
                c.skip(4)?;
                Some((c.u32()? >> 13) & 0x3f)
            }
            LF_ARRAY => {
                c.skip(8)?;
                u32::try_from(c.number()?).ok()
            }
            _ => {
                let complete = self.resolve(index);
                let sizes = complete.iter().map(|i| Some(self.udt(*i)?.size));
                let sizes = sizes.collect::<Option<Vec<u64>>>()?;
                let same = sizes.windows(2).all(|pair| pair[0] == pair[1]);
                // Which of several is meant cannot be told.
                u32::try_from(*sizes.first().filter(|_| same)?).ok()
            }
        }
    }
}

fn hash(name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// What class, structure, union and enumeration records have in common.
struct Udt<'a> {
    kind: u16,
    forward: bool,
    /// Declared within a function.
    scoped: bool,
    /// It has a constructor, a destructor or an assignment of its own, or is not trivial.
    special: bool,
    fields: TypeIndex,
    size: u64,
    /// Whether the values of an enumeration can be negative.
    signed: bool,
    name: &'a [u8],
    key: &'a [u8],
}

impl Udt<'_> {
    fn is_unnamed(&self) -> bool {
        stable::is_unnamed(&String::from_utf8_lossy(self.name))
    }
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
