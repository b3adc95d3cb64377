//! Layouts of classes, structures and unions: what two builds must agree on for
//! objects of the running program to make sense to new code.

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::{LF_ENUM, TypeIndex, Types, Udt};

const LF_FIELDLIST: u16 = 0x1203;
const LF_METHODLIST: u16 = 0x1206;
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

/// A field list may continue in another; real ones do so a handful of times.
const MAX_FIELD_LISTS: u32 = 4096;

/// One thing that has a place in an object: a member, a base, a virtual function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Offset in the object, or in the virtual function table, in bytes.
    pub offset: u64,
    /// Name of the member, or what it is (`base`, `vtable`, …).
    pub name: String,
    /// Its type as text.
    pub type_name: String,
}

/// The layout of one class, structure or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Size of an object in bytes.
    pub size: u64,
    /// Everything with a place in it, in the order of the record.
    pub members: Vec<Member>,
    /// Whether a part of the record was not understood, so that equality proves nothing.
    pub incomplete: bool,
}

impl Types {
    /// The layouts of all complete classes, structures and unions, by plain name.
    /// Names that are not unique (unnamed types) have several.
    pub fn layouts(&self) -> BTreeMap<String, Vec<Layout>> {
        let mut layouts: BTreeMap<String, Vec<Layout>> = BTreeMap::new();
        for index in self.indices() {
            let Some(header) = self.udt(index) else {
                continue;
            };
            if header.forward || header.kind == LF_ENUM {
                continue;
            }
            let name = String::from_utf8_lossy(header.key).into_owned();
            let layout = self.layout(&header);
            let known = layouts.entry(name).or_default();
            if !known.contains(&layout) {
                known.push(layout);
            }
        }
        layouts
    }

    /// The layout of the class, structure or union with this key, where it is defined.
    pub(super) fn layout_of(&self, key: &[u8]) -> Option<Layout> {
        let header = self.udt(*self.definitions.get(key)?)?;
        (header.kind != LF_ENUM).then(|| self.layout(&header))
    }

    /// The plain name that belongs to a key of [`Self::layouts`].
    pub fn display_name(&self, key: &str) -> String {
        let index = self.definitions.get(key.as_bytes());
        let header = index.and_then(|i| self.udt(*i));
        header.map_or_else(
            || key.to_owned(),
            |h| String::from_utf8_lossy(h.name).into_owned(),
        )
    }

    fn layout(&self, header: &Udt<'_>) -> Layout {
        let mut members = Vec::new();
        let complete = self.fields_of(header, &mut |field| {
            let (offset, name, type_name) = match field {
                Field::Member {
                    offset,
                    name,
                    member_type,
                } => (offset, text(name), self.type_name(member_type)),
                Field::Base { offset, base } => (offset, "base".into(), self.type_name(base)),
                Field::VirtualBase {
                    pointer,
                    slot,
                    base,
                } => {
                    let name = format!("virtual base, slot {slot}");
                    (pointer, name, self.type_name(base))
                }
                Field::Table => (0, "vtable".into(), "pointer".into()),
                Field::VirtualFunction { slot, name } => {
                    (slot.into(), text(name), "virtual function".into())
                }
            };
            members.push(Member {
                offset,
                name,
                type_name,
            });
        });
        Layout {
            size: header.size,
            members,
            incomplete: complete.is_none(),
        }
    }

    /// Hands every field of a class, structure or union to `each`; `None` where a part of
    /// its record is not understood.
    pub(super) fn fields_of(
        &self,
        header: &Udt<'_>,
        each: &mut dyn FnMut(Field<'_>),
    ) -> Option<()> {
        let mut next = (header.fields.0 != 0).then_some(header.fields);
        for _ in 0..MAX_FIELD_LISTS {
            let Some(index) = next else { return Some(()) };
            let (LF_FIELDLIST, cursor) = self.record(index)? else {
                return None;
            };
            next = self.fields(cursor, each)?;
        }
        None
    }

    /// Reads one field list; `None` where a field is not understood, else the list
    /// that continues it.
    fn fields(
        &self,
        mut c: Cursor<'_>,
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
                    c.skip(2)?;
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
                }
                LF_METHOD => {
                    c.skip(2)?;
                    let list = TypeIndex(c.u32()?);
                    let name = c.c_string()?;
                    self.overloads(list, name, each)?;
                }
                LF_STMEMBER | LF_NESTTYPE => {
                    c.skip(6)?;
                    c.c_string()?;
                }
                LF_ENUMERATE => {
                    c.skip(2)?;
                    c.number()?;
                    c.c_string()?;
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
}

/// Whether a method's attributes say that it brings a new slot (`CV_MTintro`,
/// `CV_MTpureintro`).
fn introduces(attributes: u16) -> bool {
    matches!((attributes >> 2) & 7, 4 | 6)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
