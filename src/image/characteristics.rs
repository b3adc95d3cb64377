//! What the linker says about the image beside its headers, in the debug directory: the extended
//! DLL characteristics, and whether code was arranged by a profile (winnt.h,
//! `IMAGE_DEBUG_TYPE_EX_DLLCHARACTERISTICS`, `IMAGE_DEBUG_TYPE_POGO`).

use super::{Directory, Image, read};

const DEBUG_TYPE_POGO: u32 = 13;
const DEBUG_TYPE_EX_DLLCHARACTERISTICS: u32 = 20;
const ENTRY_SIZE: usize = 28;

/// `IMAGE_DLLCHARACTERISTICS_EX_HOTPATCH_COMPATIBLE`: the linker was told that the image shall
/// be hotpatched, and left what that takes.
pub const HOTPATCH_COMPATIBLE: u32 = 0x80;
/// What a record of the linker begins with that used a profile (`/USEPROFILE`): "PGU".
const PROFILE_USED: u32 = 0x5047_5500;

/// The extended DLL characteristics; 0 where the image has none.
pub fn parse(image: &Image<'_>, directory: Directory) -> u32 {
    first_word(image, directory, DEBUG_TYPE_EX_DLLCHARACTERISTICS).unwrap_or(0)
}

/// Whether the linker says that it used a recorded profile.
pub fn uses_profile(image: &Image<'_>, directory: Directory) -> bool {
    first_word(image, directory, DEBUG_TYPE_POGO) == Some(PROFILE_USED)
}

/// The first word of the first record of a type.
fn first_word(image: &Image<'_>, directory: Directory, kind: u32) -> Option<u32> {
    let size = directory.size as usize;
    let table = image.slice(directory.rva, size);
    let table = table.or_else(|| image.headers(directory.rva, size));
    let mut entries = table.unwrap_or(&[]).chunks_exact(ENTRY_SIZE);
    let entry = entries.find(|e| read::u32(e, 12) == Some(kind))?;
    let offset = read::u32(entry, 24)? as usize;
    let record = image.bytes.get(offset..offset.checked_add(4)?)?;
    read::u32(record, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Rva;

    #[test]
    fn the_linker_says_that_it_used_a_profile() {
        let mut bytes = std::fs::read("fixtures/server/old/server.exe").unwrap();
        let entry = |kind: u32, offset: u32| {
            let words = [0, 0, 0, kind, 4, 0, offset];
            words
                .iter()
                .flat_map(|w| w.to_le_bytes())
                .collect::<Vec<u8>>()
        };
        // A directory of two entries over the start of the first section.
        let (rva, at) = {
            let image = Image::parse(&bytes).unwrap();
            let section = &image.sections[0];
            (section.rva, section.file_range().start)
        };
        let record = (at + 64) as u32;
        let table = [entry(20, record), entry(13, record)].concat();
        bytes[at..at + table.len()].copy_from_slice(&table);
        let directory = |entries: usize| Directory {
            rva: Rva(rva.0),
            size: (entries * ENTRY_SIZE) as u32,
        };
        for (word, used) in [
            (PROFILE_USED, true),
            (0x4c54_4347, false),
            (0x5047_4900, false),
        ] {
            bytes[at + 64..at + 68].copy_from_slice(&word.to_le_bytes());
            let image = Image::parse(&bytes).unwrap();
            assert_eq!(uses_profile(&image, directory(2)), used, "{word:#x}");
            assert!(!uses_profile(&image, directory(1)));
            assert_eq!(parse(&image, directory(2)), word);
        }
    }
}
