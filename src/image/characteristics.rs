//! What the linker says about the image beside its headers: the extended DLL characteristics
//! of the debug directory (winnt.h, `IMAGE_DEBUG_TYPE_EX_DLLCHARACTERISTICS`).

use super::{Directory, Image, read};

const DEBUG_TYPE_EX_DLLCHARACTERISTICS: u32 = 20;
const ENTRY_SIZE: usize = 28;

/// `IMAGE_DLLCHARACTERISTICS_EX_HOTPATCH_COMPATIBLE`: the linker was told that the image shall
/// be hotpatched, and left what that takes.
pub const HOTPATCH_COMPATIBLE: u32 = 0x80;

/// The extended DLL characteristics; 0 where the image has none.
pub fn parse(image: &Image<'_>, directory: Directory) -> u32 {
    let size = directory.size as usize;
    let table = image.slice(directory.rva, size);
    let table = table.or_else(|| image.headers(directory.rva, size));
    let mut entries = table.unwrap_or(&[]).chunks_exact(ENTRY_SIZE);
    let entry = entries.find(|e| read::u32(e, 12) == Some(DEBUG_TYPE_EX_DLLCHARACTERISTICS));
    let record = entry.and_then(|e| {
        let offset = read::u32(e, 24)? as usize;
        image.bytes.get(offset..offset.checked_add(4)?)
    });
    record.and_then(|r| read::u32(r, 0)).unwrap_or(0)
}
