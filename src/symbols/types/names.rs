//! Types as text, and the built-in types.

use std::cell::Cell;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::{
    LF_ALIAS, LF_ARGLIST, LF_ARRAY, LF_BITFIELD, LF_ENUM, LF_MFUNCTION, LF_MODIFIER, LF_POINTER,
    LF_PROCEDURE, MAX_DEPTH, TypeIndex, Types,
};

/// How many records one layout may be made of before it counts as unknown.
const MAX_RECORDS: u32 = 1 << 16;

/// Calling conventions that pass arguments in other places than the default one of x64.
const VECTOR_CALL: u8 = 0x18;

/// Size of a built-in type in bytes (LLVM, "CodeView Type Records", simple types):
/// the low byte is the kind, bits 8 to 11 say whether it is a pointer to it.
pub fn simple_size(index: TypeIndex) -> Option<u32> {
    match (index.0 >> 8) & 0xf {
        0 => {}
        1 => return Some(2),
        2..=5 => return Some(4),
        6 => return Some(8),
        7 => return Some(16),
        _ => return None,
    }
    match index.0 & 0xff {
        0x10 | 0x20 | 0x30 | 0x68 | 0x69 | 0x70 | 0x7c => Some(1),
        0x11 | 0x21 | 0x31 | 0x46 | 0x71 | 0x72 | 0x73 | 0x7a => Some(2),
        0x12 | 0x22 | 0x32 | 0x40 | 0x45 | 0x74 | 0x75 | 0x7b | 0x08 => Some(4),
        0x13 | 0x23 | 0x33 | 0x41 | 0x50 | 0x76 | 0x77 => Some(8),
        0x44 => Some(6),
        0x42 => Some(10),
        0x14 | 0x24 | 0x34 | 0x43 | 0x51 | 0x78 | 0x79 => Some(16),
        _ => None,
    }
}

/// A built-in type as text: integers of one width and signedness are one type, whatever the
/// source calls them.
pub(super) fn simple_text(index: TypeIndex) -> String {
    let kind = match index.0 & 0xff {
        0x03 => "void".to_owned(),
        0x10 | 0x68 | 0x70 => "i8".to_owned(),
        0x20 | 0x69 | 0x7c => "u8".to_owned(),
        0x11 | 0x72 => "i16".to_owned(),
        0x21 | 0x71 | 0x73 | 0x7a => "u16".to_owned(),
        0x08 | 0x12 | 0x74 => "i32".to_owned(),
        0x22 | 0x75 | 0x7b => "u32".to_owned(),
        0x13 | 0x76 => "i64".to_owned(),
        0x23 | 0x77 => "u64".to_owned(),
        0x14 | 0x78 => "i128".to_owned(),
        0x24 | 0x79 => "u128".to_owned(),
        0x30..=0x34 => format!("bool{}", 8 << (index.0 & 7)),
        0x40 => "f32".to_owned(),
        0x41 => "f64".to_owned(),
        other => format!("builtin {other:#x}"),
    };
    match (index.0 >> 8) & 0xf {
        0 => kind,
        _ => kind + "*",
    }
}

impl Types {
    /// Whether a type is an array, constant or not.
    pub fn is_array(&self, index: TypeIndex) -> bool {
        let mut index = index;
        for _ in 0..MAX_DEPTH {
            match self.record(index) {
                Some((LF_ARRAY, _)) => return true,
                Some((LF_MODIFIER, mut c)) => index = TypeIndex(c.u32().unwrap_or(0)),
                _ => return false,
            }
        }
        false
    }

    /// A type as text, the same in two builds when the type is the same. Pointers are
    /// named by what they point to; layouts are not expanded.
    pub fn type_name(&self, index: TypeIndex) -> String {
        Text::new(self)
            .of(index)
            .unwrap_or_else(|| "unknown".into())
    }

