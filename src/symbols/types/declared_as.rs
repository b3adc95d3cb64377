//! How the type of a member is written in C and C++, and which member lies where.

use std::collections::BTreeSet;

use super::layout::Member;
use super::names::Text;
use super::{
    LF_ALIAS, LF_ARRAY, LF_BITFIELD, LF_ENUM, LF_MFUNCTION, LF_MODIFIER, LF_POINTER, LF_PROCEDURE,
    LF_UNION, LF_UNION2, MAX_DEPTH, TypeIndex, Types,
};

/// The type of a member, as a declaration that is C and C++ at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredAs {
    /// What stands before the name.
    pub before: String,
    /// What stands behind it.
    pub after: String,
    /// What has to be declared before: `struct node`.
    pub tags: BTreeSet<String>,
    /// Whether it is no more than room for the type, or something that stands for it.
    pub stands_in: bool,
}

impl DeclaredAs {
    fn plain(text: &str) -> Self {
        DeclaredAs {
            before: text.to_owned(),
            ..DeclaredAs::default()
        }
    }

    fn stand_in(text: &str, after: String) -> Self {
        DeclaredAs {
            before: text.to_owned(),
            after,
            stands_in: true,
            ..DeclaredAs::default()
        }
    }

    /// The declaration of a member of this name.
    pub fn declare(&self, name: &str) -> String {
        let space = if self.before.ends_with('*') { "" } else { " " };
        format!("{}{space}{name}{}", self.before, self.after)
    }
}

impl Types {
    /// How a type is declared; `None` where not even its size is known. What has no name that
    /// both languages take, or needs a definition, is declared as room of its size.
    pub fn declared_as(&self, index: TypeIndex) -> Option<DeclaredAs> {
        self.declared_at(index, 0)
    }

    fn declared_at(&self, index: TypeIndex, depth: u32) -> Option<DeclaredAs> {
        if depth > MAX_DEPTH {
            return None;
        }
        if index.0 < super::FIRST_INDEX {
            return simple(index);
        }
        let (kind, mut c) = self.record(index)?;
        match kind {
            LF_MODIFIER | LF_ALIAS | LF_BITFIELD => {
                self.declared_at(TypeIndex(c.u32()?), depth + 1)
            }
            LF_POINTER => {
                let pointee = TypeIndex(c.u32()?);
                match (c.u32()? >> 5) & 7 {
                    2 | 3 => self.room(index),
                    _ => Some(self.pointer_to(pointee, depth)),
                }
            }
            LF_ARRAY => {
                let element = TypeIndex(c.u32()?);
                let (declared, size) = (
                    self.declared_at(element, depth + 1)?,
                    self.size_of(element)?,
                );
                let count = self.size_of(index)?.checked_div(size)?;
                Some(DeclaredAs {
                    after: format!("[{count}]{}", declared.after),
                    ..declared
                })
            }
            _ => self.room(index),
        }
    }

    /// Room for a value of a type.
    fn room(&self, index: TypeIndex) -> Option<DeclaredAs> {
        let size = self.size_of(index)?;
        let is_enumeration = self.udt(index).is_some_and(|u| u.kind == LF_ENUM);
        Some(match (is_enumeration, size) {
            (true, 1) => DeclaredAs::stand_in("unsigned char", String::new()),
            (true, 2) => DeclaredAs::stand_in("short", String::new()),
            (true, 4) => DeclaredAs::stand_in("int", String::new()),
            (true, _) => DeclaredAs::stand_in("long long", String::new()),
            (false, _) => DeclaredAs::stand_in(
                "unsigned long long",
                format!("[{}]", size.div_ceil(8).max(1)),
            ),
        })
    }

