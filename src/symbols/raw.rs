//! Records that the `pdb` crate leaves undecoded.

use crate::addr::Rva;

/// `S_ARMSWITCHTABLE`.
pub const S_ARMSWITCHTABLE: u16 = 0x1159;

/// `S_COFFGROUP`.
pub const S_COFFGROUP: u16 = 0x1137;

/// The body of an `S_COFFGROUP` record, the bytes after the kind (cvinfo.h, `COFFGROUPSYM`):
/// section and offset, length, name. `None` where it is cut off.
pub fn section_group(body: &[u8]) -> Option<((u16, u32), u32, String)> {
    let size = u32::from_le_bytes(body.get(0..4)?.try_into().ok()?);
    let offset = u32::from_le_bytes(body.get(8..12)?.try_into().ok()?);
    let section = u16::from_le_bytes(body.get(12..14)?.try_into().ok()?);
    let name = body.get(14..)?.split(|b| *b == 0).next()?;
    let name = String::from_utf8_lossy(name).into_owned();
    Some(((section, offset), size, name))
}

/// Four bytes of a record's body.
pub fn word(body: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?))
}

/// Two bytes of a record's body.
pub fn half(body: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(body.get(at..at + 2)?.try_into().ok()?))
}

/// The language of a record `S_COMPILE2` or `S_COMPILE3`: the low byte of its flags
/// (cvinfo.h, `COMPILESYM3::flags.iLanguage`). The `pdb` crate takes the ones that it does not
/// know, Rust's among them, for the assembler's.
pub fn language(body: &[u8]) -> Option<u8> {
    body.first().copied()
}

/// Whether a record of this kind opens a procedure: `S_GPROC32`, `S_LPROC32`, their `_ID`
/// forms, and `S_LPROC32_DPC` with its `_ID` form.
pub fn is_procedure(kind: u16) -> bool {
    matches!(kind, 0x110f | 0x1110 | 0x1146 | 0x1147 | 0x1155 | 0x1156)
}

/// Whether a record of this kind opens a procedure that the linker left with its item
/// instead of its type.
pub fn is_item_procedure(kind: u16) -> bool {
    matches!(kind, 0x1146 | 0x1147 | 0x1156)
}

/// Whether a record of this kind gives a variable or a type its name: `S_REGISTER`,
/// `S_CONSTANT`, `S_UDT`, `S_BPREL32`, `S_LDATA32` and `S_GDATA32`, `S_REGREL32`,
/// `S_LTHREAD32` and `S_GTHREAD32`, `S_LOCAL`, `S_FILESTATIC`.
pub fn names_types(kind: u16) -> bool {
    matches!(
        kind,
        0x1106..=0x1108 | 0x110b..=0x110d | 0x1111..=0x1113 | 0x113e | 0x1153
    )
}

/// Whether a record of this kind is `S_INLINESITE` or `S_INLINESITE2`.
pub fn is_inline_site(kind: u16) -> bool {
    matches!(kind, 0x114d | 0x115d)
}

/// The item of the function that an `S_INLINESITE` record is about, from the bytes after the
/// kind.
pub fn inlinee(body: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(body.get(8..12)?.try_into().ok()?))
}

/// Whether records of this kind are known and say nothing that the analysis needs: frame
/// layouts, ranges of local variables, inlining, sections, build environment, annotations
/// (cvinfo.h, `SYM_ENUM_e`).
pub fn is_irrelevant(kind: u16) -> bool {
    matches!(
        kind,
        0x1012 // S_FRAMEPROC
            | 0x1019 // S_ANNOTATION
            | 0x1128 // S_ANNOTATIONREF
            | 0x1136..=0x113a // S_SECTION, S_COFFGROUP, S_EXPORT, S_CALLSITEINFO, S_FRAMECOOKIE
            | 0x113d..=0x1145 // S_ENVBLOCK, S_LOCAL, S_DEFRANGE…
            | 0x114c..=0x1157 // S_BUILDINFO, S_INLINESITE…, S_FILESTATIC, S_DEFRANGE_DPC…
            | 0x115a..=0x115f // S_CALLEES, S_CALLERS, S_POGODATA, S_INLINESITE2, S_HEAPALLOCSITE…
            | 0x1166..=0x1168 // S_FRAMEREG, S_REF_MINIPDB2, S_INLINEES
            | 0x1170..=0x1171 // S_BPREL32_INDIR, S_REGREL32_INDIR
            | 0x1177..=0x117b // S_DEFRANGE_REGISTER_REL_INDIR, S_BPREL32_ENCTMP…
            | 0x117e..=0x1180 // S_SOURCELINK, S_DEFRANGE_…_FULL_SCOPE
    )
}

