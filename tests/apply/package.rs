//! A package for `answer.exe`, put together by hand.

use std::path::{Path, PathBuf};

use goblin::pe::PE;
use hotpatch::addr::{Rva, Va};
use hotpatch::image::authenticode;
use hotpatch::package::manifest::{
    BuildOptions, Classification, CodeRange, External, FORMAT, Hooks, Manifest, Patch, Provenance,
    ReplacedFunction, TargetImage,
};
use hotpatch::package::{SigningKey, seal};
use hotpatch::payload::names::{ACTIVE_SYMBOL, CALL_SECTION, CALL_SYMBOL, GATE_SECTION};
use object::write::{
    Object, Relocation, SectionId, StandardSegment, Symbol, SymbolId, SymbolSection,
};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, pe,
};
use sha2::{Digest, Sha256};

/// A function that is replaced.
struct Replaced {
    name: &'static str,
    /// Size of the old one in bytes.
    old_size: u32,
    new: &'static [u8],
    /// Offsets of rel32 fields in the new code, and what they refer to.
    calls: &'static [(u64, &'static str)],
    /// Whether it has a frame: `push rbx; sub rsp, 32`.
    frame: bool,
}

const FUNCTIONS: [Replaced; 4] = [
    Replaced {
        name: "first",
        old_size: 6,
        // mov eax, 2; ret
        new: &[0xb8, 2, 0, 0, 0, 0xc3],
        calls: &[],
        frame: false,
    },
    Replaced {
        name: "linger",
        old_size: 21,
        // push rbx; sub rsp, 32; call nap; mov eax, 2; add rsp, 32; pop rbx; ret
        new: &[
            0x53, 0x48, 0x83, 0xec, 0x20, 0xe8, 0, 0, 0, 0, 0xb8, 2, 0, 0, 0, 0x48, 0x83, 0xc4,
            0x20, 0x5b, 0xc3,
        ],
        calls: &[(6, "answer.exe!nap")],
        frame: true,
    },
    Replaced {
        name: "pair",
        old_size: 26,
        // push rbx; sub rsp, 32; call first; imul ebx, eax, 10; call second; add eax, ebx;
        // add rsp, 32; pop rbx; ret
        new: &[
            0x53, 0x48, 0x83, 0xec, 0x20, 0xe8, 0, 0, 0, 0, 0x6b, 0xd8, 10, 0xe8, 0, 0, 0, 0, 0x01,
            0xd8, 0x48, 0x83, 0xc4, 0x20, 0x5b, 0xc3,
        ],
        calls: &[(6, "first"), (14, "second")],
        frame: true,
    },
    Replaced {
        name: "second",
        old_size: 6,
        new: &[0xb8, 2, 0, 0, 0, 0xc3],
        calls: &[],
        frame: false,
    },
];

/// `push rbx; sub rsp, 32; mov rbx, rcx; mov rax, [rbx]; mov rcx, [rbx+8];
/// mov rdx, [rbx+16]; mov r8, [rbx+24]; mov r9, [rbx+32]; call rax; mov [rbx+40], rax;
/// add rsp, 32; pop rbx; ret`
const CALL: [u8; 40] = [
    0x53, 0x48, 0x83, 0xec, 0x20, 0x48, 0x89, 0xcb, 0x48, 0x8b, 0x03, 0x48, 0x8b, 0x4b, 0x08, 0x48,
    0x8b, 0x53, 0x10, 0x4c, 0x8b, 0x43, 0x18, 0x4c, 0x8b, 0x4b, 0x20, 0xff, 0xd0, 0x48, 0x89, 0x43,
    0x28, 0x48, 0x83, 0xc4, 0x20, 0x5b, 0xc3, 0xcc,
];

/// Unwind information of `push rbx; sub rsp, 32`.
const FRAME: [u8; 8] = [1, 5, 2, 0, 5, 0x32, 1, 0x30];

/// A package file, and the key that signed it; both are deleted when dropped.
pub struct PackageFile {
    folder: tempfile::TempDir,
}

impl PackageFile {
    /// The package that turns version 1 into version 2.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with a changed manifest.
    pub fn with(change: impl FnOnce(&mut Manifest)) -> Self {
        Self::made(change, |payload| payload)
    }

    /// One whose new code ends the program as soon as it is called.
    pub fn deadly(change: impl FnOnce(&mut Manifest)) -> Self {
        Self::made(change, |mut payload| {
            let new = FUNCTIONS[0].new;
            let at = payload.windows(new.len()).position(|code| code == new);
            // ud2
            payload[at.unwrap()..][..2].copy_from_slice(&[0x0f, 0x0b]);
            payload
        })
    }