    fn pointer_to(&self, pointee: TypeIndex, depth: u32) -> DeclaredAs {
        let (mut pointee, mut constant) = (pointee, "");
        for _ in 0..MAX_DEPTH {
            match self.record(pointee) {
                Some((LF_MODIFIER, mut c)) => {
                    pointee = TypeIndex(c.u32().unwrap_or(0));
                    let is_constant = c.u16().unwrap_or(0) & 1 != 0;
                    constant = if is_constant { "const " } else { constant };
                }
                Some((LF_ALIAS, mut c)) => pointee = TypeIndex(c.u32().unwrap_or(0)),
                _ => break,
            }
        }
        if pointee.0 == 0x03 {
            return DeclaredAs::plain(&format!("{constant}void *"));
        }
        let mut declared = match self.record(pointee) {
            // A pointer to a function, or to an array, is written around its name.
            Some((LF_PROCEDURE | LF_MFUNCTION | LF_ARRAY, _)) => None,
            Some((LF_POINTER, _)) | None => self.declared_at(pointee, depth + 1),
            _ => self.tag(pointee),
        };
        declared = declared.filter(|d| d.after.is_empty() && !d.stands_in);
        let Some(declared) = declared else {
            return DeclaredAs::stand_in(&format!("{constant}void *"), String::new());
        };
        let star = if declared.before.ends_with('*') {
            "*"
        } else {
            " *"
        };
        let before = match declared.before.ends_with('*') {
            true => format!("{}{}{star}", declared.before, constant.trim_end()),
            false => format!("{constant}{}{star}", declared.before),
        };
        DeclaredAs { before, ..declared }
    }

    /// A class, structure or union by its name, where C has such names.
    fn tag(&self, index: TypeIndex) -> Option<DeclaredAs> {
        let header = self.udt(index)?;
        let name = String::from_utf8_lossy(header.name);
        if header.is_unnamed() || header.kind == LF_ENUM || !is_identifier(&name) {
            return None;
        }
        let keyword = match header.kind {
            LF_UNION | LF_UNION2 => "union",
            _ => "struct",
        };
        let tag = format!("{keyword} {name}");
        Some(DeclaredAs {
            tags: BTreeSet::from([tag.clone()]),
            ..DeclaredAs::plain(&tag)
        })
    }

    /// The types of the members of a class, structure or union, in the order of its layout;
    /// `None` for what is no member or base.
    pub fn member_types(&self, index: TypeIndex) -> Vec<Option<TypeIndex>> {
        let header = self.udt(index);
        header.map_or_else(Vec::new, |h| self.layout_and_types(&h, &Text::new(self)).1)
    }

    /// The member that lies at exactly this offset of a class, structure or union, with the
    /// names of the members that it is in.
    pub fn member_at(&self, index: TypeIndex, offset: u64) -> Option<String> {
        self.member_at_depth(index, offset, 0)
    }

    /// The same for the class, structure or union of this stable name, where there is one.
    pub fn member_of(&self, name: &str, offset: u64) -> Option<String> {
        match self.definitions_of(*self.keys.get(name)?) {
            [one] => self.member_at(*one, offset),
            _ => None,
        }
    }

    fn member_at_depth(&self, index: TypeIndex, offset: u64, depth: u32) -> Option<String> {
        let (layout, types) = self.layout_and_types(&self.udt(index)?, &Text::new(self));
        let holds = |m: &Member, its_type: TypeIndex| {
            let size = u64::from(self.size_of(its_type).unwrap_or(0));
            (m.offset..m.offset.saturating_add(size)).contains(&offset)
        };
        let members = layout.members.iter().zip(types);
        let mut found = members.filter_map(|(m, its_type)| Some((m, its_type?)));
        // The innermost of those without a name comes last.
        let (member, its_type) = found.rfind(|(m, t)| holds(m, *t))?;
        let inner = self.resolve(self.unmodified(its_type));
        if let [inner] = inner[..]
            && depth < MAX_DEPTH
            && self.udt(inner).is_some_and(|u| u.kind != LF_ENUM)
        {
            let within = self.member_at_depth(inner, offset - member.offset, depth + 1)?;
            return Some(format!("{}.{within}", member.name));
        }
        (member.offset == offset).then(|| member.name.clone())
    }

