//! Types as text, and the built-in types.

use super::{
    LF_ARGLIST, LF_ARRAY, LF_BITFIELD, LF_MFUNCTION, LF_MODIFIER, LF_POINTER, LF_PROCEDURE,
    MAX_DEPTH, TypeIndex, Types,
};

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
        self.name_at_depth(index, 0)
            .unwrap_or_else(|| "unknown".into())
    }

    /// A function type as text: calling convention, result and parameters. `None` for other
    /// types, and where a part of it is not understood.
    pub fn signature(&self, index: TypeIndex) -> Option<String> {
        let (kind, mut c) = self.record(index)?;
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
        let convention = c.u16()? & 0xff;
        let count = c.u16()?;
        let (LF_ARGLIST, mut list) = self.record(TypeIndex(c.u32()?))? else {
            return None;
        };
        let mut text = format!("{convention:#x} {}", self.name_at_depth(result, 0)?);
        if let Some((class, this)) = class {
            let this = if this.0 == 0 { "static" } else { "this" };
            text.push_str(&format!(" {this} {}", self.name_at_depth(class, 0)?));
        }
        text.push_str(&format!(" ({count}:"));
        for _ in 0..list.u32()? {
            text.push_str(&format!(
                " {},",
                self.name_at_depth(TypeIndex(list.u32()?), 0)?
            ));
        }
        Some(text + ")")
    }

    fn name_at_depth(&self, index: TypeIndex, depth: u32) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        if index.0 < 0x1000 {
            return Some(format!("builtin {:#x}", index.0));
        }
        let inner = |t: u32| self.name_at_depth(TypeIndex(t), depth + 1);
        let (kind, mut c) = self.record(index)?;
        match kind {
            LF_MODIFIER => inner(c.u32()?),
            LF_POINTER => Some(format!("{}*", inner(c.u32()?)?)),
            LF_BITFIELD => {
                let base = inner(c.u32()?)?;
                let bits = c.u16()?;
                Some(format!("{base}:{} at bit {}", bits & 0xff, bits >> 8))
            }
            LF_ARRAY => {
                let element = inner(c.u32()?)?;
                c.skip(4)?;
                Some(format!("{element}[{:#x} bytes]", c.number()?))
            }
            LF_PROCEDURE | LF_MFUNCTION => Some("function".into()),
            _ => {
                let header = self.udt(index)?;
                Some(String::from_utf8_lossy(header.key).into_owned())
            }
        }
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
}
