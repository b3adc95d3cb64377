//! `FuncInfo` of `__CxxFrameHandler3` (`ehdata.h`, with image-relative addresses).

use super::reader::Reader;
use super::{Item, MAX_ENTRIES};
use crate::addr::Rva;
use crate::image::Image;

const MAGIC_1: u32 = 0x1993_0520;
const MAGIC_2: u32 = 0x1993_0521;
const MAGIC_3: u32 = 0x1993_0522;

/// Reads a `FuncInfo` and every table that it leads to.
pub fn read(image: &Image<'_>, rva: Rva, items: &mut Vec<Item>) -> Option<()> {
    let mut info = Reader::new(image, rva)?;
    let magic = info.u32()?;
    // The upper three bits are flags.
    let version = magic & 0x1fff_ffff;
    if ![MAGIC_1, MAGIC_2, MAGIC_3].contains(&version) {
        return None;
    }
    items.push(Item::Number(magic.into()));
    let (states, unwind) = (count(&mut info)?, info.u32()?);
    let (tries, try_map) = (count(&mut info)?, info.u32()?);
    let (ips, ip_map) = (count(&mut info)?, info.u32()?);
    // Offset of the help slot in the frame.
    items.push(Item::Number(info.u32()?.into()));
    let types = if version >= MAGIC_2 { info.u32()? } else { 0 };
    if version >= MAGIC_3 {
        items.push(Item::Number(info.u32()?.into()));
    }
    unwind_map(image, Rva(unwind), states, items)?;
    try_blocks(image, Rva(try_map), tries, items)?;
    ip_states(image, Rva(ip_map), ips, items)?;
    if types != 0 {
        let mut list = Reader::new(image, Rva(types))?;
        let n = count(&mut list)?;
        let array = list.u32()?;
        handlers(image, Rva(array), n, items)?;
    }
    Some(())
}

fn count(reader: &mut Reader<'_>) -> Option<u32> {
    reader.u32().filter(|c| *c <= MAX_ENTRIES)
}

fn unwind_map(image: &Image<'_>, rva: Rva, states: u32, items: &mut Vec<Item>) -> Option<()> {
    items.push(Item::Number(states.into()));
    if states == 0 {
        return Some(());
    }
    let mut map = Reader::new(image, rva)?;
    for _ in 0..states {
        items.push(Item::Number(map.u32()?.into()));
        items.push(Item::Place(Rva(map.u32()?)));
    }
    Some(())
}

fn try_blocks(image: &Image<'_>, rva: Rva, tries: u32, items: &mut Vec<Item>) -> Option<()> {
    items.push(Item::Number(tries.into()));
    if tries == 0 {
        return Some(());
    }
    let mut map = Reader::new(image, rva)?;
    for _ in 0..tries {
        for _ in 0..3 {
            items.push(Item::Number(map.u32()?.into()));
        }
        let catches = count(&mut map)?;
        handlers(image, Rva(map.u32()?), catches, items)?;
    }
    Some(())
}

/// `HandlerType`: adjectives, type, place of the object, handler, frame.
fn handlers(image: &Image<'_>, rva: Rva, catches: u32, items: &mut Vec<Item>) -> Option<()> {
    items.push(Item::Number(catches.into()));
    if catches == 0 {
        return Some(());
    }
    let mut array = Reader::new(image, rva)?;
    for _ in 0..catches {
        items.push(Item::Number(array.u32()?.into()));
        items.push(Item::Place(Rva(array.u32()?)));
        items.push(Item::Number(array.u32()?.into()));
        items.push(Item::Place(Rva(array.u32()?)));
        items.push(Item::Number(array.u32()?.into()));
    }
    Some(())
}

fn ip_states(image: &Image<'_>, rva: Rva, ips: u32, items: &mut Vec<Item>) -> Option<()> {
    items.push(Item::Number(ips.into()));
    if ips == 0 {
        return Some(());
    }
    let mut map = Reader::new(image, rva)?;
    for _ in 0..ips {
        items.push(Item::End(Rva(map.u32()?)));
        items.push(Item::Number(map.u32()?.into()));
    }
    Some(())
}
