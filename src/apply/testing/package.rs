//! A package for the process that doesn't exist.

use object::write::{Object, Relocation, StandardSegment, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, pe,
};
use sha2::{Digest, Sha256};

use super::image::{GUID, OLD_CODE, SERVER_RVAS, STAMP};
use crate::addr::Rva;
use crate::package::manifest::{CodeRange, External, Manifest, ReplacedFunction};
use crate::package::testing::{key, manifest as blank};
use crate::package::{Package, Verified, seal, verify};
use crate::payload::names::{ACTIVE_SYMBOL, CALL_SECTION, CALL_SYMBOL, GATE_SECTION};

/// A signed package that replaces all functions of `server.exe`.
pub fn package() -> Verified<Package> {
    package_with(|_| {})
}

/// The same with a changed manifest.
pub fn package_with(change: impl FnOnce(&mut Manifest)) -> Verified<Package> {
    signed(2, change)
}

/// The package that replaces the first one: its id is `fix-2`, its sequence one higher.
pub fn newer_with(change: impl FnOnce(&mut Manifest)) -> Verified<Package> {
    signed(3, |manifest| {
        manifest.patch.id = "fix-2".to_owned();
        manifest.patch.sequence += 1;
        change(manifest);
    })
}

/// A package whose functions answer `answer`.
fn signed(answer: u8, change: impl FnOnce(&mut Manifest)) -> Verified<Package> {
    let mut manifest = manifest();
    change(&mut manifest);
    let bytes = seal(&manifest, &payload(answer, &manifest), &[key(1)]).unwrap();
    verify(&bytes, &[key(1).public()]).unwrap()
}

fn name(rva: Rva) -> String {
    format!("f_{:x}", rva.0)
}

fn manifest() -> Manifest {
    let mut manifest = blank();
    manifest.target.time_date_stamp = STAMP;
    manifest.target.size_of_image = 0xc000;
    let g = GUID;
    manifest.target.pdb_guid = format!(
        "{:02X}{:02X}{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}-{}-{}",
        g[3],
        g[2],
        g[1],
        g[0],
        g[5],
        g[4],
        g[7],
        g[6],
        hex::encode_upper(&g[8..10]),
        hex::encode_upper(&g[10..])
    );
    manifest.target.pdb_age = 3;
    manifest.functions = SERVER_RVAS
        .map(|rva| ReplacedFunction {
            name: name(rva),
            linkage_name: None,
            symbol: name(rva),
            gate: None,
            entry: rva,
            relay: None,
            must_not_stay: None,
            entry_bytes: hex::encode(&OLD_CODE[..5]),
            ranges: vec![CodeRange {
                rva,
                size: OLD_CODE.len() as u32,
                relocated: Vec::new(),
                sha256: hex::encode(Sha256::digest(OLD_CODE)),
            }],
        })
        .to_vec();
    manifest.externals = SERVER_RVAS
        .map(|rva| External {
            symbol: format!("server.exe!{}", name(rva)),
            rva: Rva(rva.0 + 6),
        })
        .to_vec();
    manifest.externals.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    manifest
}

fn payload(answer: u8, manifest: &Manifest) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Coff, Architecture::X86_64, Endianness::Little);
    let active = symbol(&mut object, ACTIVE_SYMBOL, SymbolSection::Undefined);
    for rva in SERVER_RVAS {
        let new = section(&mut object, ".text", &[0xb8, answer, 0, 0, 0, 0xc3]);
        let f = symbol(&mut object, &name(rva), SymbolSection::Section(new));
        let rest = format!("server.exe!{}", name(rva));
        let rest = symbol(&mut object, &rest, SymbolSection::Undefined);
        // cmp byte ptr [rip+active], 0; je +5; jmp f; <displaced>; jmp rest
        let mut gate = vec![0x80, 0x3d, 0, 0, 0, 0, 0, 0x74, 5, 0xe9, 0, 0, 0, 0];
        gate.extend_from_slice(&OLD_CODE[..6]);
        gate.extend_from_slice(&[0xe9, 0, 0, 0, 0]);
        let id = section(&mut object, GATE_SECTION, &gate);
        let gate = format!("gate${}", name(rva));
        symbol(&mut object, &gate, SymbolSection::Section(id));
        relocate(&mut object, id, 2, active, pe::IMAGE_REL_AMD64_REL32_1, -5);
        relocate(&mut object, id, 10, f, pe::IMAGE_REL_AMD64_REL32, -4);
        relocate(&mut object, id, 21, rest, pe::IMAGE_REL_AMD64_REL32, -4);
    }
    for import in &manifest.imports {
        symbol(&mut object, &import.symbol, SymbolSection::Undefined);
    }
    let call = section(&mut object, CALL_SECTION, &[0xc3]);
    let call = symbol(&mut object, CALL_SYMBOL, SymbolSection::Section(call));
    let pdata = section(&mut object, ".pdata", &[0; 12]);
    for (field, beyond) in [(0, 0), (4, 1)] {
        let kind = pe::IMAGE_REL_AMD64_ADDR32NB;
        relocate(&mut object, pdata, field, call, kind, beyond);
    }
    object.write().unwrap()
}

fn section(object: &mut Object<'_>, name: &str, data: &[u8]) -> object::write::SectionId {
    let kind = match name {
        ".pdata" => SectionKind::ReadOnlyData,
        _ => SectionKind::Text,
    };
    let segment = object.segment_name(StandardSegment::Text).to_vec();
    let id = object.add_section(segment, name.into(), kind);
    object.append_section_data(id, data, 16);
    id
}

fn symbol(object: &mut Object<'_>, name: &str, section: SymbolSection) -> SymbolId {
    object.add_symbol(Symbol {
        name: name.into(),
        value: 0,
        size: 0,
        kind: SymbolKind::Text,
        scope: SymbolScope::Linkage,
        weak: false,
        section,
        flags: SymbolFlags::None,
    })
}

fn relocate(
    object: &mut Object<'_>,
    section: object::write::SectionId,
    offset: u64,
    symbol: SymbolId,
    typ: pe::RelocationType,
    addend: i64,
) {
    let relocation = Relocation {
        offset,
        symbol,
        addend,
        flags: RelocationFlags::Coff { typ },
    };
    object.add_relocation(section, relocation).unwrap();
}
