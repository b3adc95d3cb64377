//! The CodeView record of the debug directory: which PDB belongs to the image.

use super::{Directory, Image, ImageError, read};

const DEBUG_TYPE_CODEVIEW: u32 = 2;
const ENTRY_SIZE: usize = 28;

/// Identity and path of the PDB (`RSDS` record).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeView {
    /// GUID in registry form without braces, upper case.
    pub guid: String,
    /// Age: how often the PDB was updated for this image.
    pub age: u32,
    /// Path of the PDB as the linker wrote it.
    pub path: String,
}

/// A GUID of sixteen bytes in registry form without braces, upper case.
pub fn guid_text(bytes: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    format!(
        "{:08X}-{:04X}-{:04X}-{}-{}",
        u32::from_le_bytes([a, b, c, d]),
        u16::from_le_bytes([e, f]),
        u16::from_le_bytes([g, h]),
        hex::encode_upper(&rest[..2]),
        hex::encode_upper(&rest[2..]),
    )
}

/// The `RSDS` records of the debug directory in their order.
pub fn parse(image: &Image<'_>, directory: Directory) -> Result<Vec<CodeView>, ImageError> {
    let bad = |reason: &str| ImageError::Malformed {
        table: "debug directory",
        rva: directory.rva,
        reason: reason.into(),
    };
    let table = image
        .slice(directory.rva, directory.size as usize)
        .or_else(|| image.headers(directory.rva, directory.size as usize))
        .ok_or_else(|| bad("not in the file"))?;
    let mut found = Vec::new();
    for entry in table.chunks_exact(ENTRY_SIZE) {
        if read::u32(entry, 12) != Some(DEBUG_TYPE_CODEVIEW) {
            continue;
        }
        let size = read::u32(entry, 16).unwrap_or(0) as usize;
        let offset = read::u32(entry, 24).unwrap_or(0) as usize;
        let record = offset
            .checked_add(size)
            .and_then(|end| image.bytes.get(offset..end))
            .ok_or_else(|| bad("CodeView record is not in the file"))?;
        if record.get(..4) != Some(b"RSDS") {
            continue;
        }
        let guid: [u8; 16] = record
            .get(4..20)
            .and_then(|b| b.try_into().ok())
            .ok_or_else(|| bad("RSDS record is cut off"))?;
        let path = record.get(24..).unwrap_or(&[]);
        let end = path.iter().position(|b| *b == 0).unwrap_or(path.len());
        found.push(CodeView {
            guid: guid_text(guid),
            age: read::u32(record, 20).ok_or_else(|| bad("RSDS record is cut off"))?,
            path: String::from_utf8_lossy(&path[..end]).into_owned(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guid_is_printed_in_registry_form() {
        let bytes = [
            0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        assert_eq!(guid_text(bytes), "12345678-9ABC-DEF0-0102-030405060708");
    }
}
