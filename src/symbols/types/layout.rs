//! Layouts of classes, structures and unions: what two builds must agree on for
//! objects of the running program to make sense to new code.

use std::collections::BTreeMap;

use super::fields::Field;
use super::names::Text;
use super::{Key, LF_ALIAS, LF_ENUM, LF_MODIFIER, MAX_DEPTH, TypeIndex, Types, Udt, stable};

/// One thing that has a place in an object: a member, a base, a virtual function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Offset in the object, or in the virtual function table, in bytes.
    pub offset: u64,
    /// Name of the member, or what it is (`base`, `vtable`, …). A member of a member whose type
    /// has no name is called `outer.inner`.
    pub name: String,
    /// Its type as text.
    pub type_name: String,
}

/// The layout of one class, structure or union.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layout {
    /// Size of an object in bytes.
    pub size: u64,
    /// Everything with a place in it, in the order of the record.
    pub members: Vec<Member>,
    /// Whether it has a destructor or an `operator delete[]` of its own, for which arrays of it
    /// that `new[]` makes have their length before them.
    pub destroys: bool,
    /// Whether a part of the record was not understood, so that equality proves nothing.
    pub incomplete: bool,
}

/// One of the types that share a stable name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition<T> {
    /// Its record.
    pub index: TypeIndex,
    /// Whether it is one of many that only a number or a hash tells apart, or that blocks of
    /// functions declare: another one beside it says nothing about it.
    pub numbered: bool,
    /// Whether it is what a lambda or a closure holds: of these one more is nothing unusual.
    pub closure: bool,
    /// What it defines.
    pub content: T,
}

impl Types {
    /// The layouts of all complete classes, structures and unions, by stable name. Types of
    /// several files can share a name; those without one are part of what they are members of,
    /// and have the name that a `typedef` or a variable gives them.
    pub fn layouts(&self) -> BTreeMap<&str, Vec<Definition<Layout>>> {
        self.by_name(|types, header| {
            (header.kind != LF_ENUM).then(|| types.layout(header, &Text::new(types)))
        })
    }

    /// What `make` makes of complete definitions, by stable name.
    pub(super) fn by_name<T>(
        &self,
        make: impl Fn(&Types, &Udt<'_>) -> Option<T>,
    ) -> BTreeMap<&str, Vec<Definition<T>>> {
        let mut all = BTreeMap::new();
        for (name, indices) in &self.named {
            let mut definitions = Vec::new();
            for index in indices {
                let Some(header) = self.udt(*index) else {
                    continue;
                };
                // One of a function has at least its name.
                let of_function = header.scoped && name.contains("::");
                if header.is_unnamed() && stable::is_unnamed(name) && !of_function {
                    continue;
                }
                let plain = String::from_utf8_lossy(header.name);
                if let Some(content) = make(self, &header) {
                    definitions.push(Definition {
                        index: *index,
                        numbered: header.scoped || stable::stable_name(&plain).1,
                        closure: stable::is_closure(&plain),
                        content,
                    });
                }
            }
            if !definitions.is_empty() {
                all.insert(name.as_str(), definitions);
            }
        }
        all
    }

    /// The layout of the class, structure or union with this key, where it is defined, and
    /// where there is but one.
    pub(super) fn layout_of(&self, key: Key) -> Option<Layout> {
        let headers = self.definitions_of(key).iter();
        let headers = headers.filter_map(|index| self.udt(*index));
        let classes = headers.filter(|header| header.kind != LF_ENUM);
        let mut layouts: Vec<Layout> = classes
            .map(|header| self.layout(&header, &Text::new(self)))
            .collect();
        layouts.dedup();
        let layout = layouts.pop()?;
        Some(Layout {
            incomplete: layout.incomplete || !layouts.is_empty(),
            ..layout
        })
    }

    /// The layout of a complete class, structure or union.
    pub(super) fn layout(&self, header: &Udt<'_>, text: &Text<'_>) -> Layout {
        self.layout_and_types(header, text).0
    }

    /// The same, and the types of its members; `None` for what is no member or base.
    pub(super) fn layout_and_types(
        &self,
        header: &Udt<'_>,
        text: &Text<'_>,
    ) -> (Layout, Vec<Option<TypeIndex>>) {
        let mut types = Vec::new();
        let mut layout = Layout {
            size: header.size,
            members: Vec::new(),
            destroys: false,
            incomplete: false,
        };
        let complete = self.fields_of(header, &mut |field| {
            let (offset, name, member_type) = match field {
                Field::Member {
                    offset,
                    name,
                    member_type,
                } => (offset, to_text(name), member_type),
                Field::Base { offset, base } => (offset, "base".into(), base),
                Field::VirtualBase {
                    pointer,
                    slot,
                    base,
                } => (pointer, format!("virtual base, slot {slot}"), base),
                Field::Table => {
                    types.push(None);
                    return layout.add(0, "vtable".into(), "pointer".into());
                }
                Field::VirtualFunction { slot, name } => {
                    types.push(None);
                    return layout.add(slot.into(), to_text(name), "virtual function".into());
                }
                Field::Destructor => {
                    layout.destroys = true;
                    return;
                }
                Field::NotPlain | Field::Enumerator { .. } => return,
            };
            let is_pointer = matches!(field, Field::VirtualBase { .. });
            types.push((!is_pointer).then_some(member_type));
            if let Some((inner, its_types)) = self.unnamed_member(member_type, text) {
                types.extend(its_types);
                return layout.add_all(offset, &name, inner);
            }
            match text.of(member_type) {
                Some(type_name) => layout.add(offset, name, type_name),
                None => {
                    layout.incomplete = true;
                    layout.add(offset, name, "unknown".into());
                }
            }
        });
        layout.incomplete |= complete.is_none();
        (layout, types)
    }

    /// The layout of a member's type where that has no name.
    fn unnamed_member(
        &self,
        index: TypeIndex,
        text: &Text<'_>,
    ) -> Option<(Layout, Vec<Option<TypeIndex>>)> {
        let mut index = index;
        for _ in 0..MAX_DEPTH {
            match self.record(index)? {
                (LF_MODIFIER | LF_ALIAS, mut c) => index = TypeIndex(c.u32()?),
                _ => break,
            }
        }
        if !self.udt(index)?.is_unnamed() {
            return None;
        }
        let [definition] = self.resolve(index)[..] else {
            return None;
        };
        let header = self.udt(definition).filter(|h| h.kind != LF_ENUM)?;
        let text = text.deeper()?;
        Some(self.layout_and_types(&header, &text))
    }
}

impl Layout {
    fn add(&mut self, offset: u64, name: String, type_name: String) {
        self.members.push(Member {
            offset,
            name,
            type_name,
        });
    }

    /// Adds the members of a member.
    fn add_all(&mut self, offset: u64, name: &str, inner: Layout) {
        self.incomplete |= inner.incomplete;
        let size = format!("unnamed, {:#x} bytes", inner.size);
        self.add(offset, name.to_owned(), size);
        for member in inner.members {
            self.members.push(Member {
                offset: offset.saturating_add(member.offset),
                name: format!("{name}.{}", member.name),
                type_name: member.type_name,
            });
        }
    }
}

fn to_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
