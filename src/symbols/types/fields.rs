//! What the field lists of classes, structures, unions and enumerations hold.

use super::cursor::Cursor;
use super::leaves::{LF_FIELDLIST, LF_METHODLIST};
use super::{TypeIndex, Types, Udt};

const LF_BCLASS: u16 = 0x1400;
const LF_VBCLASS: u16 = 0x1401;
const LF_IVBCLASS: u16 = 0x1402;
const LF_INDEX: u16 = 0x1404;
const LF_VFUNCTAB: u16 = 0x1409;
const LF_ENUMERATE: u16 = 0x1502;
const LF_MEMBER: u16 = 0x150d;
const LF_STMEMBER: u16 = 0x150e;
const LF_METHOD: u16 = 0x150f;
const LF_NESTTYPE: u16 = 0x1510;
const LF_ONEMETHOD: u16 = 0x1511;
const LF_BINTERFACE: u16 = 0x151a;
const LF_FRIENDCLS: u16 = 0x140a;
const LF_FRIENDFCN: u16 = 0x150c;
const LF_NESTTYPEEX: u16 = 0x1512;
const LF_MEMBERMODIFY: u16 = 0x1513;

/// A field list may continue in another; real ones do so a handful of times.
const MAX_FIELD_LISTS: usize = 4096;

