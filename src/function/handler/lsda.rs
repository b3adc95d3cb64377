//! The language-specific data area of `__gxx_personality_seh0` (GCC and clang for the GNU
//! ABI): call sites relative to the function, actions, and a table of types.

use super::reader::Reader;
use super::{HandlerData, Item, MAX_ENTRIES};
use crate::addr::Rva;
use crate::image::Image;

const OMIT: u8 = 0xff;
// DWARF pointer encodings (Linux Standard Base Core, "DWARF Exception Header Encoding").
const FORMAT_MASK: u8 = 0x0f;
const APPLICATION_MASK: u8 = 0x70;
const PC_RELATIVE: u8 = 0x10;

/// Reads the LSDA at the reader.
pub fn read(image: &Image<'_>, reader: &mut Reader<'_>, data: &mut HandlerData) -> Option<()> {
    let start = reader.at();
    // Landing pads relative to anything but the function's start do not occur on Windows.
    if reader.u8()? != OMIT {
        return None;
    }
    let type_encoding = reader.u8()?;
    let number = |data: &mut HandlerData, n: u64| data.push(start, Item::Number(n));
    number(data, type_encoding.into());
    let types_end = if type_encoding == OMIT {
        None
    } else {
        let offset = u32::try_from(reader.uleb()?).ok()?;
        Some(reader.at().checked_add(offset)?)
    };
    let site_encoding = reader.u8()?;
    let length = u32::try_from(reader.uleb()?).ok()?;
    number(data, site_encoding.into());
    let sites_end = reader.at().checked_add(length)?;
    let mut actions = Vec::new();
    while reader.at() < sites_end {
        for _ in 0..3 {
            let field = encoded(reader, site_encoding)?;
            number(data, field);
        }
        let action = reader.uleb()?;
        number(data, action);
        actions.push(action);
    }
    let table_start = reader.at();
    let filters = action_table(reader, table_start, &actions, data)?;
    match types_end {
        Some(end) => {
            let before = reader.reader_at(reader.at())?;
            let last = reader.at();
            reader.skip_to(end)?;
            let listed = specifications(reader, filters.lowest, data)?;
            let highest = filters.highest.max(listed);
            types((image, &before), (last, end), type_encoding, highest, data)
        }
        None => (filters == Filters::default()).then_some(()),
    }
}

/// Which types the actions name: positive ones are numbers of types, negative ones lead to
/// lists of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Filters {
    highest: u64,
    lowest: i64,
}

/// A call site's field: a distance from the function's start, or a length.
fn encoded(reader: &mut Reader<'_>, encoding: u8) -> Option<u64> {
    match encoding & FORMAT_MASK {
        0x01 => reader.uleb(),
        0x02 | 0x0a => reader.u16().map(u64::from),
        0x03 | 0x0b => reader.u32().map(u64::from),
        0x00 | 0x04 | 0x0c => reader.u64(),
        _ => None,
    }
}

/// Reads every record up to where the furthest chain ends.
fn action_table(
    reader: &mut Reader<'_>,
    start: Rva,
    actions: &[u64],
    data: &mut HandlerData,
) -> Option<Filters> {
    let mut wanted = actions.iter().copied().max().unwrap_or(0);
    let mut filters = Filters::default();
    for _ in 0..MAX_ENTRIES {
        let offset = u64::from(reader.at().0 - start.0);
        if offset >= wanted {
            return Some(filters);
        }
        let filter = reader.sleb()?;
        let next_at = u64::from(reader.at().0 - start.0);
        let next = reader.sleb()?;
        data.push(start, Item::Number(filter as u64));
        data.push(start, Item::Number(next as u64));
        filters.lowest = filters.lowest.min(filter);
        filters.highest = filters.highest.max(u64::try_from(filter).unwrap_or(0));
        if next > 0 {
            wanted = wanted.max(next_at.checked_add(next as u64)?.checked_add(1)?);
        }
    }
    None
}

/// The lists behind the types, each ended by a zero: the exception specifications of C++ before
/// C++17, and the empty list where nothing may be thrown. Reads up to the end of the last one
/// that a filter leads to; returns the highest number of a type in them.
fn specifications(reader: &mut Reader<'_>, lowest: i64, data: &mut HandlerData) -> Option<u64> {
    let start = reader.at();
    let mut highest = 0;
    if lowest == 0 {
        return Some(0);
    }
    for _ in 0..MAX_ENTRIES {
        let number = reader.uleb()?;
        data.push(start, Item::Number(number));
        highest = highest.max(number);
        // Filter -1 leads to the first byte, -2 to the second one.
        let read = i64::from(reader.at().0 - start.0);
        if number == 0 && read >= lowest.checked_neg()? {
            return Some(highest);
        }
    }
    None
}

/// The types lie before `end`, the first one last, and not before `last`.
fn types(
    (image, reader): (&Image<'_>, &Reader<'_>),
    (last, end): (Rva, Rva),
    encoding: u8,
    highest: u64,
    data: &mut HandlerData,
) -> Option<()> {
    let width: u32 = match encoding & FORMAT_MASK {
        0x03 | 0x0b => 4,
        0x00 | 0x04 | 0x0c => 8,
        _ => return None,
    };
    data.push(last, Item::Number(highest));
    for index in 1..=u32::try_from(highest).ok().filter(|h| *h <= MAX_ENTRIES)? {
        let place = end.checked_offset(-i64::from(index * width))?;
        if place < last {
            return None;
        }
        let mut entry = reader.reader_at(place)?;
        let item = match (width, encoding & APPLICATION_MASK) {
            (4, PC_RELATIVE) => match entry.u32()? as i32 {
                0 => Item::Near(Rva(0)),
                distance => Item::Near(place.checked_offset(distance.into())?),
            },
            (8, 0) => match entry.u64()? {
                0 => Item::Absolute(Rva(0)),
                _ => Item::Absolute(relocated(image, place)?),
            },
            _ => return None,
        };
        data.push(place, item);
    }
    Some(())
}

/// The address in a field that the loader relocates.
fn relocated(image: &Image<'_>, place: Rva) -> Option<Rva> {
    image.relocations_in(place, 1).first()?;
    image.pointer_at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highest(bytes: &[u8], lowest: i64) -> Option<(u64, u32)> {
        let mut reader = Reader::of_bytes(bytes);
        let highest = specifications(&mut reader, lowest, &mut HandlerData::default())?;
        Some((highest, reader.at().0))
    }

    #[test]
    fn lists_are_read_up_to_the_end_of_the_last_one() {
        // Nothing may be thrown; then types 2 and 1.
        let lists = [0, 2, 1, 0, 9];
        assert_eq!(highest(&lists, 0), Some((0, 0)));
        assert_eq!(highest(&lists, -1), Some((0, 1)));
        assert_eq!(highest(&lists, -2), Some((2, 4)));
        assert_eq!(highest(&lists[..3], -2), None);
        assert_eq!(highest(&lists, i64::MIN), None);
    }

    #[test]
    fn chains_of_actions_name_types_and_lists() {
        // Action 1: type 2, then the next record; action 3: list 1, the end.
        let table = [2, 1, 0x7f, 0];
        let mut reader = Reader::of_bytes(&table);
        let filters = action_table(&mut reader, Rva(0), &[1], &mut HandlerData::default());
        let expected = Filters {
            highest: 2,
            lowest: -1,
        };
        assert_eq!(filters, Some(expected));
        assert_eq!(reader.at(), Rva(4));
    }
}