    fn made(change: impl FnOnce(&mut Manifest), alter: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Self {
        let image = std::fs::read(super::target::path()).unwrap();
        let image = Image {
            pe: PE::parse(&image).unwrap(),
            bytes: &image,
        };
        let mut manifest = image.manifest();
        change(&mut manifest);
        let key = SigningKey::from_seed(&[7; 32]);
        let bytes = seal(&manifest, &alter(payload(&image)), &[key]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fix.hpk"), bytes).unwrap();
        for (name, seed) in [("key.pem", 7), ("other.pem", 8)] {
            let pem = SigningKey::from_seed(&[seed; 32]).public().to_pem();
            std::fs::write(folder.path().join(name), pem).unwrap();
        }
        PackageFile { folder }
    }

    pub fn path(&self) -> String {
        self.file("fix.hpk")
    }

    pub fn key(&self) -> String {
        self.file("key.pem")
    }

    pub fn other_key(&self) -> String {
        self.file("other.pem")
    }

    fn file(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        Path::to_str(&path).unwrap().to_owned()
    }
}

struct Image<'a> {
    pe: PE<'a>,
    bytes: &'a [u8],
}

impl Image<'_> {
    fn export(&self, name: &str) -> Rva {
        let export = self.pe.exports.iter().find(|e| e.name == Some(name));
        Rva(export.unwrap_or_else(|| panic!("{name}")).rva as u32)
    }

    fn code(&self, rva: Rva, size: u32) -> &[u8] {
        let holds = |s: &&goblin::pe::section_table::SectionTable| {
            (s.virtual_address..s.virtual_address + s.virtual_size).contains(&rva.0)
        };
        let section = self.pe.sections.iter().find(holds).unwrap();
        let at = (rva.0 - section.virtual_address + section.pointer_to_raw_data) as usize;
        &self.bytes[at..at + size as usize]
    }

    fn manifest(&self) -> Manifest {
        let optional = self.pe.header.optional_header.unwrap();
        let pdb = self
            .pe
            .debug_data
            .as_ref()
            .unwrap()
            .codeview_pdb70_debug_info
            .as_ref()
            .unwrap();
        let s = pdb.signature;
        let guid = format!(
            "{:08X}-{:04X}-{:04X}-{}-{}",
            u32::from_le_bytes([s[0], s[1], s[2], s[3]]),
            u16::from_le_bytes([s[4], s[5]]),
            u16::from_le_bytes([s[6], s[7]]),
            hex::encode_upper(&s[8..10]),
            hex::encode_upper(&s[10..])
        );
        let mut functions: Vec<ReplacedFunction> =
            FUNCTIONS.iter().map(|f| self.function(f)).collect();
        functions.sort_by_key(|f| f.entry);
        let mut externals: Vec<External> = FUNCTIONS
            .iter()
            .map(|f| External {
                symbol: format!("answer.exe!{}", f.name),
                rva: Rva(self.export(f.name).0 + 5),
            })
            .collect();
        externals.push(External {
            symbol: "answer.exe!nap".to_owned(),
            rva: self.export("nap"),
        });
        externals.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        Manifest {
            format: FORMAT,
            patch: Patch {
                id: "two".to_owned(),
                sequence: 2,
                product: None,
                not_after: None,
                title: Some("Answer 2 instead of 1".to_owned()),
                classification: Classification::Feature,
                cves: vec![],
                supersedes: vec![],
                requires: vec![],
            },
            target: TargetImage {
                file_name: "answer.exe".to_owned(),
                time_date_stamp: self.pe.header.coff_header.time_date_stamp,
                size_of_image: optional.windows_fields.size_of_image,
                image_base: Va(optional.windows_fields.image_base),
                pdb_guid: guid,
                pdb_age: pdb.age,
                sha256: hex::encode(Sha256::digest(self.bytes)),
                authenticode_sha256: hex::encode(authenticode::sha256(self.bytes).unwrap()),
            },
            build: Provenance {
                builder: "by hand".to_owned(),
                old_pdb_sha256: "00".repeat(32),
                new_image_sha256: "00".repeat(32),
                new_pdb_sha256: "00".repeat(32),
                accepted_risks: vec![],
                source_repository: None,
                source_revision: None,
                options: BuildOptions::default(),
            },
            version: None,
            hooks: Hooks::default(),
            left_out: Vec::new(),
            imports: Vec::new(),
            variables: Vec::new(),
            watched: Vec::new(),
            exposed: Vec::new(),
            functions,
            externals,
        }
    }

