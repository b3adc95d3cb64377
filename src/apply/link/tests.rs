use std::collections::HashMap;

use object::write::{Object, Relocation, StandardSegment, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, pe,
};

use super::*;

pub(super) const BASES: Bases = Bases {
    payload: Va(0x1_4010_0000),
    module: Va(0x1_4000_0000),
    active: Va(0x1_4010_0040),
};

pub(super) struct Builder(Object<'static>);

impl Builder {
    pub(super) fn new() -> Self {
        Builder(Object::new(
            BinaryFormat::Coff,
            Architecture::X86_64,
            Endianness::Little,
        ))
    }

    pub(super) fn section(
        &mut self,
        name: &str,
        kind: SectionKind,
        data: &[u8],
    ) -> object::write::SectionId {
        let segment = self.0.segment_name(StandardSegment::Text).to_vec();
        let id = self.0.add_section(segment, name.into(), kind);
        self.0.append_section_data(id, data, 16);
        id
    }

    pub(super) fn symbol(&mut self, name: &str, section: SymbolSection, value: u64) -> SymbolId {
        self.0.add_symbol(Symbol {
            name: name.into(),
            value,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section,
            flags: SymbolFlags::None,
        })
    }

    pub(super) fn fixup(
        &mut self,
        section: object::write::SectionId,
        offset: u64,
        to: SymbolId,
        typ: pe::RelocationType,
    ) {
        // The writer moves the addend into the field; what it adds is undone here.
        let addend = match typ {
            pe::IMAGE_REL_AMD64_REL32 => -4,
            pe::IMAGE_REL_AMD64_REL32_1 => -5,
            _ => 0,
        };
        self.0
            .add_relocation(
                section,
                Relocation {
                    offset,
                    symbol: to,
                    addend,
                    flags: RelocationFlags::Coff { typ },
                },
            )
            .unwrap();
    }

    pub(super) fn link(self, externals: &[(&str, Rva)]) -> Result<Linked, LinkError> {
        let bytes = self.0.write().unwrap();
        let externals: HashMap<&str, Rva> = externals.iter().copied().collect();
        Layout::new(&bytes, 0x800)?.link(
            BASES,
            &Externals {
                old: externals,
                ..Externals::default()
            },
        )
    }
}

fn u32_at(pages: &Pages, offset: usize) -> u32 {
    u32::from_le_bytes(*pages.bytes[offset..].first_chunk().unwrap())
}

#[test]
fn groups_are_page_aligned_and_sealed_by_kind() {
    let mut b = Builder::new();
    b.section(".data", SectionKind::Data, &[1; 8]);
    b.section(".rdata", SectionKind::ReadOnlyData, &[2; 8]);
    let text = b.section(".text", SectionKind::Text, &[0xc3]);
    b.symbol("f", SymbolSection::Section(text), 0);
    let linked = b.link(&[]).unwrap();
    // Nothing has the address that the system is given to protect pages of data.
    let first = |p: &Pages| p.bytes[if p.protection.executable() { 0 } else { 16 }];
    let seen: Vec<_> = linked
        .pages
        .iter()
        .map(|p| (p.at.0 - BASES.payload.0, first(p), p.protection))
        .collect();
    assert_eq!(
        seen,
        [
            (0x1000, 0xc3, Protection::EXECUTE_READ),
            (0x2000, 2, Protection::READ),
            (0x3000, 1, Protection::READ_WRITE),
        ]
    );
    assert_eq!(linked.pages[0].bytes[1], 0xcc);
    assert!(linked.pages[1..].iter().all(|p| p.bytes[..16] == [0; 16]));
    assert_eq!(linked.symbols["f"], Va(0x1_4010_1000));
}

#[test]
fn nothing_ends_where_other_pages_begin() {
    let mut b = Builder::new();
    b.section(".text", SectionKind::Text, &[0xc3; 0x1000]);
    b.section(".rdata", SectionKind::ReadOnlyData, &[2; 0xff0]);
    b.section(".data", SectionKind::Data, &[1]);
    let pages = b.link(&[]).unwrap().pages;
    let seen: Vec<_> = pages.iter().map(|p| p.at.0 - BASES.payload.0).collect();
    assert_eq!(seen, [0x1000, 0x3000, 0x5000]);
    for page in &pages {
        assert!(page.bytes.last().is_some_and(|b| [0, 0xcc].contains(b)));
    }
}

#[test]
fn code_refers_to_the_old_module_and_to_the_switch() {
    let mut b = Builder::new();
    let text = b.section(".text", SectionKind::Text, &[0; 16]);
    let old = b.symbol("module!f", SymbolSection::Undefined, 0);
    let active = b.symbol(ACTIVE_SYMBOL, SymbolSection::Undefined, 0);
    b.fixup(text, 0, old, pe::IMAGE_REL_AMD64_REL32);
    b.fixup(text, 4, active, pe::IMAGE_REL_AMD64_REL32_1);
    b.fixup(text, 8, old, pe::IMAGE_REL_AMD64_ADDR32NB);
    let linked = b.link(&[("module!f", Rva(0x1234))]).unwrap();
    let text = &linked.pages[0];
    assert_eq!(
        u32_at(text, 0),
        0x1_4000_1234u64.wrapping_sub(0x1_4010_1004) as u32
    );
    assert_eq!(
        u32_at(text, 4),
        0x1_4010_0040u64.wrapping_sub(0x1_4010_1009) as u32
    );
    assert_eq!(u32_at(text, 8), 0x1234);
}

#[test]
fn unwind_tables_are_relative_to_the_payload_and_sorted() {
    let mut b = Builder::new();
    let text = b.section(".text", SectionKind::Text, &[0xc3; 32]);
    let f = b.symbol("f", SymbolSection::Section(text), 0);
    let g = b.symbol("g", SymbolSection::Section(text), 16);
    b.symbol(CALL_SYMBOL, SymbolSection::Section(text), 24);
    let xdata = b.section(".xdata", SectionKind::ReadOnlyData, &[1, 0, 0, 0]);
    let x = b.symbol("x", SymbolSection::Section(xdata), 0);
    for symbol in [g, f] {
        let pdata = b.section(".pdata", SectionKind::ReadOnlyData, &[0; 12]);
        b.fixup(pdata, 0, symbol, pe::IMAGE_REL_AMD64_ADDR32NB);
        b.fixup(pdata, 4, symbol, pe::IMAGE_REL_AMD64_ADDR32NB);
        b.fixup(pdata, 8, x, pe::IMAGE_REL_AMD64_ADDR32NB);
    }
    let linked = b.link(&[]).unwrap();
    let (at, count) = linked.function_table.unwrap();
    let constants = &linked.pages[1];
    let start = (at.0 - constants.at.0) as usize;
    assert_eq!(count, 2);
    let begins = [u32_at(constants, start), u32_at(constants, start + 12)];
    assert_eq!(begins, [0x1000, 0x1010]);
    assert_eq!(u32_at(constants, start + 8), 0x2010);
}

#[test]
fn room_above_is_needed_only_for_code_with_image_relative_fields() {
    for (section, needed) in [(".text", true), (".xdata", false)] {
        let mut b = Builder::new();
        let kind = match section {
            ".text" => SectionKind::Text,
            _ => SectionKind::ReadOnlyData,
        };
        let id = b.section(section, kind, &[0; 4]);
        let f = b.symbol("f", SymbolSection::Section(id), 0);
        b.fixup(id, 0, f, pe::IMAGE_REL_AMD64_ADDR32NB);
        let bytes = b.0.write().unwrap();
        assert_eq!(Layout::new(&bytes, 0).unwrap().must_be_above(), needed);
    }
}

#[test]
fn what_the_manifest_does_not_explain_is_an_error() {
    let mut b = Builder::new();
    let text = b.section(".text", SectionKind::Text, &[0; 8]);
    let old = b.symbol("module!gone", SymbolSection::Undefined, 0);
    b.fixup(text, 0, old, pe::IMAGE_REL_AMD64_REL32);
    assert!(matches!(
        b.link(&[("module!other", Rva(1))]),
        Err(LinkError::Undefined { symbol }) if symbol == "module!gone"
    ));
}

#[test]
fn unwind_information_needs_the_call_routine() {
    let mut b = Builder::new();
    b.section(".text", SectionKind::Text, &[0xc3; 16]);
    b.section(".pdata", SectionKind::ReadOnlyData, &[0; 12]);
    assert!(matches!(b.link(&[]), Err(LinkError::NoCall)));
}

#[test]
fn other_kinds_of_fixup_are_refused_by_name() {
    let mut b = Builder::new();
    let text = b.section(".text", SectionKind::Text, &[0; 8]);
    let f = b.symbol("f", SymbolSection::Section(text), 0);
    b.fixup(text, 0, f, pe::IMAGE_REL_AMD64_SECREL);
    assert!(matches!(
        b.link(&[]),
        Err(LinkError::FixupKind { kind: 0xb, .. })
    ));
}

#[test]
fn sections_that_share_bytes_of_the_file_are_refused() {
    let mut b = Builder::new();
    b.section(".text", SectionKind::Text, &[0xc3; 64]);
    b.section(".data", SectionKind::Data, &[1; 64]);
    let mut object = b.0.write().unwrap();
    assert!(Layout::new(&object, 0).is_ok());
    // Both sections are made as large as the file.
    let size = object.len() as u32;
    for header in [20, 60] {
        object[header + 20..][..4].copy_from_slice(&1u32.to_le_bytes());
        object[header + 16..][..4].copy_from_slice(&(size - 1).to_le_bytes());
    }
    assert!(matches!(
        Layout::new(&object, 0),
        Err(LinkError::Section {
            reason: "overlaps another section",
            ..
        })
    ));
}

#[test]
fn damaged_objects_are_errors_and_no_panic() {
    let mut b = Builder::new();
    let text = b.section(".text", SectionKind::Text, &[0; 64]);
    let f = b.symbol("function_with_a_long_name", SymbolSection::Section(text), 8);
    b.fixup(text, 0, f, pe::IMAGE_REL_AMD64_REL32);
    b.section(".data", SectionKind::Data, &[1; 40]);
    let good = b.0.write().unwrap();
    for at in 0..good.len() {
        for value in [0, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            if let Ok(layout) = Layout::new(&bad, 0x1000) {
                let _ = layout.link(BASES, &Externals::default());
            }
        }
        let _ =
            Layout::new(&good[..at], 0x1000).map(|l| l.link(BASES, &Externals::default()).is_ok());
    }
    assert!(Layout::new(b"not an object", 0).is_err());
}