/// Name of a kind of records that is not read although it may say something of use
/// (cvinfo.h, `SYM_ENUM_e`).
pub fn kind_name(kind: u16) -> Option<&'static str> {
    Some(match kind {
        0x1160 => "S_REF_MINIPDB",
        0x1161 => "S_PDBMAP",
        0x1162 => "S_GDATA_HLSL32",
        0x1163 => "S_LDATA_HLSL32",
        0x1164 => "S_GDATA_HLSL32_EX",
        0x1165 => "S_LDATA_HLSL32_EX",
        0x1169 => "S_HOTPATCHFUNC",
        0x1172 => "S_GPROC32EX",
        0x1173 => "S_LPROC32EX",
        0x1174 => "S_GPROC32EX_ID",
        0x1175 => "S_LPROC32EX_ID",
        0x1176 => "S_STATICLOCAL",
        0x117c => "S_ASSOCIATION",
        0x117d => "S_HYBRIDRANGE",
        _ => return None,
    })
}

/// How one entry of a switch table leads to its target (`CV_armswitchtype_e`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchEntry {
    /// Signed distance from the base, this many bytes wide.
    Signed(u8),
    /// Unsigned distance from the base, this many bytes wide.
    Unsigned(u8),
    /// An absolute address.
    Pointer,
}

impl SwitchEntry {
    /// Width of an entry in bytes.
    pub fn width(self) -> u32 {
        match self {
            SwitchEntry::Signed(width) | SwitchEntry::Unsigned(width) => width.into(),
            SwitchEntry::Pointer => 8,
        }
    }
}

/// A switch table as the compiler describes it (LLVM writes these for x64 as well,
/// `CodeViewDebug::emitDebugInfoForJumpTables`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchTable {
    /// What the entries are relative to.
    pub base: Rva,
    /// The indirect jump that uses the table.
    pub branch: Rva,
    /// First entry.
    pub table: Rva,
    /// Number of entries.
    pub entries: u32,
    /// Form of an entry.
    pub entry: SwitchEntry,
}

impl SwitchTable {
    /// Where an entry is.
    pub fn entry_at(&self, index: u32) -> Rva {
        let before = index.saturating_mul(self.entry.width());
        Rva(self.table.0.saturating_add(before))
    }

    /// Where it ends.
    pub fn end(&self) -> Rva {
        self.entry_at(self.entries)
    }
}

/// The record's fields before addresses are resolved: (section, offset) pairs.
pub struct RawSwitchTable {
    /// What the entries are relative to.
    pub base: (u16, u32),
    /// The indirect jump.
    pub branch: (u16, u32),
    /// First entry.
    pub table: (u16, u32),
    /// Number of entries.
    pub entries: u32,
    /// Form of an entry.
    pub entry: SwitchEntry,
}

/// Decodes the body of an `S_ARMSWITCHTABLE` record, the bytes after the kind
/// (cvinfo.h, `ARMSWITCHTABLE`). `None` where it is cut off or of a form that only
/// ARM uses.
pub fn switch_table(body: &[u8]) -> Option<RawSwitchTable> {
    let u16_at = |o: usize| Some(u16::from_le_bytes(body.get(o..o + 2)?.try_into().ok()?));
    let u32_at = |o: usize| Some(u32::from_le_bytes(body.get(o..o + 4)?.try_into().ok()?));
    let entry = match u16_at(6)? {
        0 => SwitchEntry::Signed(1),
        1 => SwitchEntry::Unsigned(1),
        2 => SwitchEntry::Signed(2),
        3 => SwitchEntry::Unsigned(2),
        4 => SwitchEntry::Signed(4),
        5 => SwitchEntry::Unsigned(4),
        6 => SwitchEntry::Pointer,
        _ => return None,
    };
    Some(RawSwitchTable {
        base: (u16_at(4)?, u32_at(0)?),
        branch: (u16_at(16)?, u32_at(8)?),
        table: (u16_at(18)?, u32_at(12)?),
        entries: u32_at(20)?,
        entry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_off_or_unknown_switch_table_is_none() {
        let mut body = vec![0u8; 24];
        body[6] = 4;
        assert_eq!(
            switch_table(&body).map(|t| t.entry),
            Some(SwitchEntry::Signed(4))
        );
        assert!(switch_table(&body[..23]).is_none());
        body[6] = 7;
        assert!(switch_table(&body).is_none());
    }
}
