//! `FuncInfo4` of `__CxxFrameHandler4`: the same tables, compressed (`ehdata4_export.h`).

use super::guarded::States;
use super::reader::Reader;
use super::{HandlerData, Item, MAX_ENTRIES};
use crate::addr::Rva;
use crate::image::Image;

// Bits of `FuncInfoHeader`.
const IS_CATCH: u8 = 1;
const IS_SEPARATED: u8 = 2;
const HAS_FLAGS: u8 = 4;
const HAS_UNWIND_MAP: u8 = 8;
const HAS_TRY_BLOCKS: u8 = 16;
const SYNCHRONOUS: u8 = 32;
const NOEXCEPT: u8 = 64;

// Bits of `HandlerTypeHeader`.
const HANDLER_ADJECTIVES: u8 = 1;
const HANDLER_TYPE: u8 = 2;
const HANDLER_OBJECT: u8 = 4;
const HANDLER_CONTINUES_AT_RVA: u8 = 8;

/// Reads a `FuncInfo4` and every table that it leads to.
pub fn read(image: &Image<'_>, rva: Rva, data: &mut HandlerData) -> Option<()> {
    let mut info = Reader::new(image, rva)?;
    let header = byte(&mut info, data)?;
    data.guarded.thrown_only = header & SYNCHRONOUS != 0;
    data.guarded.whole = header & NOEXCEPT != 0;
    if header & HAS_FLAGS != 0 {
        info.compressed_number(data)?;
    }
    if header & HAS_UNWIND_MAP != 0 {
        let map = info.table(data)?;
        unwind_map(image, map, data)?;
    }
    if header & HAS_TRY_BLOCKS != 0 {
        let map = info.table(data)?;
        try_blocks(image, map, data)?;
    }
    let ip_map = info.table(data)?;
    if header & IS_SEPARATED != 0 {
        let mut segments = Reader::new(image, ip_map)?;
        for _ in 0..count(&mut segments, data)? {
            let start = segments.place(data)?;
            let map = segments.table(data)?;
            let states = ip_states(image, map, data)?;
            data.guarded.segments.push((Some(start), states));
        }
        data.table(ip_map, &segments);
    } else {
        let states = ip_states(image, ip_map, data)?;
        data.guarded.segments.push((None, states));
    }
    if header & IS_CATCH != 0 {
        // Where the parent's frame is; and which function it is follows from the funclet.
        info.compressed_number(data)?;
    }
    data.table(rva, &info);
    Some(())
}

fn byte(reader: &mut Reader<'_>, data: &mut HandlerData) -> Option<u8> {
    let (at, value) = (reader.at(), reader.u8()?);
    data.push(at, Item::Number(value.into()));
    Some(value)
}

fn count(reader: &mut Reader<'_>, data: &mut HandlerData) -> Option<u32> {
    reader.compressed_number(data).filter(|c| *c <= MAX_ENTRIES)
}

/// `UnwindMapEntry4`: the low two bits of the first number say what follows.
fn unwind_map(image: &Image<'_>, rva: Rva, data: &mut HandlerData) -> Option<()> {
    let mut map = Reader::new(image, rva)?;
    for _ in 0..count(&mut map, data)? {
        match map.compressed_number(data)? & 3 {
            0 => {}
            3 => {
                map.place(data)?;
            }
            _ => {
                map.place(data)?;
                map.compressed_number(data)?;
            }
        }
    }
    data.table(rva, &map);
    Some(())
}

fn try_blocks(image: &Image<'_>, rva: Rva, data: &mut HandlerData) -> Option<()> {
    let mut map = Reader::new(image, rva)?;
    for _ in 0..count(&mut map, data)? {
        for _ in 0..3 {
            map.compressed_number(data)?;
        }
        let array = map.table(data)?;
        handlers(image, array, data)?;
    }
    data.table(rva, &map);
    Some(())
}

fn handlers(image: &Image<'_>, rva: Rva, data: &mut HandlerData) -> Option<()> {
    let mut map = Reader::new(image, rva)?;
    for _ in 0..count(&mut map, data)? {
        let header = byte(&mut map, data)?;
        if header & HANDLER_ADJECTIVES != 0 {
            map.compressed_number(data)?;
        }
        if header & HANDLER_TYPE != 0 {
            map.place(data)?;
        }
        if header & HANDLER_OBJECT != 0 {
            map.compressed_number(data)?;
        }
        map.place(data)?;
        let continuations = (header >> 4) & 3;
        for _ in 0..continuations.min(2) {
            if header & HANDLER_CONTINUES_AT_RVA != 0 {
                map.place(data)?;
            } else {
                // Relative to the function's start.
                map.compressed_number(data)?;
            }
        }
    }
    data.table(rva, &map);
    Some(())
}

/// Pairs of a distance from the previous address and a state, one higher than it is: no layout
/// in them. Returns the distances from the start of the code, and whether there is a state.
fn ip_states(image: &Image<'_>, rva: Rva, data: &mut HandlerData) -> Option<States> {
    let mut map = Reader::new(image, rva)?;
    let (mut states, mut at) = (Vec::new(), 0u32);
    for _ in 0..count(&mut map, data)? {
        at = at.checked_add(map.compressed_number(data)?)?;
        let state = map.compressed_number(data)?;
        states.push((at, state != 0));
    }
    data.table(rva, &map);
    Some(states)
}
