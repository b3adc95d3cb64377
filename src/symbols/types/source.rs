//! Records of the item stream that say where a type is defined, and how a file was compiled.

use super::leaves::{
    LF_BUILDINFO, LF_STRING_ID, LF_SUBSTR_LIST, LF_UDT_MOD_SRC_LINE, LF_UDT_SRC_LINE,
};
use super::{MAX_DEPTH, TypeIndex, Types};

/// Where a type is defined: file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceOfType {
    /// The file by its path.
    Text(String, u32),
    /// The file by an offset into the table of names.
    Name(u32, u32),
}

impl Types {
    /// Where types are defined, from the records of the item stream.
    pub fn sources_of_types(&self) -> Vec<(TypeIndex, SourceOfType)> {
        let sources = self.indices().filter_map(|index| self.source(index));
        sources.collect()
    }

    fn source(&self, index: TypeIndex) -> Option<(TypeIndex, SourceOfType)> {
        let (kind, mut c) = self.record(index)?;
        if !matches!(kind, LF_UDT_SRC_LINE | LF_UDT_MOD_SRC_LINE) {
            return None;
        }
        let (udt, file, line) = (TypeIndex(c.u32()?), c.u32()?, c.u32()?);
        let source = match kind {
            LF_UDT_SRC_LINE => SourceOfType::Text(self.text_item(TypeIndex(file), 0)?, line),
            _ => SourceOfType::Name(file, line),
        };
        Some((udt, source))
    }

    /// The options that each object file was compiled with, as one text each, from the records
    /// of the item stream.
    pub fn command_lines(&self) -> Vec<String> {
        /// Which of the texts has the options (cvinfo.h, `CV_BuildInfo_e`).
        const OPTIONS: u16 = 4;
        let options = |index| {
            let (LF_BUILDINFO, mut c) = self.record(index)? else {
                return None;
            };
            if c.u16()? <= OPTIONS {
                return None;
            }
            for _ in 0..OPTIONS {
                c.u32()?;
            }
            self.text_item(TypeIndex(c.u32()?), 0)
        };
        self.indices().filter_map(options).collect()
    }

    /// The text of an `LF_STRING_ID`, with the parts that stand before it.
    fn text_item(&self, index: TypeIndex, depth: u32) -> Option<String> {
        let (LF_STRING_ID, mut c) = self.record(index).filter(|_| depth < MAX_DEPTH)? else {
            return None;
        };
        let list = TypeIndex(c.u32()?);
        let mut text = String::new();
        if list.0 != 0 {
            let (LF_SUBSTR_LIST, mut parts) = self.record(list)? else {
                return None;
            };
            for _ in 0..parts.u32()? {
                text.push_str(&self.text_item(TypeIndex(parts.u32()?), depth + 1)?);
            }
        }
        text.push_str(&String::from_utf8_lossy(c.c_string()?));
        Some(text)
    }
}