    /// Whether functions of a type are handed anything: an object or arguments. `None` for what
    /// is no function type.
    pub fn takes_anything(&self, index: TypeIndex) -> Option<bool> {
        let (kind, mut c) = self.record(index)?;
        c.skip(4)?;
        let this = match kind {
            LF_PROCEDURE => 0,
            LF_MFUNCTION => {
                c.skip(4)?;
                c.u32()?
            }
            _ => return None,
        };
        c.skip(2)?;
        Some(this != 0 || c.u16()? != 0)
    }

    /// What functions of a type return. `None` for what is no function type.
    pub fn returned(&self, index: TypeIndex) -> Option<Returned> {
        let TypeIndex(result) = self.result_of(index)?;
        // cvinfo.h, TYPE_ENUM_e: T_VOID; T_CHAR, T_UCHAR, T_BOOL08, T_INT1, T_UINT1, T_RCHAR,
        // T_CHAR8; other integers; pointers have a mode.
        Some(match result {
            0x03 => Returned::Nothing,
            0x10 | 0x20 | 0x30 | 0x68 | 0x69 | 0x70 | 0x7c => Returned::Byte,
            0x08 | 0x11..=0x13 | 0x21..=0x23 | 0x31..=0x33 | 0x71..=0x77 | 0x7a | 0x7b => {
                Returned::Integer
            }
            0x100..=0xfff => Returned::Integer,
            _ => match self.record(TypeIndex(result))?.0 {
                LF_POINTER | LF_ENUM => Returned::Integer,
                _ => Returned::Other,
            },
        })
    }

    /// How many registers or places functions of a type get arguments in, at most: with the
    /// object, and with where the result goes. `None` where the number is open or not known.
    pub fn places_of_arguments(&self, index: TypeIndex) -> Option<u32> {
        let (kind, mut c) = self.record(index)?;
        c.skip(4)?;
        let this = match kind {
            LF_PROCEDURE => 0,
            LF_MFUNCTION => {
                c.skip(4)?;
                c.u32()?
            }
            _ => return None,
        };
        c.skip(2)?;
        let count = u32::from(c.u16()?);
        let list = self.arguments(TypeIndex(c.u32()?))?;
        // An argument without a type stands for any number of them.
        let is_open = list.len() != count as usize || list.iter().any(|t| t.0 == 0);
        let result = u32::from(self.returned(index)? == Returned::Other);
        (!is_open && count > 0).then_some(count + u32::from(this != 0) + result)
    }

    /// The types in a list of arguments.
    pub(super) fn arguments(&self, index: TypeIndex) -> Option<Vec<TypeIndex>> {
        let (LF_ARGLIST, mut c) = self.record(index)? else {
            return None;
        };
        let count = c.u32()?;
        (0..count).map(|_| Some(TypeIndex(c.u32()?))).collect()
    }
}

/// What a function returns, as far as it matters where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Nothing.
    Nothing,
    /// One byte in a register.
    Byte,
    /// An integer or an address in a general-purpose register.
    Integer,
    /// Something else.
    Other,
}

/// Makes texts of types, within a bound.
pub(super) struct Text<'t> {
    types: &'t Types,
    depth: u32,
    records: Rc<Cell<u32>>,
}

impl<'t> Text<'t> {
    pub fn new(types: &'t Types) -> Self {
        Text {
            types,
            depth: 0,
            records: Rc::default(),
        }
    }

