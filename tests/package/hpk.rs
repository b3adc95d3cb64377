//! A small manifest and its payload.

use hotpatch::addr::{Rva, Va};
use hotpatch::package::manifest::{
    BuildOptions, Classification, CodeRange, External, FORMAT, Hooks, Manifest, Patch, Provenance,
    ReplacedFunction, TargetImage,
};
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

pub fn manifest() -> Manifest {
    Manifest {
        format: FORMAT,
        patch: Patch {
            id: "fix-1".to_owned(),
            sequence: 3,
            product: None,
            not_after: None,
            title: Some("Refuse lengths below zero".to_owned()),
            classification: Classification::Security,
            cves: vec!["CVE-2026-12345".to_owned()],
            supersedes: vec!["fix-0".to_owned()],
            requires: vec![],
        },
        target: TargetImage {
            file_name: "server.exe".to_owned(),
            time_date_stamp: 0x6600_0000,
            size_of_image: 0x8000,
            image_base: Va(0x1_4000_0000),
            pdb_guid: "01234567-89AB-CDEF-0123-456789ABCDEF".to_owned(),
            pdb_age: 1,
            sha256: "22".repeat(32),
            authenticode_sha256: "33".repeat(32),
        },
        build: Provenance {
            builder: "hotpatch 0.1.0".to_owned(),
            old_pdb_sha256: "44".repeat(32),
            new_image_sha256: "55".repeat(32),
            new_pdb_sha256: "66".repeat(32),
            accepted_risks: vec![],
            source_repository: None,
            source_revision: None,
            options: BuildOptions::default(),
        },
        version: None,
        hooks: Hooks::default(),
        left_out: Vec::new(),
        functions: vec![ReplacedFunction {
            name: "parse".to_owned(),
            linkage_name: Some("?parse@@YAXXZ".to_owned()),
            symbol: "?parse@@YAXXZ".to_owned(),
            gate: None,
            entry: Rva(0x1000),
            relay: None,
            must_not_stay: None,
            entry_bytes: "4883ec2890".to_owned(),
            ranges: vec![CodeRange {
                rva: Rva(0x1000),
                size: 0x40,
                relocated: vec![0x10],
                sha256: "11".repeat(32),
            }],
        }],
        imports: Vec::new(),
        variables: Vec::new(),
        watched: Vec::new(),
        exposed: Vec::new(),
        externals: vec![External {
            symbol: "server.exe!log".to_owned(),
            rva: Rva(0x2000),
        }],
    }
}

pub fn payload() -> Vec<u8> {
    payload_with("server.exe!log")
}

/// The same with another undefined symbol.
pub fn payload_with(external: &str) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Coff, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    object.append_section_data(text, &[0xc3], 16);
    for (name, section) in [
        ("?parse@@YAXXZ", SymbolSection::Section(text)),
        ("gate$?parse@@YAXXZ", SymbolSection::Section(text)),
        (external, SymbolSection::Undefined),
    ] {
        object.add_symbol(Symbol {
            name: name.into(),
            value: 0,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section,
            flags: SymbolFlags::None,
        });
    }
    object.write().unwrap()
}
