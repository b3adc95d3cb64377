//! The language-specific data area of `__gxx_personality_seh0` (GCC and clang for the GNU
//! ABI): call sites relative to the function, actions, and a table of types.

use super::reader::Reader;
use super::{Item, MAX_ENTRIES};
use crate::addr::Rva;

const OMIT: u8 = 0xff;
// DWARF pointer encodings (Linux Standard Base Core, "DWARF Exception Header Encoding").
const FORMAT_MASK: u8 = 0x0f;
const PC_RELATIVE: u8 = 0x10;

/// Reads the LSDA at the reader.
pub fn read(data: &mut Reader<'_>, items: &mut Vec<Item>) -> Option<()> {
    // Landing pads relative to anything but the function's start do not occur on Windows.
    if data.u8()? != OMIT {
        return None;
    }
    let type_encoding = data.u8()?;
    items.push(Item::Number(type_encoding.into()));
    let types_end = if type_encoding == OMIT {
        None
    } else {
        let offset = u32::try_from(data.uleb()?).ok()?;
        Some(data.at().checked_add(offset)?)
    };
    let site_encoding = data.u8()?;
    let length = u32::try_from(data.uleb()?).ok()?;
    items.push(Item::Number(site_encoding.into()));
    let sites_end = data.at().checked_add(length)?;
    let mut actions = Vec::new();
    while data.at() < sites_end {
        for _ in 0..3 {
            items.push(Item::Number(encoded(data, site_encoding)?));
        }
        let action = data.uleb()?;
        items.push(Item::Number(action));
        actions.push(action);
    }
    let table_start = data.at();
    let highest = action_table(data, table_start, &actions, items)?;
    if let Some(end) = types_end {
        types(data, end, type_encoding, highest, items)?;
    }
    Some(())
}

/// A call site's field: a distance from the function's start, or a length.
fn encoded(data: &mut Reader<'_>, encoding: u8) -> Option<u64> {
    match encoding & FORMAT_MASK {
        0x01 => data.uleb(),
        0x02 | 0x0a => data.u16().map(u64::from),
        0x03 | 0x0b => data.u32().map(u64::from),
        0x00 | 0x04 | 0x0c => data.u64(),
        _ => None,
    }
}

/// Reads every record up to where the furthest chain ends; returns the highest type index.
fn action_table(
    data: &mut Reader<'_>,
    start: Rva,
    actions: &[u64],
    items: &mut Vec<Item>,
) -> Option<u64> {
    let mut wanted = actions.iter().copied().max().unwrap_or(0);
    let mut highest = 0;
    for _ in 0..MAX_ENTRIES {
        let offset = u64::from(data.at().0 - start.0);
        if offset >= wanted {
            return Some(highest);
        }
        let filter = data.sleb()?;
        let next_at = u64::from(data.at().0 - start.0);
        let next = data.sleb()?;
        items.push(Item::Number(filter as u64));
        items.push(Item::Number(next as u64));
        if filter < 0 {
            // Exception specifications, which C++17 removed, have a table of their own.
            return None;
        }
        highest = highest.max(filter as u64);
        if next > 0 {
            wanted = wanted.max(next_at.checked_add(next as u64)?.checked_add(1)?);
        }
    }
    None
}

/// The types lie before `end`, the first one last.
fn types(
    data: &Reader<'_>,
    end: Rva,
    encoding: u8,
    highest: u64,
    items: &mut Vec<Item>,
) -> Option<()> {
    let width: u32 = match encoding & FORMAT_MASK {
        0x03 | 0x0b => 4,
        0x00 | 0x04 | 0x0c => 8,
        _ => return None,
    };
    items.push(Item::Number(highest));
    for index in 1..=u32::try_from(highest).ok().filter(|h| *h <= MAX_ENTRIES)? {
        let place = end.checked_offset(-i64::from(index * width))?;
        let mut entry = data.reader_at(place)?;
        let value = match width {
            4 => i64::from(entry.u32()? as i32),
            _ => entry.u64()? as i64,
        };
        items.push(match value {
            0 => Item::Place(Rva(0)),
            value if encoding & 0x70 == PC_RELATIVE => Item::Place(place.checked_offset(value)?),
            _ => return None,
        });
    }
    Some(())
}
