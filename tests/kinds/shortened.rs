//! Records of procedures (cvinfo.h, `PROCSYM32`) that end before the function's entry of the
//! function table does.

use std::fs;
use std::path::Path;

use crate::case::Shortened;

/// `S_LPROC32`, `S_GPROC32`
const KINDS: [[u8; 2]; 2] = [[0x0f, 0x11], [0x10, 0x11]];
/// Offsets in a record: of its kind, the length of the code, and the name.
const KIND: usize = 2;
const LENGTH: usize = 16;
const NAME: usize = 39;

/// Makes the code of a function shorter in its record.
pub fn write(pdb: &Path, function: &Shortened) -> Result<(), String> {
    let mut bytes = fs::read(pdb).map_err(|e| e.to_string())?;
    let name = format!("{}\0", function.of).into_bytes();
    let is_record = |at: &usize| {
        bytes[at + NAME..].starts_with(&name)
            && KINDS
                .iter()
                .any(|kind| bytes[at + KIND..].starts_with(kind))
    };
    let at = (0..bytes.len() - NAME).find(is_record);
    let at = at.ok_or_else(|| format!("{} has no record", function.of))? + LENGTH;
    let field: [u8; 4] = bytes[at..at + 4].try_into().expect("four bytes");
    let length = u32::from_le_bytes(field) - function.by;
    bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
    fs::write(pdb, bytes).map_err(|e| e.to_string())
}
