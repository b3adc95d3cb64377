//! The base relocation table (PE/COFF, "The .reloc Section").

use super::{Directory, Image, ImageError, read};
use crate::addr::Rva;

const REL_BASED_ABSOLUTE: u16 = 0;
const REL_BASED_HIGH: u16 = 1;
const REL_BASED_LOW: u16 = 2;
const REL_BASED_HIGHLOW: u16 = 3;
const REL_BASED_DIR64: u16 = 10;

/// The places of all 64-bit absolute addresses, ascending, and how many shorter ones there are.
pub fn parse(image: &Image<'_>, directory: Directory) -> Result<(Vec<Rva>, usize), ImageError> {
    let bad = |reason: String| ImageError::Malformed {
        table: "base relocation table",
        rva: directory.rva,
        reason,
    };
    let table = image
        .slice(directory.rva, directory.size as usize)
        .ok_or_else(|| bad(format!("{:#x} bytes are not in the file", directory.size)))?;
    let mut places = Vec::new();
    let mut narrow = 0;
    let mut offset = 0;
    while let (Some(page), Some(size)) = (read::u32(table, offset), read::u32(table, offset + 4)) {
        if size == 0 {
            break;
        }
        let block = table
            .get(offset + 8..offset + size.max(8) as usize)
            .ok_or_else(|| bad(format!("block at +{offset:#x} runs past the table")))?;
        for entry in block.chunks_exact(2) {
            let entry = u16::from_le_bytes([entry[0], entry[1]]);
            match entry >> 12 {
                REL_BASED_ABSOLUTE => {}
                REL_BASED_HIGH | REL_BASED_LOW | REL_BASED_HIGHLOW => narrow += 1,
                REL_BASED_DIR64 => places.push(
                    Rva(page)
                        .checked_add(u32::from(entry & 0xfff))
                        .ok_or_else(|| bad(format!("page {page:#x} is out of range")))?,
                ),
                kind => return Err(bad(format!("relocation type {kind} is not for x64"))),
            }
        }
        offset += size as usize;
    }
    places.sort_unstable();
    places.dedup();
    Ok((places, narrow))
}
