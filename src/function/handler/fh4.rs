//! `FuncInfo4` of `__CxxFrameHandler4`: the same tables, compressed (`ehdata4_export.h`).

use super::reader::Reader;
use super::{Item, MAX_ENTRIES};
use crate::addr::Rva;
use crate::image::Image;

// Bits of `FuncInfoHeader`.
const IS_CATCH: u8 = 1;
const IS_SEPARATED: u8 = 2;
const HAS_FLAGS: u8 = 4;
const HAS_UNWIND_MAP: u8 = 8;
const HAS_TRY_BLOCKS: u8 = 16;

// Bits of `HandlerTypeHeader`.
const HANDLER_ADJECTIVES: u8 = 1;
const HANDLER_TYPE: u8 = 2;
const HANDLER_OBJECT: u8 = 4;
const HANDLER_CONTINUES_AT_RVA: u8 = 8;

/// Reads a `FuncInfo4` and every table that it leads to.
pub fn read(image: &Image<'_>, rva: Rva, items: &mut Vec<Item>) -> Option<()> {
    let mut info = Reader::new(image, rva)?;
    let header = info.u8()?;
    items.push(Item::Number(header.into()));
    if header & HAS_FLAGS != 0 {
        items.push(Item::Number(info.compressed()?.into()));
    }
    if header & HAS_UNWIND_MAP != 0 {
        unwind_map(image, Rva(info.u32()?), items)?;
    }
    if header & HAS_TRY_BLOCKS != 0 {
        try_blocks(image, Rva(info.u32()?), items)?;
    }
    let ip_map = Rva(info.u32()?);
    if header & IS_SEPARATED != 0 {
        let mut segments = Reader::new(image, ip_map)?;
        let segments_count = count(&mut segments)?;
        items.push(Item::Number(segments_count.into()));
        for _ in 0..segments_count {
            items.push(Item::Place(Rva(segments.u32()?)));
            ip_states(image, Rva(segments.u32()?), items)?;
        }
    } else {
        ip_states(image, ip_map, items)?;
    }
    if header & IS_CATCH != 0 {
        // Where the parent's frame is; and which function it is follows from the funclet.
        items.push(Item::Number(info.compressed()?.into()));
    }
    Some(())
}

fn count(reader: &mut Reader<'_>) -> Option<u32> {
    reader.compressed().filter(|c| *c <= MAX_ENTRIES)
}

/// `UnwindMapEntry4`: the low two bits of the first number say what follows.
fn unwind_map(image: &Image<'_>, rva: Rva, items: &mut Vec<Item>) -> Option<()> {
    let mut map = Reader::new(image, rva)?;
    let states = count(&mut map)?;
    items.push(Item::Number(states.into()));
    for _ in 0..states {
        let next_and_type = map.compressed()?;
        items.push(Item::Number(next_and_type.into()));
        match next_and_type & 3 {
            0 => {}
            3 => items.push(Item::Place(Rva(map.u32()?))),
            _ => {
                items.push(Item::Place(Rva(map.u32()?)));
                items.push(Item::Number(map.compressed()?.into()));
            }
        }
    }
    Some(())
}

fn try_blocks(image: &Image<'_>, rva: Rva, items: &mut Vec<Item>) -> Option<()> {
    let mut map = Reader::new(image, rva)?;
    let tries = count(&mut map)?;
    items.push(Item::Number(tries.into()));
    for _ in 0..tries {
        for _ in 0..3 {
            items.push(Item::Number(map.compressed()?.into()));
        }
        handlers(image, Rva(map.u32()?), items)?;
    }
    Some(())
}

fn handlers(image: &Image<'_>, rva: Rva, items: &mut Vec<Item>) -> Option<()> {
    let mut map = Reader::new(image, rva)?;
    let catches = count(&mut map)?;
    items.push(Item::Number(catches.into()));
    for _ in 0..catches {
        let header = map.u8()?;
        items.push(Item::Number(header.into()));
        if header & HANDLER_ADJECTIVES != 0 {
            items.push(Item::Number(map.compressed()?.into()));
        }
        if header & HANDLER_TYPE != 0 {
            items.push(Item::Place(Rva(map.u32()?)));
        }
        if header & HANDLER_OBJECT != 0 {
            items.push(Item::Number(map.compressed()?.into()));
        }
        items.push(Item::Place(Rva(map.u32()?)));
        let continuations = (header >> 4) & 3;
        for _ in 0..continuations.min(2) {
            if header & HANDLER_CONTINUES_AT_RVA != 0 {
                items.push(Item::Place(Rva(map.u32()?)));
            } else {
                // Relative to the function's start.
                items.push(Item::Number(map.compressed()?.into()));
            }
        }
    }
    Some(())
}

/// Pairs of a distance from the previous address and a state: no layout in them.
fn ip_states(image: &Image<'_>, rva: Rva, items: &mut Vec<Item>) -> Option<()> {
    let mut map = Reader::new(image, rva)?;
    let entries = count(&mut map)?;
    items.push(Item::Number(entries.into()));
    for _ in 0..entries {
        items.push(Item::Number(map.compressed()?.into()));
        items.push(Item::Number(map.compressed()?.into()));
    }
    Some(())
}
