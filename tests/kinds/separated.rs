//! Records of separated parts (`S_SEPCODE`; cvinfo.h, `SEPCODESYM`). LLVM's linker does not know
//! them, and leaves an empty `S_SKIP` record in the place of each.

use std::fs;
use std::path::Path;

use pdb::{FallibleIterator, SymbolData};

use crate::case::Separated;

/// Length and kind of what the linker leaves.
const SKIPPED: [u8; 4] = [30, 0, 7, 0];
const S_SEPCODE: u16 = 0x1132;

/// Fills the records of a PDB, in their order.
pub fn write(pdb: &Path, parts: &[Separated], is_new: bool) -> Result<(), String> {
    let mut bytes = fs::read(pdb).map_err(|e| e.to_string())?;
    let records: Vec<Vec<u8>> = parts
        .iter()
        .map(|part| record(pdb, part, is_new))
        .collect::<Result<_, _>>()?;
    let mut from = 0;
    for record in records {
        let mut places = from..bytes.len();
        let at = places
            .find(|at| bytes[*at..].starts_with(&SKIPPED))
            .ok_or("the linker left no record of a separated part")?;
        // The end of the scope, behind the parent, is right.
        bytes[at + 2..at + 4].copy_from_slice(&S_SEPCODE.to_le_bytes());
        bytes[at + 12..at + 32].copy_from_slice(&record);
        from = at + 32;
    }
    fs::write(pdb, bytes).map_err(|e| e.to_string())
}

/// The fields from the length on.
fn record(pdb: &Path, part: &Separated, is_new: bool) -> Result<Vec<u8>, String> {
    let file = fs::File::open(pdb).map_err(|e| e.to_string())?;
    let place = place(file, &part.of).map_err(|e| e.to_string())?;
    let (section, offset) = place.ok_or_else(|| format!("{} is not in the PDB", part.of))?;
    let at = part.new_at.filter(|_| is_new).unwrap_or(part.at);
    let words = [part.size, 0, offset + at, offset];
    let mut record: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    record.extend([section, section].iter().flat_map(|s| s.to_le_bytes()));
    Ok(record)
}

/// Section and offset of a public symbol.
fn place(file: fs::File, name: &str) -> pdb::Result<Option<(u16, u32)>> {
    let mut pdb = pdb::PDB::open(file)?;
    let table = pdb.global_symbols()?;
    let mut symbols = table.iter();
    while let Some(symbol) = symbols.next()? {
        if let Ok(SymbolData::Public(public)) = symbol.parse()
            && public.name.to_string() == name
        {
            return Ok(Some((public.offset.section, public.offset.offset)));
        }
    }
    Ok(None)
}
