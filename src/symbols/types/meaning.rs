//! Whether what is stored in a variable means the same to two builds.
//!
//! Names of integer types, `const` and `volatile` mean nothing to a value; which structure a
//! pointer leads to does. Types of one name count as the same here: whether their layouts
//! are is another question (see [`layout`](super::layout)).

use std::collections::HashSet;

use super::fields::Field;
use super::names::simple_text;
use super::{
    LF_ALIAS, LF_ARRAY, LF_BITFIELD, LF_ENUM, LF_MFUNCTION, LF_MODIFIER, LF_POINTER, LF_PROCEDURE,
    MAX_DEPTH, TypeIndex, Types,
};

/// Compares types of two builds by what a stored value means.
pub struct Meanings<'t> {
    old: &'t Types,
    new: &'t Types,
    /// Pairs that are being compared, or were found to be the same.
    same: HashSet<(TypeIndex, TypeIndex)>,
}

/// A type, as far as a value is concerned.
enum Shape {
    Void,
    /// A number, with its text.
    Number(String),
    /// A pointer to this.
    Pointer(TypeIndex),
    /// A pointer to a member: its class, and the member's type.
    MemberPointer(TypeIndex, TypeIndex),
    /// An array: its element, its size in bytes.
    Array(TypeIndex, u64),
    /// Some bits of a type.
    Bits(TypeIndex, u16),
    /// Result and parameters.
    Function(TypeIndex, Vec<TypeIndex>),
    /// A class, structure or union.
    Class,
    /// An enumeration with values of this type.
    Enumeration(TypeIndex),
}

/// A part of an object: offset, name, type.
type Part = (u64, String, TypeIndex);

impl<'t> Meanings<'t> {
    /// The comparison of two builds' types.
    pub fn new(old: &'t Types, new: &'t Types) -> Self {
        Meanings {
            old,
            new,
            same: HashSet::new(),
        }
    }

    /// Whether a value of a type of the old build means the same as one of a type of the new
    /// build; `None` where a type is not understood or not known.
    pub fn same(&mut self, old: TypeIndex, new: TypeIndex) -> Option<bool> {
        self.same.clear();
        self.compare(old, new, 0)
    }

    fn compare(&mut self, old: TypeIndex, new: TypeIndex, depth: u32) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (old, new) = (self.old.bare(old)?, self.new.bare(new)?);
        if !self.same.insert((old, new)) {
            return Some(true);
        }
        match (self.old.shape(old)?, self.new.shape(new)?) {
            (Shape::Void, Shape::Void) => Some(true),
            (Shape::Number(a), Shape::Number(b)) => Some(a == b),
            (Shape::Pointer(a), Shape::Pointer(b)) => {
                // Memory that nobody has given a type yet.
                let raw = |types: &Types, index| {
                    let shape = types.bare(index).and_then(|index| types.shape(index));
                    match shape {
                        Some(Shape::Void) => true,
                        Some(Shape::Number(text)) => text == "i8" || text == "u8",
                        _ => false,
                    }
                };
                match raw(self.old, a) && raw(self.new, b) {
                    true => Some(true),
                    false => self.compare(a, b, depth + 1),
                }
            }
            (Shape::MemberPointer(c, a), Shape::MemberPointer(d, b)) => {
                Some(self.compare(c, d, depth + 1)? && self.compare(a, b, depth + 1)?)
            }
            (Shape::Array(a, size), Shape::Array(b, other)) => {
                Some(size == other && self.compare(a, b, depth + 1)?)
            }
            (Shape::Bits(a, bits), Shape::Bits(b, other)) => {
                Some(bits == other && self.compare(a, b, depth + 1)?)
            }
            (Shape::Function(a, list), Shape::Function(b, other)) => {
                if list.len() != other.len() || !self.compare(a, b, depth + 1)? {
                    return Some(false);
                }
                for (a, b) in list.into_iter().zip(other) {
                    if !self.compare(a, b, depth + 1)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            (Shape::Enumeration(a), Shape::Enumeration(b)) => {
                Some(self.same_enumeration(old, new) && self.compare(a, b, depth + 1)?)
            }
            // An enumeration is stored as its number, and often takes the place of one.
            (Shape::Enumeration(a), Shape::Number(_)) => self.compare(a, new, depth + 1),
            (Shape::Number(_), Shape::Enumeration(b)) => self.compare(old, b, depth + 1),
            (Shape::Class, Shape::Class) => self.same_class(old, new, depth),
            _ => Some(false),
        }
    }

    fn same_enumeration(&self, old: TypeIndex, new: TypeIndex) -> bool {
        let (a, b) = (self.old.udt(old), self.new.udt(new));
        let (Some(a), Some(b)) = (a, b) else {
            return false;
        };
        let names = (self.old.stable_name_of(old), self.new.stable_name_of(new));
        let named = !a.is_unnamed() && !b.is_unnamed() && names.0 == names.1;
        named
            || self
                .old
                .enumeration(&a)
                .changed(&self.new.enumeration(&b))
                .is_none()
    }

    fn same_class(&mut self, old: TypeIndex, new: TypeIndex, depth: u32) -> Option<bool> {
        let (a, b) = (self.old.udt(old)?, self.new.udt(new)?);
        let names = (self.old.stable_name_of(old), self.new.stable_name_of(new));
        if !a.is_unnamed() && !b.is_unnamed() && names.0 == names.1 {
            return Some(true);
        }
        // What the arguments of a template mean need not show in its parts.
        let templates = names.0.zip(names.1).and_then(|(a, b)| {
            let (a, b) = (a.split_once('<')?, b.split_once('<')?);
            (!a.0.is_empty()).then_some((a.0, b.0))
        });
        if templates.is_some_and(|(a, b)| a == b) {
            return Some(false);
        }
        // Under another name the same parts are the same thing.
        let (definitions, others) = (self.old.resolve(old), self.new.resolve(new));
        let ([definition], [other]) = (&definitions[..], &others[..]) else {
            return match definitions.is_empty() || others.is_empty() {
                // Only declared, under another name: nothing says that they are the same.
                true => Some(false),
                false => None,
            };
        };
        let (parts, others) = (self.old.parts(*definition)?, self.new.parts(*other)?);
        if parts.0 != others.0 || parts.1.len() != others.1.len() {
            return Some(false);
        }
        for ((at, name, a), (other_at, other_name, b)) in parts.1.into_iter().zip(others.1) {
            if at != other_at || name != other_name || !self.compare(a, b, depth + 1)? {
                return Some(false);
            }
        }
        Some(true)
    }
}

impl Types {
    /// A type without `const`, `volatile` and other names for it.
    fn bare(&self, index: TypeIndex) -> Option<TypeIndex> {
        let mut index = index;
        for _ in 0..MAX_DEPTH {
            if index.0 < super::FIRST_INDEX {
                return Some(index);
            }
            match self.record(index)? {
                (LF_MODIFIER | LF_ALIAS, mut c) => index = TypeIndex(c.u32()?),
                _ => return Some(index),
            }
        }
        None
    }

