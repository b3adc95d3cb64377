//! What pointers lead to, and what lies where in the objects behind them.

use super::fields::Field;
use super::{
    LF_ALIAS, LF_ARRAY, LF_ENUM, LF_MFUNCTION, LF_MODIFIER, LF_POINTER, LF_PROCEDURE, MAX_DEPTH,
    TypeIndex, Types,
};

/// What a pointer leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// A class, structure or union that is defined: its definition.
    Defined(TypeIndex),
    /// One that is only declared: nothing says what lies where in it.
    Declared,
    /// A number, or another pointer.
    Scalar,
    /// Anything: `void`, a function, or what is not understood.
    Open,
}

/// What lies at an offset of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// A pointer of this type begins there.
    Pointer(TypeIndex),
    /// The pointer to the virtual function table begins there.
    Table,
    /// Something else is there.
    Something,
    /// Nothing that the type names.
    Nothing,
}

impl Types {
    /// What a pointer leads to; `None` where the type is no pointer.
    pub fn behind(&self, pointer: TypeIndex) -> Option<Behind> {
        if pointer.0 < super::FIRST_INDEX {
            let is_void = matches!(pointer.0 & 0xff, 0 | 0x03);
            let kind = if is_void {
                Behind::Open
            } else {
                Behind::Scalar
            };
            return (pointer.0 & 0xf00 != 0).then_some(kind);
        }
        let (LF_POINTER, mut c) = self.record(self.plain(pointer))? else {
            return None;
        };
        Some(self.what(TypeIndex(c.u32()?)))
    }

    /// Whether a type is a number, an enumeration or a pointer: no array, class, structure or
    /// union, and nothing that is not understood.
    pub fn is_number(&self, index: TypeIndex) -> bool {
        self.what(index) == Behind::Scalar && !self.is_array(index)
    }

    /// What a value of a type, or each element of an array, is.
    pub fn what(&self, index: TypeIndex) -> Behind {
        let index = self.plain(index);
        if index.0 < super::FIRST_INDEX {
            let is_void = matches!(index.0, 0 | 0x03);
            return if is_void {
                Behind::Open
            } else {
                Behind::Scalar
            };
        }
        match self.record(index) {
            Some((LF_POINTER, _)) => Behind::Scalar,
            Some((LF_ARRAY, mut c)) => match c.u32() {
                Some(element) => self.what(TypeIndex(element)),
                None => Behind::Open,
            },
            _ => match (self.udt(index), &self.resolve(index)[..]) {
                (Some(header), _) if header.kind == LF_ENUM => Behind::Scalar,
                (Some(_), []) => Behind::Declared,
                (Some(_), [one]) => Behind::Defined(*one),
                // Which of several is meant is not known.
                _ => Behind::Open,
            },
        }
    }

    /// What a pointer to a pointer leads to: the type of that pointer.
    pub fn pointer_behind(&self, pointer: TypeIndex) -> Option<TypeIndex> {
        let (LF_POINTER, mut c) = self.record(self.plain(pointer))? else {
            return None;
        };
        let pointee = self.plain(TypeIndex(c.u32()?));
        self.behind(pointee).map(|_| pointee)
    }

    /// What lies at an offset of a class, structure or union that is defined.
    pub fn within(&self, class: TypeIndex, offset: u64) -> Within {
        self.within_at(class, offset, 0)
    }

    fn within_at(&self, class: TypeIndex, offset: u64, depth: u32) -> Within {
        let Some(header) = self.udt(class).filter(|_| depth < MAX_DEPTH) else {
            return Within::Nothing;
        };
        let mut found = Within::Nothing;
        let mut note = |what: Within| {
            if found == Within::Nothing {
                found = what;
            }
        };
        let complete = self.fields_of(&header, &mut |field| match field {
            Field::Table if offset == 0 => note(Within::Table),
            Field::Member {
                offset: at,
                member_type,
                ..
            } if offset >= at => note(self.inside(member_type, offset - at, depth)),
            Field::Base { offset: at, base } if offset >= at => {
                if let [base] = self.resolve(self.plain(base))[..] {
                    note(self.within_at(base, offset - at, depth + 1));
                }
            }
            Field::VirtualBase { pointer, .. } if offset == pointer => note(Within::Something),
            _ => {}
        });
        match complete {
            Some(()) => found,
            // Of what is not understood nothing is known.
            None => Within::Nothing,
        }
    }

