//! What control flow guard lets be called (PE/COFF, "Load Configuration Layout"; Microsoft,
//! "PE Metadata" of control flow guard).

use super::{Directory, Image, read};
use crate::addr::{Rva, Va};

/// Places in `IMAGE_LOAD_CONFIG_DIRECTORY64`: the table of functions, the number of its entries,
/// and the flags.
const TABLE: usize = 0x80;
const COUNT: usize = 0x88;
const FLAGS: usize = 0x90;

/// `IMAGE_GUARD_CF_INSTRUMENTED`, `IMAGE_GUARD_CF_FUNCTION_TABLE_PRESENT`
const GUARDED: u32 = 0x100 | 0x400;

/// Flags of an entry: not to be called (`IMAGE_GUARD_FLAG_FID_SUPPRESSED`), or not before its
/// address was asked for by name (`IMAGE_GUARD_FLAG_EXPORT_SUPPRESSED`).
const SUPPRESSED: u8 = 1 | 2;

/// The functions to which a checked call may lead, ascending. `None` where no call is checked,
/// and where the table can't be read: then the system doesn't load the image.
pub fn call_targets(image: &Image<'_>, directory: Directory) -> Option<Vec<Rva>> {
    let config = image.rest_of_section(directory.rva)?;
    let size = read::u32(config, 0)? as usize;
    let config = &config[..size.min(config.len())];
    let flags = read::u32(config, FLAGS)?;
    if flags & GUARDED != GUARDED {
        return None;
    }
    let table = Va(read::u64(config, TABLE)?).rva(image.image_base)?;
    let width = 4 + (flags >> 28) as usize;
    let count = usize::try_from(read::u64(config, COUNT)?).ok()?;
    let entries = image.slice(table, count.checked_mul(width)?)?;
    let callable = entries.chunks_exact(width).filter_map(|entry| {
        let rva = Rva(read::u32(entry, 0)?);
        let suppressed = entry.get(4).is_some_and(|flags| flags & SUPPRESSED != 0);
        (!suppressed).then_some(rva)
    });
    let mut callable: Vec<Rva> = callable.collect();
    callable.sort_unstable();
    Some(callable)
}