    /// Whether a type is a pointer.
    pub fn is_pointer(&self, index: TypeIndex) -> bool {
        match self.record(index) {
            Some((LF_POINTER, _)) => true,
            Some((LF_MODIFIER | LF_ALIAS, mut c)) => c
                .u32()
                .is_some_and(|i| i < index.0 && self.is_pointer(TypeIndex(i))),
            Some(_) => false,
            None => index.0 & 0xf00 != 0,
        }
    }
}

/// Whether a name is one in C.
fn is_identifier(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    first && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A built-in type.
fn simple(index: TypeIndex) -> Option<DeclaredAs> {
    let name = match index.0 & 0xff {
        0x03 => "void",
        0x70 => "char",
        0x10 | 0x68 => "signed char",
        0x20 | 0x69 | 0x7c => "unsigned char",
        0x71 => "wchar_t",
        0x11 | 0x72 => "short",
        0x21 | 0x73 | 0x7a => "unsigned short",
        0x08 | 0x12 => "long",
        0x22 => "unsigned long",
        0x74 => "int",
        0x75 | 0x7b => "unsigned int",
        0x13 | 0x76 => "long long",
        0x23 | 0x77 => "unsigned long long",
        0x40 => "float",
        0x41 => "double",
        _ => "",
    };
    if index.0 & 0xf00 != 0 {
        return Some(match name {
            "" => DeclaredAs::stand_in("void *", String::new()),
            name => DeclaredAs::plain(&format!("{name} *")),
        });
    }
    match (name, index.0 & 0xff) {
        ("void", _) => None,
        // `bool` and `_Bool`.
        ("", 0x30) => Some(DeclaredAs::stand_in("unsigned char", String::new())),
        ("", _) => {
            let words = super::names::simple_size(index)?.div_ceil(8);
            Some(DeclaredAs::stand_in(
                "unsigned long long",
                format!("[{words}]"),
            ))
        }
        (name, _) => Some(DeclaredAs::plain(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Stream, structure};
    use super::*;

    fn declared(types: &Types, index: TypeIndex) -> (String, bool) {
        let declared = types.declared_as(index).expect("a size");
        (declared.declare("m"), declared.stands_in)
    }

    #[test]
    fn built_in_types_are_written_as_c_has_them() {
        let types = Types::default();
        let text = |index| declared(&types, TypeIndex(index));
        assert_eq!(text(0x74), ("int m".into(), false));
        assert_eq!(text(0x23), ("unsigned long long m".into(), false));
        assert_eq!(text(0x670), ("char *m".into(), false));
        assert_eq!(text(0x603), ("void *m".into(), false));
        assert_eq!(text(0x30), ("unsigned char m".into(), true));
        assert_eq!(text(0x42), ("unsigned long long m[2]".into(), true));
        assert_eq!(types.declared_as(TypeIndex(0x03)), None);
    }

    #[test]
    fn a_structure_is_room_of_its_size_and_members_of_it_are_found() {
        let mut stream = Stream::default();
        let list = stream.fields(&[("first", 0x74, 0), ("second", 0x74, 4), ("third", 0x70, 8)]);
        let inner = structure(&mut stream, "inner", list, 12);
        let list = stream.fields(&[("head", 0x74, 0), ("body", inner.0, 4)]);
        let outer = structure(&mut stream, "outer", list, 16);
        let types = stream.types();
        assert_eq!(
            declared(&types, inner),
            ("unsigned long long m[2]".into(), true)
        );
        assert_eq!(types.member_at(outer, 0).as_deref(), Some("head"));
        assert_eq!(types.member_at(outer, 8).as_deref(), Some("body.second"));
        assert_eq!(types.member_at(outer, 9), None);
        assert!(!types.is_pointer(outer));
        assert!(types.is_pointer(TypeIndex(0x674)));
    }
}
