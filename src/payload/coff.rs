//! Writes the content as a COFF object.

use std::collections::HashMap;

use object::write::{
    Object, Relocation, SectionId, StandardSegment, Symbol, SymbolId, SymbolSection,
};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope,
};

use super::PayloadError;
use super::content::{Content, Kind, SectionContent};

/// Section numbers above this are reserved (PE/COFF, "Section Number Values").
const MAX_SECTIONS: usize = 65_279;

/// The object file. The same content gives the same bytes.
pub fn write(content: &Content) -> Result<Vec<u8>, PayloadError> {
    if content.sections.len() > MAX_SECTIONS {
        return Err(PayloadError::TooManySections(content.sections.len()));
    }
    let mut object = Object::new(BinaryFormat::Coff, Architecture::X86_64, Endianness::Little);
    let mut symbols: HashMap<&str, SymbolId> = HashMap::new();
    let mut ids: Vec<SectionId> = Vec::new();
    for section in &content.sections {
        let id = add_section(&mut object, section);
        for (name, offset) in &section.symbols {
            let place = SymbolSection::Section(id);
            symbols.insert(
                name,
                add_symbol(&mut object, name, *offset, place, section.kind),
            );
        }
        ids.push(id);
    }
    let externals = content.externals.iter().map(|e| e.symbol.as_str());
    let imports = content.imports.iter().map(|i| i.symbol.as_str());
    for name in externals
        .chain(imports)
        .chain(content.provided.iter().copied())
    {
        let id = add_symbol(&mut object, name, 0, SymbolSection::Undefined, Kind::Code);
        symbols.insert(name, id);
    }
    for (section, id) in content.sections.iter().zip(ids) {
        for fixup in &section.fixups {
            let symbol = symbols
                .get(fixup.symbol.as_str())
                .ok_or_else(|| PayloadError::ReadBack(format!("no symbol {}", fixup.symbol)))?;
            object.add_relocation(
                id,
                Relocation {
                    offset: fixup.at.into(),
                    symbol: *symbol,
                    // The writer stores what is left once the distance from the field to
                    // the end of the instruction is added.
                    addend: i64::from(fixup.addend) - distance(fixup.relocation),
                    flags: RelocationFlags::Coff {
                        typ: object::pe::RelocationType(fixup.relocation),
                    },
                },
            )?;
        }
    }
    Ok(object.write()?)
}

/// Bytes from a relocated field to what it is relative to; 0 where it is absolute.
fn distance(relocation: u16) -> i64 {
    let first = object::pe::IMAGE_REL_AMD64_REL32.0;
    let last = object::pe::IMAGE_REL_AMD64_REL32_5.0;
    if (first..=last).contains(&relocation) {
        i64::from(relocation - first) + 4
    } else {
        0
    }
}

fn add_section(object: &mut Object<'_>, section: &SectionContent) -> SectionId {
    let kind = match section.kind {
        Kind::Code => SectionKind::Text,
        Kind::Constant => SectionKind::ReadOnlyData,
        Kind::Variable => SectionKind::Data,
        Kind::Zero => SectionKind::UninitializedData,
    };
    let segment = object.segment_name(StandardSegment::Text).to_vec();
    let id = object.add_section(segment, section.name.as_bytes().to_vec(), kind);
    let align = u64::from(section.align);
    if section.kind == Kind::Zero {
        object.append_section_bss(id, section.bytes.len() as u64, align);
    } else {
        object.append_section_data(id, &section.bytes, align);
    }
    id
}

fn add_symbol(
    object: &mut Object<'_>,
    name: &str,
    offset: u32,
    section: SymbolSection,
    kind: Kind,
) -> SymbolId {
    let defined = section != SymbolSection::Undefined;
    object.add_symbol(Symbol {
        name: name.as_bytes().to_vec(),
        value: offset.into(),
        size: 0,
        kind: match kind {
            Kind::Code if defined => SymbolKind::Text,
            _ => SymbolKind::Data,
        },
        scope: SymbolScope::Linkage,
        weak: false,
        section,
        flags: SymbolFlags::None,
    })
}
