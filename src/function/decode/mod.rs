//! Decodes the code of one function and finds every field that depends on layout.
//!
//! The decoder's instruction pointer is the RVA, so targets come out as RVAs.

mod code;
mod end;
mod operands;
mod reserved;
mod sweep;
mod uses;

use iced_x86::{Decoder, DecoderOptions, Instruction};

use super::flow;
use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::{SwitchTable, Symbols, fixups};
pub use code::{Code, IndirectJump, Reference, ReferenceKind, Use};
pub use operands::{Number, operand_numbers};
pub use reserved::decode_out;
use sweep::sweep;

/// Decodes `size` bytes of code at `rva`.
pub fn decode(image: &Image<'_>, symbols: &Symbols, rva: Rva, size: u32) -> Code {
    let Some(bytes) = image.slice(rva, size as usize) else {
        return Code {
            undecodable: Some(0),
            ..Code::default()
        };
    };
    let mut code = sweep(bytes, rva, size);
    code.possible_rvas
        .retain(|(_, possible)| image.section_at(*possible).is_some());
    let data = |rva: Rva| {
        let section = image.section_at(rva);
        section.is_some_and(|s| s.kind() != SectionKind::Code)
    };
    let numbers = |code: &Code| {
        let possible = code.possible_rvas.iter().copied();
        possible.filter(|(_, rva)| data(*rva)).collect::<Vec<_>>()
    };
    code.numbers = numbers(&code);
    let holds_base =
        |r: &Reference| matches!(r.kind, ReferenceKind::Access(8)) && image.holds_base(r.target);
    code.takes_image_base |= code.references.iter().any(holds_base);
    let computed = |c: &Code| {
        let mut jumps = c.indirect_jumps.iter();
        jumps.any(|j| matches!(j.1, IndirectJump::Computed | IndirectJump::Pointer))
    };
    let walks = |c: &Code| c.loads_numbers && !possible_lookups(image, symbols, c, &[]).is_empty();
    if code.takes_image_base
        || code.thread_local
        || code.loads_entries
        || computed(&code)
        || walks(&code)
    {
        let flow = flow::analyse(image, rva, bytes);
        if let Some(end) = flow.code_end {
            let end = (end as usize).min(bytes.len());
            code = sweep(&bytes[..end], rva, size);
            code.numbers = numbers(&code);
            code.code_size = Some(end as u32);
        }
        apply_flow((image, symbols), rva, size, &flow, &mut code);
    }
    let constant = |rva: Rva| {
        image.section_at(rva).map(|s| s.kind()) == Some(SectionKind::ReadOnly)
            && !is_named(symbols, rva)
    };
    code.uses.sort_unstable();
    code.uses.dedup();
    code.uses.retain(|(target, _)| constant(*target));
    absolute_fields(image, rva, size, &mut code);
    listed_fields(image, symbols, rva, size, &mut code);
    let references = std::mem::take(&mut code.references);
    let certain = |at: u32| {
        let near = references.partition_point(|r| r.at + r.kind.width() <= at);
        references.get(near).is_some_and(|r| r.at < at + 4)
    };
    code.numbers.retain(|(at, _)| !certain(*at));
    code.references = references;
    code
}

