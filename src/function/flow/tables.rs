//! How long the switch tables are that the data flow found.
//!
//! A table ends, at the latest, where another place that the function refers to begins.
//! Its entries lead to instructions of the function; the first one that does not is
//! behind its end.

use super::{Flow, FoundTable};
use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::{SwitchEntry, SwitchTable, Symbols};

/// More cases than any compiler puts into one table.
const MAX_ENTRIES: u32 = 1 << 16;

/// The targets of a table whose length is not known yet: entries as long as they lead into
/// the function.
pub fn targets(image: &Image<'_>, rva: Rva, size: u32, found: &FoundTable) -> Vec<Rva> {
    let own = rva.0..rva.0 + size;
    let mut targets = Vec::new();
    for index in 0..MAX_ENTRIES {
        match target(image, found, index) {
            Some(target) if own.contains(&target.0) => targets.push(target),
            _ => break,
        }
    }
    targets
}

fn target(image: &Image<'_>, found: &FoundTable, index: u32) -> Option<Rva> {
    let place = found.table.table.checked_add(index * 4)?;
    let field = image.slice(place, 4)?;
    let entry = u32::from_le_bytes(field.try_into().ok()?);
    if found.image_relative {
        Some(Rva(entry))
    } else {
        found.table.table.checked_offset(i64::from(entry as i32))
    }
}

/// Sets the lengths of all tables, and checks that every entry leads to an instruction.
/// A table that is not wholly understood is dropped, so that its jump counts as not
/// explained.
pub fn complete(
    image: &Image<'_>,
    rva: Rva,
    bytes: &[u8],
    mut flow: Flow,
    code_addresses: &[u32],
) -> Flow {
    let size = bytes.len() as u32;
    let code_end = flow.code_end.unwrap_or(size);
    let mut limits: Vec<u32> = flow.image_relative.iter().map(|(_, t)| t.0).collect();
    limits.extend(flow.tables.iter().map(|t| t.table.table.0));
    limits.push(rva.0 + size);
    limits.sort_unstable();
    let mut complete = Vec::new();
    for mut found in std::mem::take(&mut flow.tables) {
        let start = found.table.table;
        let next = limits.partition_point(|l| *l <= start.0);
        let room = limits.get(next).map_or(u32::MAX, |l| l - start.0) / 4;
        let entries = targets(image, rva, size, &found)
            .into_iter()
            .take(room as usize)
            .take_while(|t| {
                let offset = t.0 - rva.0;
                offset < code_end && code_addresses.binary_search(&offset).is_ok()
            })
            .count() as u32;
        if entries > 0 {
            found.table.entries = entries;
            complete.push(found);
        }
    }
    let switches: Vec<Rva> = complete.iter().map(|f| f.table.table).collect();
    flow.lookups.retain(|table| !switches.contains(table));
    flow.tables = complete;
    flow
}

/// A table of distances from its own start to data or functions: its entries as long as they
/// lead there. Where it really ends follows from what lies behind it.
pub fn lookup(image: &Image<'_>, symbols: &Symbols, table: Rva) -> SwitchTable {
    let mut found = FoundTable {
        table: SwitchTable {
            base: table,
            branch: Rva(0),
            table,
            entries: 0,
            entry: SwitchEntry::Signed(4),
        },
        image_relative: false,
    };
    let sensible = |rva: Rva| {
        // A zero is padding.
        rva != table
            && image.section_at(rva).is_some_and(|s| match s.kind() {
                SectionKind::Code => is_function(symbols, rva),
                _ => true,
            })
    };
    let entries = (0..MAX_ENTRIES).map_while(|i| target(image, &found, i).filter(|t| sensible(*t)));
    found.table.entries = entries.count() as u32;
    found.table
}

/// Whether a symbol says that a function begins here.
fn is_function(symbols: &Symbols, rva: Rva) -> bool {
    symbols
        .procedures
        .binary_search_by_key(&rva, |p| p.rva)
        .is_ok()
        || symbols
            .publics
            .binary_search_by_key(&rva, |p| p.rva)
            .is_ok()
}

/// Whether a table of distances is likely to be one, and not of numbers: two entries or more,
/// of which the first two do not lead into the table itself.
pub fn is_likely(image: &Image<'_>, table: &SwitchTable) -> bool {
    let own = table.table.0..table.table.0 + 8;
    let targets = image.switch_targets(table).unwrap_or_default();
    targets.len() > 1 && targets.iter().take(2).all(|t| !own.contains(&t.0))
}