impl Types {
    /// Hands every field of a class, structure or union to `each`; `None` where a part of
    /// its record is not understood.
    pub(super) fn fields_of(
        &self,
        header: &Udt<'_>,
        each: &mut dyn FnMut(Field<'_>),
    ) -> Option<()> {
        let mut next = (header.fields.0 != 0).then_some(header.fields);
        let mut read = Vec::new();
        while read.len() < MAX_FIELD_LISTS {
            let Some(index) = next else { return Some(()) };
            if read.contains(&index) {
                return None;
            }
            read.push(index);
            let (LF_FIELDLIST, cursor) = self.record(index)? else {
                return None;
            };
            next = self.fields(cursor, header.name, each)?;
        }
        None
    }

    /// Reads one field list; `None` where a field is not understood, else the list
    /// that continues it.
    fn fields(
        &self,
        mut c: Cursor<'_>,
        class: &[u8],
        each: &mut dyn FnMut(Field<'_>),
    ) -> Option<Option<TypeIndex>> {
        let mut continuation = None;
        while !c.at_end() {
            match c.u16()? {
                LF_INDEX => {
                    c.skip(2)?;
                    continuation = Some(TypeIndex(c.u32()?));
                }
                LF_MEMBER => {
                    if is_hidden(c.u16()?) {
                        each(Field::NotPlain);
                    }
                    let member_type = TypeIndex(c.u32()?);
                    let offset = c.number()?;
                    let name = c.c_string()?;
                    each(Field::Member {
                        offset,
                        name,
                        member_type,
                    });
                }
                LF_BCLASS | LF_BINTERFACE => {
                    c.skip(2)?;
                    let base = TypeIndex(c.u32()?);
                    let offset = c.number()?;
                    each(Field::Base { offset, base });
                }
                LF_VBCLASS | LF_IVBCLASS => {
                    c.skip(2)?;
                    let base = TypeIndex(c.u32()?);
                    c.skip(4)?;
                    let (pointer, slot) = (c.number()?, c.number()?);
                    each(Field::VirtualBase {
                        pointer,
                        slot,
                        base,
                    });
                }
                LF_VFUNCTAB => {
                    c.skip(2)?;
                    c.u32()?;
                    each(Field::Table);
                }
                LF_ONEMETHOD => {
                    let attributes = c.u16()?;
                    c.skip(4)?;
                    let slot = introduces(attributes).then(|| c.u32());
                    let name = c.c_string()?;
                    if let Some(slot) = slot {
                        each(Field::VirtualFunction { slot: slot?, name });
                    }
                    if counts_elements(attributes, name) {
                        each(Field::Destructor);
                    }
                    if is_special(class, name) {
                        each(Field::NotPlain);
                    }
                }
                LF_METHOD => {
                    c.skip(2)?;
                    let list = TypeIndex(c.u32()?);
                    let name = c.c_string()?;
                    self.overloads(list, name, each)?;
                    if counts_elements(0, name) {
                        each(Field::Destructor);
                    }
                    if is_special(class, name) {
                        each(Field::NotPlain);
                    }
                }
                LF_STMEMBER | LF_NESTTYPE | LF_NESTTYPEEX | LF_MEMBERMODIFY | LF_FRIENDFCN => {
                    c.skip(6)?;
                    c.c_string()?;
                }
                LF_FRIENDCLS => c.skip(6)?,
                LF_ENUMERATE => {
                    c.skip(2)?;
                    let value = c.signed_number()?;
                    let name = c.c_string()?;
                    each(Field::Enumerator { name, value });
                }
                _ => return None,
            }
        }
        Some(continuation)
    }

    /// The overloads of a method that bring a new slot of the virtual function table.
    fn overloads(
        &self,
        list: TypeIndex,
        name: &[u8],
        each: &mut dyn FnMut(Field<'_>),
    ) -> Option<()> {
        let (LF_METHODLIST, mut c) = self.record(list)? else {
            return None;
        };
        while !c.at_end() {
            let attributes = c.u16()?;
            c.skip(6)?;
            if introduces(attributes) {
                let slot = c.u32()?;
                each(Field::VirtualFunction { slot, name });
            }
        }
        Some(())
    }
}

/// A part of an object that a field list names.
pub(super) enum Field<'f> {
    /// A data member.
    Member {
        offset: u64,
        name: &'f [u8],
        member_type: TypeIndex,
    },
    /// A base class.
    Base { offset: u64, base: TypeIndex },
    /// A virtual base class: where the pointer to its table is, and its slot there.
    VirtualBase {
        pointer: u64,
        slot: u64,
        base: TypeIndex,
    },
    /// The pointer to the virtual function table.
    Table,
    /// A function that brings a new slot of the virtual function table.
    VirtualFunction { slot: u32, name: &'f [u8] },
    /// A destructor that the source has, or an `operator delete[]`.
    Destructor,
    /// Something for which objects may be handed over in another way than a structure of C: a
    /// constructor, a destructor, an assignment, a member that is not public.
    NotPlain,
    /// A named value of an enumeration.
    Enumerator { name: &'f [u8], value: i128 },
}

/// Whether a method's attributes say that it brings a new slot (`CV_MTintro`,
/// `CV_MTpureintro`).
fn introduces(attributes: u16) -> bool {
    matches!((attributes >> 2) & 7, 4 | 6)
}

/// Whether a method is one for which `new[]` may keep the number of elements before an array: a
/// destructor, or an `operator delete[]` (Itanium C++ ABI 2.7; Microsoft's does the same). A
/// destructor that the compiler adds (`CV_fldattr_t::compgenx`) is there for that of a member
/// or base.
fn counts_elements(attributes: u16, name: &[u8]) -> bool {
    let is_generated = attributes & 0x100 != 0;
    (name.starts_with(b"~") && !is_generated) || name == b"operator delete[]"
}

/// Whether a member's attributes say that it is private or protected.
fn is_hidden(attributes: u16) -> bool {
    matches!(attributes & 3, 1 | 2)
}

/// Whether a method of a class makes, copies or ends its objects.
fn is_special(class: &[u8], name: &[u8]) -> bool {
    let plain = |name: &[u8]| {
        let end = name.iter().position(|b| *b == b'<');
        let name = &name[..end.unwrap_or(name.len())];
        let start = name.iter().rposition(|b| *b == b':').map_or(0, |at| at + 1);
        name[start..].to_vec()
    };
    name.starts_with(b"~") || name == b"operator=" || plain(name) == plain(class)
}