/// What the FIXUP stream lists is exact: the object that each operand means, and fields
/// that look like numbers.
fn listed_fields(image: &Image<'_>, symbols: &Symbols, rva: Rva, size: u32, code: &mut Code) {
    let fixups = symbols.fixups_in(rva, size);
    if fixups.is_empty() {
        return;
    }
    // Whatever may be an RVA is listed.
    code.uncertain = None;
    code.possible_rvas.clear();
    code.numbers.clear();
    code.base_followed = true;
    code.uncertain_thread_local = None;
    let tls = image.tls.as_ref().map(|t| t.template);
    for fixup in fixups {
        let at = fixup.rva.0 - rva.0;
        if let Some(reference) = code.references.iter_mut().find(|r| r.at == at) {
            reference.anchor = Some(fixup.target);
            continue;
        }
        let is_data = code.code_size.is_some_and(|end| at >= end);
        let fits = at.checked_add(4).is_some_and(|end| end <= size);
        if !fits || (!is_data && !is_within_one(image, (rva, size), at)) {
            // The list contradicts the code, so that it proves nothing.
            code.uncertain = Some(at);
            continue;
        }
        let value = image
            .slice(fixup.rva, 4)
            .map(|b| Rva(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        let in_tls = tls.and_then(|t| image.section_at(t)) == image.section_at(fixup.target);
        let kind = match fixup.kind {
            fixups::ADDR32NB => ReferenceKind::ImageRelative,
            fixups::SECREL if in_tls => ReferenceKind::ThreadLocal,
            _ => continue,
        };
        if let Some(target) = value {
            code.references.push(Reference {
                at,
                kind,
                trailing: 0,
                target,
                anchor: Some(fixup.target),
            });
        }
    }
    code.references.sort_by_key(|r| r.at);
}

/// Whether the four bytes at an offset are in one instruction of a function, behind its opcode.
fn is_within_one(image: &Image<'_>, (rva, size): (Rva, u32), at: u32) -> bool {
    let Some(bytes) = image.slice(rva, size as usize) else {
        return false;
    };
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        let start = decoder.position() as u32;
        decode_out(&mut decoder, bytes, &mut instruction);
        let end = decoder.position() as u32;
        if at < end {
            return at > start && at.checked_add(4).is_some_and(|last| last <= end);
        }
    }
    false
}

/// Adds the fields and tables that the data flow found.
fn apply_flow(
    (image, symbols): (&Image<'_>, &Symbols),
    rva: Rva,
    size: u32,
    flow: &flow::Flow,
    code: &mut Code,
) {
    let field = |at: u32, kind, target| Reference {
        at,
        kind,
        trailing: 0,
        target,
        anchor: None,
    };
    let mut found: Vec<Reference> = Vec::new();
    for (at, target) in &flow.image_relative {
        found.push(field(*at, ReferenceKind::ImageRelative, *target));
    }
    for (at, offset) in &flow.thread_local {
        found.push(field(*at, ReferenceKind::ThreadLocal, Rva(*offset)));
    }
    for table in &flow.tables {
        let start = table.table.table.0;
        let inside = (rva.0..rva.0.saturating_add(size)).contains(&start);
        if table.image_relative && inside {
            let targets = image.switch_targets(&table.table).unwrap_or_default();
            found.extend(targets.iter().enumerate().map(|(i, target)| {
                let at = start - rva.0 + i as u32 * 4;
                field(at, ReferenceKind::ImageRelative, *target)
            }));
        } else {
            code.tables.push(table.table);
        }
        let jump = table.table.branch.0 - rva.0;
        for (at, how) in &mut code.indirect_jumps {
            if *at == jump {
                *how = IndirectJump::Table;
            }
        }
    }
    let mut lookups: Vec<SwitchTable> = flow
        .lookups
        .iter()
        .map(|table| flow::lookup(image, symbols, *table))
        .filter(|t| t.entries > 0)
        .collect();
    if let Some(at) = flow.uncertain_table {
        let possible = possible_lookups(image, symbols, code, &lookups);
        if !possible.is_empty() {
            code.uncertain_table = Some(at);
        }
        lookups.extend(possible);
    }
    for (place, at) in &flow.suspects {
        let known = lookups
            .iter()
            .chain(&code.tables)
            .any(|t| t.table == *place);
        let constant = image.section_at(*place).map(|s| s.kind()) == Some(SectionKind::ReadOnly);
        if known || !constant || is_named(symbols, *place) {
            continue;
        }
        let table = flow::lookup(image, symbols, *place);
        if flow::is_likely(image, &table) {
            code.uncertain_table.get_or_insert(*at);
            lookups.push(table);
        }
    }
    code.tables.extend(lookups);
    code.references
        .retain(|r| !found.iter().any(|f| overlap(r, f)));
    code.references.extend(found);
    code.references.sort_by_key(|r| r.at);
    code.references.dedup_by_key(|r| r.at);
    code.entries.clone_from(&flow.entries);
    code.uncertain = flow.uncertain;
    code.possible_rvas.clone_from(&flow.possible);
    code.base_followed = true;
    code.uncertain_thread_local = flow.uncertain_thread_local;
}

/// What may be a table of distances among the data whose address the code takes: two or
/// more numbers that lead to read-only data.
fn possible_lookups(
    image: &Image<'_>,
    symbols: &Symbols,
    code: &Code,
    known: &[SwitchTable],
) -> Vec<SwitchTable> {
    let mut places: Vec<Rva> = code
        .references
        .iter()
        .filter(|r| r.kind == ReferenceKind::Address)
        .map(|r| r.target)
        .filter(|t| !is_named(symbols, *t))
        .filter(|t| known.iter().chain(&code.tables).all(|k| k.table != *t))
        .filter(|t| image.section_at(*t).map(|s| s.kind()) == Some(SectionKind::ReadOnly))
        .collect();
    places.sort_unstable();
    places.dedup();
    let tables = places
        .into_iter()
        .map(|rva| flow::lookup(image, symbols, rva));
    tables.filter(|t| t.entries > 1).collect()
}

/// Whether a symbol names data at an address: the compiler's own tables have no names.
fn is_named(symbols: &Symbols, rva: Rva) -> bool {
    symbols.data.binary_search_by_key(&rva, |d| d.rva).is_ok()
        || symbols
            .publics
            .binary_search_by_key(&rva, |p| p.rva)
            .is_ok()
}

/// Whether two fields share a byte.
fn overlap(a: &Reference, b: &Reference) -> bool {
    a.at < b.at + b.kind.width() && b.at < a.at + a.kind.width()
}

/// Adds the fields that the base relocation table lists, and drops what the decoder
/// took for a reference in the same bytes (data inside code).
fn absolute_fields(image: &Image<'_>, rva: Rva, size: u32, code: &mut Code) {
    for &place in image.relocations_in(rva, size) {
        let at = place.0 - rva.0;
        code.references
            .retain(|r| r.at + r.kind.width() <= at || r.at >= at + 8);
        match image.pointer_at(place) {
            Some(target) if at + 8 <= size => code.references.push(Reference {
                at,
                kind: ReferenceKind::Absolute,
                trailing: 0,
                target,
                anchor: None,
            }),
            _ => code.undecodable = Some(code.undecodable.map_or(at, |u| u.min(at))),
        }
    }
    code.references.sort_by_key(|r| r.at);
}
