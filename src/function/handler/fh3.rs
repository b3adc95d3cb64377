//! `FuncInfo` of `__CxxFrameHandler3` (`ehdata.h`, with image-relative addresses).

use super::reader::Reader;
use super::{HandlerData, Item, MAX_ENTRIES};
use crate::addr::Rva;
use crate::image::Image;

const MAGIC_1: u32 = 0x1993_0520;
const MAGIC_2: u32 = 0x1993_0521;
const MAGIC_3: u32 = 0x1993_0522;

// Bits of `EHFlags`.
const SYNCHRONOUS: u32 = 1;
const NOEXCEPT: u32 = 4;

/// −1: nothing is to be done.
const NO_STATE: u32 = u32::MAX;

/// Reads a `FuncInfo` and every table that it leads to.
pub fn read(image: &Image<'_>, rva: Rva, data: &mut HandlerData) -> Option<()> {
    let mut info = Reader::new(image, rva)?;
    let magic = info.number(data)?;
    // The upper three bits are flags.
    let version = magic & 0x1fff_ffff;
    if ![MAGIC_1, MAGIC_2, MAGIC_3].contains(&version) {
        return None;
    }
    let (states, unwind) = counted(&mut info, data)?;
    let (tries, try_map) = counted(&mut info, data)?;
    let (ips, ip_map) = counted(&mut info, data)?;
    // Offset of the help slot in the frame.
    info.number(data)?;
    let types = if version >= MAGIC_2 {
        info.table(data)?
    } else {
        Rva(0)
    };
    let flags = match version >= MAGIC_3 {
        true => info.number(data)?,
        false => 0,
    };
    data.guarded.thrown_only = flags & SYNCHRONOUS != 0;
    data.guarded.whole = flags & NOEXCEPT != 0 || types.0 != 0;
    data.table(rva, &info);
    unwind_map(image, unwind, states, data)?;
    try_blocks(image, try_map, tries, data)?;
    ip_states(image, ip_map, ips, data)?;
    if types.0 != 0 {
        let mut list = Reader::new(image, types)?;
        let (n, array) = counted(&mut list, data)?;
        data.table(types, &list);
        handlers(image, array, n, data)?;
    }
    Some(())
}

/// A number of entries, and the table that has them.
fn counted(reader: &mut Reader<'_>, data: &mut HandlerData) -> Option<(u32, Rva)> {
    let count = reader.number(data).filter(|c| *c <= MAX_ENTRIES)?;
    Some((count, reader.table(data)?))
}

fn unwind_map(image: &Image<'_>, rva: Rva, states: u32, data: &mut HandlerData) -> Option<()> {
    if states == 0 {
        return Some(());
    }
    let mut map = Reader::new(image, rva)?;
    for _ in 0..states {
        map.number(data)?;
        map.place(data)?;
    }
    data.table(rva, &map);
    Some(())
}

fn try_blocks(image: &Image<'_>, rva: Rva, tries: u32, data: &mut HandlerData) -> Option<()> {
    if tries == 0 {
        return Some(());
    }
    let mut map = Reader::new(image, rva)?;
    for _ in 0..tries {
        for _ in 0..3 {
            map.number(data)?;
        }
        let (catches, array) = counted(&mut map, data)?;
        handlers(image, array, catches, data)?;
    }
    data.table(rva, &map);
    Some(())
}

/// `HandlerType`: adjectives, type, place of the object, handler, frame.
fn handlers(image: &Image<'_>, rva: Rva, catches: u32, data: &mut HandlerData) -> Option<()> {
    if catches == 0 {
        return Some(());
    }
    let mut array = Reader::new(image, rva)?;
    for _ in 0..catches {
        array.number(data)?;
        array.place(data)?;
        array.number(data)?;
        array.place(data)?;
        array.number(data)?;
    }
    data.table(rva, &array);
    Some(())
}

fn ip_states(image: &Image<'_>, rva: Rva, ips: u32, data: &mut HandlerData) -> Option<()> {
    if ips == 0 {
        return Some(());
    }
    let mut map = Reader::new(image, rva)?;
    for _ in 0..ips {
        let from = map.rva(data, Item::From)?;
        let state = map.number(data)?;
        data.guarded.states.push((from, state != NO_STATE));
    }
    data.table(rva, &map);
    Some(())
}
