//! Reads the object back and compares it with what it was made of, so that a defect of
//! the writer can never reach a running program.

use std::collections::HashMap;

use object::coff::CoffFile;
use object::read::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SymbolIndex};
use object::{RelocationFlags, SectionIndex};

use super::PayloadError;
use super::content::{Content, Kind, SectionContent};

/// Compares section by section: names, sizes, bytes, symbols and relocations.
pub fn check(content: &Content, object: &[u8]) -> Result<(), PayloadError> {
    let file: CoffFile<'_> =
        CoffFile::parse(object).map_err(|e| PayloadError::ReadBack(e.to_string()))?;
    let count = file.sections().count();
    if count != content.sections.len() {
        return differs(format!(
            "{count} sections instead of {}",
            content.sections.len()
        ));
    }
    let defined: HashMap<&str, (usize, u64)> = file
        .symbols()
        .filter_map(|s| Some((s.name().ok()?, (s.section_index()?.0, s.address()))))
        .collect();
    for (number, expected) in content.sections.iter().enumerate() {
        check_section(&file, SectionIndex(number + 1), expected, &defined)?;
    }
    let undefined = file.symbols().filter(|s| s.is_undefined()).count();
    let expected = content.externals.len() + content.imports.len() + content.provided.len();
    if undefined != expected {
        return differs(format!(
            "{undefined} undefined symbols instead of {expected}"
        ));
    }
    Ok(())
}

fn differs<T>(reason: String) -> Result<T, PayloadError> {
    Err(PayloadError::ReadBack(reason))
}

fn check_section(
    file: &CoffFile<'_>,
    index: SectionIndex,
    expected: &SectionContent,
    defined: &HashMap<&str, (usize, u64)>,
) -> Result<(), PayloadError> {
    let read = |e: object::Error| PayloadError::ReadBack(e.to_string());
    let section = file.section_by_index(index).map_err(read)?;
    let name = section.name().map_err(read)?;
    if name != expected.name {
        return differs(format!("section {name} instead of {}", expected.name));
    }
    let what = expected.symbols.first().map_or(name, |(s, _)| s);
    if section.size() != expected.bytes.len() as u64 {
        return differs(format!("{what} has {:#x} bytes", section.size()));
    }
    if section.align() < u64::from(expected.align) {
        return differs(format!("{what} is aligned to {}", section.align()));
    }
    check_bytes(section.data().map_err(read)?, expected, what)?;
    for (symbol, offset) in &expected.symbols {
        let found = defined.get(symbol.as_str()) == Some(&(index.0, u64::from(*offset)));
        if !found {
            return differs(format!("symbol {symbol} is not where it belongs"));
        }
    }
    check_relocations(file, &section, expected, what)
}

/// Outside of fixed-up fields the bytes are those of the plan; in them stands the addend.
fn check_bytes(data: &[u8], expected: &SectionContent, what: &str) -> Result<(), PayloadError> {
    if expected.kind == Kind::Zero {
        return Ok(());
    }
    let mut wanted = expected.bytes.clone();
    for fixup in &expected.fixups {
        let wide = i64::from(fixup.addend).to_le_bytes();
        let width = if fixup.relocation == object::pe::IMAGE_REL_AMD64_ADDR64.0 {
            8
        } else {
            4
        };
        let at = fixup.at as usize;
        match wanted.get_mut(at..at + width) {
            Some(field) => field.copy_from_slice(&wide[..width]),
            None => return differs(format!("a fixup of {what} lies outside of it")),
        }
    }
    if data != wanted {
        return differs(format!("{what} has other bytes"));
    }
    Ok(())
}

fn check_relocations<'f>(
    file: &CoffFile<'f>,
    section: &impl ObjectSection<'f>,
    expected: &SectionContent,
    what: &str,
) -> Result<(), PayloadError> {
    let name_of = |index: SymbolIndex| {
        let symbol = file.symbol_by_index(index).ok()?;
        symbol.name().ok().map(str::to_owned)
    };
    let mut found: Vec<(u64, u16, Option<String>)> = section
        .relocations()
        .map(|(at, relocation)| {
            let typ = match relocation.flags() {
                RelocationFlags::Coff { typ } => typ.0,
                _ => u16::MAX,
            };
            let symbol = match relocation.target() {
                RelocationTarget::Symbol(index) => name_of(index),
                _ => None,
            };
            (at, typ, symbol)
        })
        .collect();
    let mut wanted: Vec<(u64, u16, Option<String>)> = expected
        .fixups
        .iter()
        .map(|f| (f.at.into(), f.relocation, Some(f.symbol.clone())))
        .collect();
    found.sort();
    wanted.sort();
    if found != wanted {
        return differs(format!("{what} has other relocations"));
    }
    Ok(())
}