    /// What lies at an offset of a value of a type.
    fn inside(&self, index: TypeIndex, offset: u64, depth: u32) -> Within {
        let index = self.plain(index);
        if let Some((LF_ARRAY, mut c)) = self.record(index) {
            let (element, size) = (
                TypeIndex(c.u32().unwrap_or(0)),
                u64::from(self.size_of(index).unwrap_or(0)),
            );
            // An array without a size goes on.
            let each = u64::from(self.size_of(element).unwrap_or(0));
            if (size > 0 && offset >= size) || depth >= MAX_DEPTH {
                return Within::Nothing;
            }
            return match offset.checked_rem(each) {
                Some(rest) => self.inside(element, rest, depth + 1),
                None => Within::Something,
            };
        }
        if self.behind(index).is_some() && offset == 0 {
            return Within::Pointer(index);
        }
        if offset >= u64::from(self.size_of(index).unwrap_or(0)) {
            return Within::Nothing;
        }
        match (self.udt(index), &self.resolve(index)[..]) {
            (Some(header), [one]) if header.kind != LF_ENUM => {
                self.within_at(*one, offset, depth + 1)
            }
            _ => Within::Something,
        }
    }

    /// What lies at an offset of a variable of a type.
    pub fn within_variable(&self, index: TypeIndex, offset: u64) -> Within {
        self.inside(index, offset, 0)
    }

    /// What a function of a type is handed in registers, an object first, and the pointer that
    /// it returns. `None` where it returns an object, whose place is an argument of its own.
    pub fn handed(&self, function: TypeIndex) -> Option<Vec<TypeIndex>> {
        let (kind, mut c) = self.record(function)?;
        let result = TypeIndex(c.u32()?);
        if !matches!(self.what(result), Behind::Scalar | Behind::Open) {
            return None;
        }
        let this = match kind {
            LF_PROCEDURE => None,
            LF_MFUNCTION => {
                c.u32()?;
                Some(TypeIndex(c.u32()?)).filter(|this| this.0 != 0)
            }
            _ => return None,
        };
        c.skip(4)?;
        let arguments = self.arguments(TypeIndex(c.u32()?))?;
        Some(this.into_iter().chain(arguments).collect())
    }

    /// The type of what a function returns.
    pub fn result_of(&self, function: TypeIndex) -> Option<TypeIndex> {
        match self.record(function)? {
            (LF_PROCEDURE | LF_MFUNCTION, mut c) => c.u32().map(TypeIndex),
            _ => None,
        }
    }

    /// The definitions of the classes that a function leads to which mentions these types: they,
    /// what they point to, and so on to this depth.
    pub fn reached(
        &self,
        mentioned: impl IntoIterator<Item = TypeIndex>,
        depth: u32,
    ) -> Vec<TypeIndex> {
        let mut keys = std::collections::BTreeSet::new();
        let mut last: Vec<super::Key> = Vec::new();
        for index in mentioned {
            self.mentions(index, &mut |key, _| last.push(key));
        }
        for _ in 0..depth {
            let fresh: Vec<_> = last.into_iter().filter(|key| keys.insert(*key)).collect();
            last = fresh.iter().flat_map(|k| self.members_of(*k)).collect();
        }
        keys.extend(last);
        let definitions = keys.iter().flat_map(|key| self.definitions_of(*key));
        definitions.copied().collect()
    }

    /// A type without modifiers and other names.
    fn plain(&self, index: TypeIndex) -> TypeIndex {
        let mut index = index;
        for _ in 0..MAX_DEPTH {
            match self.record(index) {
                Some((LF_MODIFIER | LF_ALIAS, mut c)) => index = TypeIndex(c.u32().unwrap_or(0)),
                _ => break,
            }
        }
        index
    }

    /// Whether a class that one build defines is only declared in another.
    pub fn only_declares(&self, other: &Types, class: TypeIndex) -> bool {
        self.namesakes_of(other, class).is_some_and(<[_]>::is_empty)
    }

    /// Whether a class that one build defines is defined in another as well.
    pub fn defines(&self, other: &Types, class: TypeIndex) -> bool {
        let definitions = self.namesakes_of(other, class);
        definitions.is_some_and(|list| !list.is_empty())
    }

    /// The definitions of the name that a class of another build has.
    fn namesakes_of(&self, other: &Types, class: TypeIndex) -> Option<&[TypeIndex]> {
        let key = other.key_of.get(&class)?;
        let own = self.keys.get(other.name_of(*key))?;
        Some(self.definitions_of(*own))
    }
}
