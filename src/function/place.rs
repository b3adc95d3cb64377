//! What lies at an address.

use super::{DataIndex, FunctionIndex, Program};
use crate::addr::Rva;
use crate::image::SectionKind;

/// What an address means, in terms that do not depend on layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This many bytes into a function.
    Function(FunctionIndex, u32),
    /// A slot of the import address table (index into `Image::imports`).
    Import(u32),
    /// A described switch table (index into `Program::switch_tables`).
    SwitchTable(u32),
    /// This many bytes into a named datum.
    Data(DataIndex, u32),
    /// Read-only data without a symbol.
    Constant,
    /// Writable data without a symbol.
    Variable,
    /// This many bytes into the headers; 0 is the image base.
    Headers(u32),
    /// In no function and no section.
    Nowhere,
}

/// Resolves an address.
pub fn resolve(program: &Program<'_>, rva: Rva) -> Place {
    let image = program.image;
    let Some(section) = image.section_at(rva) else {
        let first = image.sections.first().map_or(0, |s| s.rva.0);
        return if rva.0 < first {
            Place::Headers(rva.0)
        } else {
            Place::Nowhere
        };
    };
    // Most addresses are nowhere near the slots of imports.
    let slots = image.imports.first().zip(image.imports.last());
    if slots.is_some_and(|(first, last)| (first.slot..=last.slot).contains(&rva))
        && let Ok(import) = image.imports.binary_search_by_key(&rva, |i| i.slot)
    {
        return Place::Import(import as u32);
    }
    if section.kind() == SectionKind::Code {
        return match program.function_at(rva) {
            Some(index) => Place::Function(index, rva.0 - program.function(index).rva.0),
            None => Place::Nowhere,
        };
    }
    // An exception handler among the data.
    if let Some(index) = program.function_at(rva) {
        return Place::Function(index, rva.0 - program.function(index).rva.0);
    }
    let tables = &program.switch_tables;
    let first = tables.partition_point(|t| t.table < rva);
    if tables.get(first).is_some_and(|t| t.table == rva) {
        return Place::SwitchTable(first as u32);
    }
    match program.datum_at(rva) {
        Some(index) => Place::Data(index, rva.0 - program.datum(index).rva.0),
        None if section.kind() == SectionKind::Writable => Place::Variable,
        None => Place::Constant,
    }
}