    fn shape(&self, index: TypeIndex) -> Option<Shape> {
        if index.0 < super::FIRST_INDEX {
            return Some(match (index.0 & 0xf00, index.0 & 0xff) {
                (0, 3) => Shape::Void,
                // Nothing is known of it.
                (0, 0) => return None,
                (0, _) => Shape::Number(simple_text(index)),
                _ => Shape::Pointer(TypeIndex(index.0 & 0xff)),
            });
        }
        let (kind, mut c) = self.record(index)?;
        Some(match kind {
            LF_POINTER => {
                let pointee = TypeIndex(c.u32()?);
                match (c.u32()? >> 5) & 7 {
                    2 | 3 => Shape::MemberPointer(TypeIndex(c.u32()?), pointee),
                    _ => Shape::Pointer(pointee),
                }
            }
            LF_ARRAY => {
                let element = TypeIndex(c.u32()?);
                c.skip(4)?;
                Shape::Array(element, c.number()?)
            }
            LF_BITFIELD => Shape::Bits(TypeIndex(c.u32()?), c.u16()?),
            LF_PROCEDURE | LF_MFUNCTION => {
                let result = TypeIndex(c.u32()?);
                if kind == LF_MFUNCTION {
                    c.skip(8)?;
                }
                c.skip(4)?;
                Shape::Function(result, self.arguments(TypeIndex(c.u32()?))?)
            }
            LF_ENUM => {
                c.skip(4)?;
                Shape::Enumeration(TypeIndex(c.u32()?))
            }
            _ => self.udt(index).map(|_| Shape::Class)?,
        })
    }

    /// The stable name of a class, structure, union or enumeration.
    fn stable_name_of(&self, index: TypeIndex) -> Option<&str> {
        Some(self.name_of(*self.key_of.get(&index)?))
    }

    /// Size and parts of a complete class, structure or union; `None` where its record is not
    /// understood.
    fn parts(&self, index: TypeIndex) -> Option<(u64, Vec<Part>)> {
        let header = self.udt(index)?;
        let mut parts = Vec::new();
        self.fields_of(&header, &mut |field| {
            let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            parts.push(match field {
                Field::Member {
                    offset,
                    name,
                    member_type,
                } => (offset, text(name), member_type),
                Field::Base { offset, base } => (offset, "base".into(), base),
                Field::VirtualBase {
                    pointer,
                    slot,
                    base,
                } => (pointer, format!("virtual base, slot {slot}"), base),
                Field::Table => (0, "vtable".into(), TypeIndex(3)),
                Field::VirtualFunction { slot, name } => (slot.into(), text(name), TypeIndex(3)),
                Field::Destructor | Field::NotPlain | Field::Enumerator { .. } => return,
            });
        })?;
        Some((header.size, parts))
    }
}