    fn function(&self, f: &Replaced) -> ReplacedFunction {
        let entry = self.export(f.name);
        let code = self.code(entry, f.old_size);
        assert_eq!(code.last(), Some(&0xc3), "{}: the size is wrong", f.name);
        ReplacedFunction {
            name: f.name.to_owned(),
            linkage_name: None,
            symbol: f.name.to_owned(),
            gate: None,
            entry,
            relay: None,
            must_not_stay: None,
            entry_bytes: hex::encode(&code[..5]),
            ranges: vec![CodeRange {
                rva: entry,
                size: f.old_size,
                relocated: vec![],
                sha256: hex::encode(Sha256::digest(code)),
            }],
        }
    }
}

fn payload(image: &Image<'_>) -> Vec<u8> {
    let mut object = Payload(Object::new(
        BinaryFormat::Coff,
        Architecture::X86_64,
        Endianness::Little,
    ));
    let active = object.undefined(ACTIVE_SYMBOL);
    let xdata = object.section(".xdata", &FRAME);
    let frame = object.defined("$frame", xdata);
    let mut defined: Vec<(&str, SectionId, SymbolId)> = Vec::new();
    for f in &FUNCTIONS {
        let section = object.section(".text", f.new);
        let symbol = object.defined(f.name, section);
        defined.push((f.name, section, symbol));
        if f.frame {
            object.unwind(symbol, f.new.len(), frame);
        }
    }
    for f in &FUNCTIONS {
        let (_, section, symbol) = *defined.iter().find(|d| d.0 == f.name).unwrap();
        for (at, callee) in f.calls {
            let to = match defined.iter().find(|d| d.0 == *callee) {
                Some((_, _, symbol)) => *symbol,
                None => object.undefined(callee),
            };
            object.relocate(section, *at, to, pe::IMAGE_REL_AMD64_REL32, -4);
        }
        // cmp byte ptr [active], 0; je old; jmp new; old: <displaced>; jmp rest
        let mut gate = vec![0x80, 0x3d, 0, 0, 0, 0, 0, 0x74, 5, 0xe9, 0, 0, 0, 0];
        gate.extend_from_slice(image.code(image.export(f.name), 5));
        gate.extend_from_slice(&[0xe9, 0, 0, 0, 0]);
        let section = object.section(GATE_SECTION, &gate);
        object.defined(&format!("gate${}", f.name), section);
        let rest = object.undefined(&format!("answer.exe!{}", f.name));
        object.relocate(section, 2, active, pe::IMAGE_REL_AMD64_REL32_1, -5);
        object.relocate(section, 10, symbol, pe::IMAGE_REL_AMD64_REL32, -4);
        object.relocate(section, 20, rest, pe::IMAGE_REL_AMD64_REL32, -4);
    }
    let section = object.section(CALL_SECTION, &CALL);
    let call = object.defined(CALL_SYMBOL, section);
    object.unwind(call, CALL.len(), frame);
    object.0.write().unwrap()
}

struct Payload(Object<'static>);

impl Payload {
    fn section(&mut self, name: &str, data: &[u8]) -> SectionId {
        let kind = match name {
            ".pdata" | ".xdata" => SectionKind::ReadOnlyData,
            _ => SectionKind::Text,
        };
        let segment = self.0.segment_name(StandardSegment::Text).to_vec();
        let id = self.0.add_section(segment, name.into(), kind);
        self.0.append_section_data(id, data, 16);
        id
    }

    fn symbol(&mut self, name: &str, section: SymbolSection) -> SymbolId {
        self.0.add_symbol(Symbol {
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

    fn defined(&mut self, name: &str, section: SectionId) -> SymbolId {
        self.symbol(name, SymbolSection::Section(section))
    }

    fn undefined(&mut self, name: &str) -> SymbolId {
        self.symbol(name, SymbolSection::Undefined)
    }

    fn unwind(&mut self, function: SymbolId, size: usize, frame: SymbolId) {
        let id = self.section(".pdata", &[0; 12]);
        let nb = pe::IMAGE_REL_AMD64_ADDR32NB;
        self.relocate(id, 0, function, nb, 0);
        self.relocate(id, 4, function, nb, size as i64);
        self.relocate(id, 8, frame, nb, 0);
    }

    fn relocate(
        &mut self,
        section: SectionId,
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
        self.0.add_relocation(section, relocation).unwrap();
    }
}
