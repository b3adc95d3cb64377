//! The relocated fields of a section, and what they refer to.

use std::collections::HashMap;

use iced_x86::{Decoder, DecoderOptions, Instruction};

use super::build::{Atom, Build, Target};
use super::coff::{Kind, Section, relative_trailing, width};

/// A relocated field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub at: u32,
    pub kind: u16,
    pub symbol: usize,
    pub addend: i64,
    /// Bytes that the instruction reads or writes there, where it does.
    pub access: Option<u32>,
}

/// What a field refers to.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning<'b> {
    /// Something that no object defines.
    Elsewhere(&'b str, i64),
    /// This many bytes into a piece of an object.
    At(Atom, i64),
}

/// Follows a field.
pub fn meaning<'b>(build: &'b Build, object: usize, field: &Field) -> Meaning<'b> {
    match build.target(object, field.symbol) {
        Target::Elsewhere(name) => Meaning::Elsewhere(name, field.addend),
        Target::Defined(object, symbol) => {
            let section = symbol.section.unwrap_or_default();
            let place = i64::from(symbol.offset) + field.addend;
            // Only of the symbol of a whole section the addend says which part is meant.
            let inside = if symbol.is_section {
                place.max(0) as u32
            } else {
                symbol.offset
            };
            let atom = build.atom(object, section, inside);
            Meaning::At(atom, place - i64::from(atom.start))
        }
    }
}

/// The relocated fields of a section, ascending.
pub fn fields_of(section: &Section) -> Vec<Field> {
    let accesses = match section.kind {
        Kind::Code => accesses(&section.bytes),
        _ => HashMap::new(),
    };
    let mut fields: Vec<Field> = section
        .relocations
        .iter()
        .map(|r| {
            let from = r.at as usize;
            let stored = section.bytes.get(from..from + width(r.kind)).unwrap_or(&[]);
            let stored = match stored.try_into() {
                Ok(bytes) => i64::from_le_bytes(bytes),
                Err(_) => stored
                    .try_into()
                    .map_or(0, |b| i64::from(i32::from_le_bytes(b))),
            };
            // The end of the instruction is what a relative field is relative to.
            let (trailing, access) = accesses.get(&r.at).copied().unwrap_or_default();
            let trailing = relative_trailing(r.kind).map_or(0, |n| trailing - n);
            Field {
                at: r.at,
                kind: r.kind,
                symbol: r.symbol,
                addend: stored + trailing,
                access,
            }
        })
        .collect();
    fields.sort_by_key(|f| f.at);
    fields
}

/// For each field of an instruction: bytes after it, and the bytes it accesses.
fn accesses(code: &[u8]) -> HashMap<u32, (i64, Option<u32>)> {
    let mut found = HashMap::new();
    let mut decoder = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        let offsets = decoder.get_constant_offsets(&instruction);
        let start = instruction.ip() as u32;
        let mut note = |field: usize, size: usize, access: Option<u32>| {
            let trailing = (instruction.len() - field - size) as i64;
            found.insert(start + field as u32, (trailing, access));
        };
        if offsets.has_displacement() {
            let size = instruction.memory_size().size() as u32;
            let reads = size > 0 && instruction.is_ip_rel_memory_operand();
            note(
                offsets.displacement_offset(),
                offsets.displacement_size(),
                reads.then_some(size),
            );
        }
        if offsets.has_immediate() {
            note(offsets.immediate_offset(), offsets.immediate_size(), None);
        }
    }
    found
}
