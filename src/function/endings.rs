//! What ends at an address.

use super::{DataIndex, Place, Program};
use crate::addr::Rva;
use crate::image::SectionKind;
use crate::symbols::{Contribution, ModuleIndex};

/// No linker pads more than this between contributions.
pub(super) const MAX_GAP: u32 = 64;

/// How many addresses before an end are asked whether an object begins there.
const MAX_STARTS: usize = 64;

/// What ends at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A named datum.
    Datum(DataIndex),
    /// Read-only data without a symbol.
    Constant,
    /// The part of an object file, of which no more is known.
    Contribution(ModuleIndex),
}

/// An object of which an address is the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// What it is.
    pub ended: Ended,
    /// Where it begins.
    pub start: Rva,
    /// Bytes from there to the address.
    pub len: u32,
}

/// Whether an address lies behind the last byte of one contribution and before the next.
pub(super) fn in_gap(program: &Program<'_>, rva: Rva) -> bool {
    program.symbols.contribution_at(rva).is_none() && contribution_before(program, rva).is_some()
}

/// The contribution that ends at an address, or so close before it that the linker padded.
fn contribution_before<'p>(program: &'p Program<'_>, rva: Rva) -> Option<&'p Contribution> {
    let list = &program.symbols.contributions;
    let before = list.partition_point(|c| c.rva < rva).checked_sub(1)?;
    let found = &list[before];
    let end = found.rva.0.saturating_add(found.size);
    let last = rva.checked_offset(-1)?;
    let section = |rva| program.image.section_at(rva).map(|s| s.rva);
    let near = rva.0.checked_sub(end)? < MAX_GAP;
    (near && section(found.rva) == section(last)).then_some(found)
}

/// What ends at an address.
pub(super) fn end_at(program: &Program<'_>, rva: Rva) -> Option<End> {
    let last = rva.checked_offset(-1)?;
    let section = program.image.section_at(last)?;
    if section.kind() == SectionKind::Code || ends_import(program, rva) {
        return None;
    }
    let before = contribution_before(program, rva);
    let contribution = program.symbols.contribution_at(last).or(before);
    let floor = contribution.map_or(section.rva, |c| c.rva);
    let behind =
        in_gap(program, rva) || before.is_some_and(|c| c.rva.checked_add(c.size) == Some(rva));
    let named = program.data.partition_point(|d| d.rva < rva);
    let named = named.checked_sub(1).map(|i| DataIndex(i as u32));
    let named = named.filter(|d| program.datum(*d).rva >= floor);
    let datum = |d: DataIndex| {
        let start = program.datum(d).rva;
        Some(End {
            ended: Ended::Datum(d),
            start,
            len: rva.0 - start.0,
        })
    };
    // Nobody has a use for the end of a switch table.
    let tables = program.switch_tables.partition_point(|t| t.table < rva);
    let table = tables.checked_sub(1).map(|i| &program.switch_tables[i]);
    let table_end = table.map(|t| {
        Rva(t
            .table
            .0
            .saturating_add(t.entries.saturating_mul(t.entry.width())))
    });
    if table_end.is_some_and(|end| end >= rva) {
        return None;
    }
    if ends_handler_data(program, rva) {
        return None;
    }
    let mut from = floor;
    if let Some(d) = named {
        let item = program.datum(d);
        let declared = item.type_size.filter(|s| *s > 0);
        let end = Rva(item.rva.0.saturating_add(declared.unwrap_or(item.size)));
        if end > rva {
            return None;
        }
        if end == rva {
            return datum(d);
        }
        // What lies behind the end of its type is padding, more of it, or something else.
        if program.incoming().within(end, rva).is_empty() {
            if behind || !is_padding(program, end, rva) {
                return datum(d);
            }
            return None;
        }
        from = end;
    }
    if section.kind() == SectionKind::Writable {
        let module = before.filter(|_| behind)?.module;
        return Some(End {
            ended: Ended::Contribution(module),
            start: floor,
            len: rva.0 - floor.0,
        });
    }
    let start = constant_before(program, rva, from.max(table_end.unwrap_or(from)))?;
    Some(End {
        ended: Ended::Constant,
        start,
        len: rva.0 - start.0,
    })
}

/// Where the constant without a symbol begins that ends at an address.
fn constant_before(program: &Program<'_>, rva: Rva, floor: Rva) -> Option<Rva> {
    let mut start = None;
    let mut nearest = floor;
    for target in program.incoming().below(rva, floor).take(MAX_STARTS) {
        let reach = target.0.saturating_add(program.anonymous_extent(target));
        if nearest == floor {
            nearest = Rva(reach.min(rva.0)).max(floor);
        }
        if reach >= rva.0 {
            start = Some(target);
        }
    }
    // Where nothing that is referred to reaches so far, something lies there of which only
    // the end is known.
    start.or_else(|| (nearest < rva && !is_padding(program, nearest, rva)).then_some(nearest))
}

/// Whether a range holds what a compiler or linker pads with.
pub(super) fn is_padding(program: &Program<'_>, from: Rva, to: Rva) -> bool {
    let size = to.0.saturating_sub(from.0);
    size < MAX_GAP
        && program.image.relocations_in(from, size).is_empty()
        && program.image.is_zero(from, size) == Some(true)
}

/// Whether handler data ends at an address, or padding behind it: only the runtime reads that,
/// from its start.
fn ends_handler_data(program: &Program<'_>, rva: Rva) -> bool {
    let tables = program.remembered.handler_tables(|| {
        let entries = program.image.runtime_functions.iter();
        let infos = entries.filter_map(|e| program.image.unwind_info(e.info).ok()?.handler);
        let data = infos.filter_map(|(handler, at)| {
            let form = program.handler_at(handler)?;
            form.read(program.image, at)
        });
        let mut tables: Vec<_> = data.flat_map(|d| d.blocks).collect();
        tables.sort_unstable_by_key(|t| t.start);
        tables.dedup();
        tables
    });
    let before = tables.partition_point(|t| t.start < rva).checked_sub(1);
    before.is_some_and(|i| {
        let end = Rva(tables[i].start.0.saturating_add(tables[i].size));
        end == rva || end < rva && is_padding(program, end, rva)
    })
}

/// Whether the slot of an import ends at an address.
fn ends_import(program: &Program<'_>, rva: Rva) -> bool {
    let slot = rva.checked_offset(-8);
    slot.is_some_and(|slot| matches!(program.place(slot), Place::Import(_)))
}
