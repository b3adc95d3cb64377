//! What the type of a function says about how it is called.

use std::fmt::Write;

use super::fields::Field;
use super::names::Text;
use super::{
    LF_ALIAS, LF_ARRAY, LF_ENUM, LF_MFUNCTION, LF_MODIFIER, LF_PROCEDURE, MAX_DEPTH, TypeIndex,
    Types, Udt,
};

/// How a function is called, by its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Calling convention, result and parameters as text.
    pub text: String,
    /// The sizes and members of objects that are handed over by value.
    pub objects: String,
    /// Whether it returns or gets an object of a class of which the type does not say how it is
    /// handed over: in a register or by its address, and who ends it. That depends on what of
    /// the class is trivial, and on attributes; neither is in a record.
    pub open: bool,
}

/// An object that is handed over by value.
enum Passed {
    /// No object of a class.
    Scalar,
    /// One that is handed over as its size says.
    Plain(String),
    /// One of which that is not known.
    Open,
}

impl Types {
    /// How functions of a type are called. `None` for other types, and where a part of it is not
    /// understood.
    pub fn signature(&self, index: TypeIndex) -> Option<Signature> {
        let (kind, mut c) = self.record(index)?;
        let text = Text::new(self);
        let result = TypeIndex(c.u32()?);
        let class = match kind {
            LF_PROCEDURE => None,
            LF_MFUNCTION => {
                let class = TypeIndex(c.u32()?);
                let this = TypeIndex(c.u32()?);
                Some((class, this))
            }
            _ => return None,
        };
        // With the convention, how a result is handed back (`CxxReturnUdt`).
        let convention = c.u16()?;
        let count = c.u16()?;
        let list = TypeIndex(c.u32()?);
        let mut signature = Signature {
            text: format!("{convention:#x} {}", text.of(result)?),
            objects: String::new(),
            open: false,
        };
        if let Some((class, this)) = class {
            let this = if this.0 == 0 { "static" } else { "this" };
            let _ = write!(signature.text, " {this} {}", text.of(class)?);
        }
        let _ = write!(signature.text, " ({count}: {})", text.list(list)?);
        for index in std::iter::once(result).chain(self.arguments(list)?) {
            match self.passed(index, &text) {
                Passed::Scalar => {}
                Passed::Plain(what) => {
                    let _ = write!(signature.objects, " {what}");
                }
                Passed::Open => signature.open = true,
            }
        }
        Some(signature)
    }

    fn passed(&self, index: TypeIndex, text: &Text<'_>) -> Passed {
        let mut index = index;
        for _ in 0..MAX_DEPTH {
            match self.record(index) {
                Some((LF_MODIFIER | LF_ALIAS, mut c)) => match c.u32() {
                    Some(inner) => index = TypeIndex(inner),
                    None => return Passed::Open,
                },
                _ => break,
            }
        }
        if self.udt(index).is_none_or(|header| header.kind == LF_ENUM) {
            return Passed::Scalar;
        }
        let Some(deeper) = text.deeper() else {
            return Passed::Open;
        };
        // Which one is meant where several share the name cannot be told.
        let [definition] = self.resolve(index)[..] else {
            return Passed::Open;
        };
        match self.udt(definition) {
            Some(header) if self.is_plain(&header, &deeper) => {
                let layout = self.layout(&header, &deeper);
                Passed::Plain(format!("{} {:?}", header.size, layout.members))
            }
            _ => Passed::Open,
        }
    }

    /// Whether objects are handed over as those of a structure of C are.
    fn is_plain(&self, header: &Udt<'_>, text: &Text<'_>) -> bool {
        if header.forward || header.special {
            return false;
        }
        let (mut plain, mut parts) = (true, Vec::new());
        let read = self.fields_of(header, &mut |field| match field {
            Field::Member { member_type, .. } => parts.push(member_type),
            Field::Base { .. }
            | Field::VirtualBase { .. }
            | Field::Table
            | Field::VirtualFunction { .. }
            | Field::Destructor
            | Field::NotPlain => plain = false,
            Field::Enumerator { .. } => {}
        });
        read.is_some() && plain && parts.iter().all(|part| self.is_plain_part(*part, text))
    }

    fn is_plain_part(&self, index: TypeIndex, text: &Text<'_>) -> bool {
        let Some(text) = text.deeper() else {
            return false;
        };
        if let Some((LF_MODIFIER | LF_ALIAS | LF_ARRAY, mut c)) = self.record(index) {
            let inner = c.u32().map(TypeIndex);
            return inner.is_some_and(|inner| self.is_plain_part(inner, &text));
        }
        if self.udt(index).is_none_or(|header| header.kind == LF_ENUM) {
            return true;
        }
        let [definition] = self.resolve(index)[..] else {
            return false;
        };
        let header = self.udt(definition);
        header.is_some_and(|header| self.is_plain(&header, &text))
    }
}