    /// The same for what is nested in a type; `None` where it is nested too deeply, or where
    /// there is too much of it.
    pub fn deeper(&self) -> Option<Text<'t>> {
        self.records.set(self.records.get().saturating_add(1));
        let within = self.depth < MAX_DEPTH && self.records.get() <= MAX_RECORDS;
        within.then(|| Text {
            types: self.types,
            depth: self.depth + 1,
            records: Rc::clone(&self.records),
        })
    }

    /// The text of a type; `None` where a part of it is not understood.
    pub fn of(&self, index: TypeIndex) -> Option<String> {
        if index.0 < super::FIRST_INDEX {
            return Some(simple_text(index));
        }
        self.deeper()?.record(index)
    }

    fn record(&self, index: TypeIndex) -> Option<String> {
        let of = |index: u32| self.of(TypeIndex(index));
        let (kind, mut c) = self.types.record(index)?;
        match kind {
            LF_MODIFIER | LF_ALIAS => of(c.u32()?),
            LF_POINTER => {
                let pointee = of(c.u32()?)?;
                let attributes = c.u32()?;
                // A pointer to a member is an offset, or a function with offsets.
                Some(match (attributes >> 5) & 7 {
                    2 | 3 => {
                        let (class, size) = (of(c.u32()?)?, (attributes >> 13) & 0x3f);
                        format!("{pointee} {class}::* of {size} bytes")
                    }
                    _ => format!("{pointee}*"),
                })
            }
            LF_BITFIELD => {
                let base = of(c.u32()?)?;
                let bits = c.u16()?;
                Some(format!("{base}:{} at bit {}", bits & 0xff, bits >> 8))
            }
            LF_ARRAY => {
                let element = of(c.u32()?)?;
                c.skip(4)?;
                Some(format!("{element}[{:#x} bytes]", c.number()?))
            }
            LF_PROCEDURE | LF_MFUNCTION => {
                let result = of(c.u32()?)?;
                if kind == LF_MFUNCTION {
                    c.skip(8)?;
                }
                let convention = match c.u16()?.to_le_bytes()[0] {
                    VECTOR_CALL => "vectorcall ",
                    _ => "",
                };
                c.skip(2)?;
                let list = self.list(TypeIndex(c.u32()?))?;
                Some(format!("{convention}{result} ({list})"))
            }
            _ => self.class(index),
        }
    }

    /// The texts of a list of arguments.
    pub(super) fn list(&self, index: TypeIndex) -> Option<String> {
        let list = self.types.arguments(index)?;
        let texts = list.into_iter().map(|index| self.of(index));
        Some(texts.collect::<Option<Vec<String>>>()?.join(", "))
    }

    /// A class, structure, union or enumeration: its name, and of one without a name what it
    /// consists of. How wide the values of an enumeration are is part of it.
    fn class(&self, index: TypeIndex) -> Option<String> {
        let header = self.types.udt(index)?;
        let complete = self.types.resolve(index);
        let key = *self.types.key_of.get(&index)?;
        let name = match header.is_unnamed() {
            true => "enumeration",
            false => self.types.name_of(key),
        };
        if header.kind == LF_ENUM {
            let sizes = complete
                .iter()
                .filter_map(|i| Some(self.types.udt(*i)?.size));
            let mut sizes: Vec<u64> = sizes.collect();
            sizes.sort_unstable();
            sizes.dedup();
            let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
            return Some(format!("{name} of {} bytes", sizes.join(" or ")));
        }
        if !header.is_unnamed() {
            return Some(name.to_owned());
        }
        // Which one a forward reference means is not known where several share the name.
        let mut layouts = Vec::new();
        for index in complete {
            let layout = self.types.layout(&self.types.udt(index)?, self);
            if layout.incomplete {
                return None;
            }
            layouts.push(layout);
        }
        layouts.sort();
        layouts.dedup();
        let digest = hex::encode(Sha256::digest(format!("{layouts:?}")));
        Some(format!("unnamed {}", digest.get(..16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_builtin_types() {
        for (index, size) in [
            (0x0074, 4),
            (0x0013, 8),
            (0x0620, 8),
            (0x0070, 1),
            (0x0041, 8),
        ] {
            assert_eq!(simple_size(TypeIndex(index)), Some(size), "{index:#x}");
        }
        assert_eq!(simple_size(TypeIndex(0x0003)), None);
    }

    #[test]
    fn integers_of_one_width_are_one_type() {
        let text = |index| simple_text(TypeIndex(index));
        assert_eq!(text(0x12), text(0x74));
        assert_eq!(text(0x71), text(0x21));
        assert_eq!(text(0x620), "u8*");
        assert_ne!(text(0x74), text(0x75));
        assert_ne!(text(0x30), text(0x20));
    }
}
