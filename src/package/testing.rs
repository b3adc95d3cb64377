//! A small manifest, its payload and keys for the tests of this module.

use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

use super::keys::SigningKey;
use super::manifest::{
    BuildOptions, Classification, CodeRange, External, FORMAT, Hooks, Manifest, Patch, Provenance,
    ReplacedFunction, TargetImage,
};
use crate::addr::{Rva, Va};

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

pub(crate) fn function(name: &str, entry: u32) -> ReplacedFunction {
    ReplacedFunction {
        name: name.to_owned(),
        linkage_name: Some(format!("?{name}@@YAXXZ")),
        symbol: format!("?{name}@@YAXXZ"),
        gate: None,
        entry: Rva(entry),
        relay: None,
        must_not_stay: None,
        entry_bytes: "4883ec2890".to_owned(),
        ranges: vec![CodeRange {
            rva: Rva(entry),
            size: 0x40,
            relocated: vec![0x10, 0x18],
            sha256: "11".repeat(32),
        }],
    }
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        format: FORMAT,
        patch: Patch {
            id: "fix-1".to_owned(),
            sequence: 1,
            product: None,
            not_after: None,
            title: Some("Refuse lengths below zero".to_owned()),
            classification: Classification::Security,
            cves: vec!["CVE-2026-12345".to_owned()],
            supersedes: vec![],
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
            accepted_risks: vec!["HP301".to_owned()],
            source_repository: None,
            source_revision: None,
            options: BuildOptions::default(),
        },
        version: None,
        hooks: Hooks::default(),
        left_out: Vec::new(),
        functions: vec![function("parse", 0x1000), function("send", 0x1100)],
        imports: Vec::new(),
        variables: Vec::new(),
        watched: Vec::new(),
        exposed: Vec::new(),
        externals: vec![
            External {
                symbol: "server.exe!log".to_owned(),
                rva: Rva(0x2000),
            },
            External {
                symbol: "server.exe!parse".to_owned(),
                rva: Rva(0x1005),
            },
        ],
    }
}

/// A package with a changed manifest, signed by the keys with these seeds.
pub(crate) fn package_with(seeds: &[u8], change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let mut manifest = manifest();
    change(&mut manifest);
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
    super::seal(&manifest, &payload_of(&manifest), &keys).unwrap()
}

/// An object that defines and needs what a manifest says.
pub(crate) fn payload_of(manifest: &Manifest) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Coff, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    object.append_section_data(text, &[0xc3], 16);
    let functions = manifest.functions.iter();
    let gates: Vec<_> = functions.clone().map(|f| f.gate_symbol()).collect();
    let defined = functions
        .map(|f| &*f.symbol)
        .chain(gates.iter().map(|g| &**g));
    let defined = defined.chain(manifest.hooks.iter().map(|(_, symbol)| symbol));
    let defined = defined.chain(manifest.variables.iter().map(|v| &*v.symbol));
    let externals = manifest.externals.iter().map(|e| &*e.symbol);
    let undefined = externals.chain(manifest.imports.iter().map(|i| &*i.symbol));
    let defined = defined.map(|name| (name, SymbolSection::Section(text)));
    for (name, section) in defined.chain(undefined.map(|name| (name, SymbolSection::Undefined))) {
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

/// The payload of [`manifest`].
pub(crate) fn payload() -> Vec<u8> {
    payload_of(&manifest())
}
