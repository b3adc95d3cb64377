//! A payload in a few words, robust to anything that is no payload.

use object::coff::CoffFile;
use object::read::{Object, ObjectSection, ObjectSymbol};
use object::{SymbolSection, pe};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What a COFF object holds.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct PayloadSummary {
    /// Size in bytes.
    pub size: usize,
    /// SHA-256 of it.
    pub sha256: String,
    /// Its sections, in their order.
    pub sections: Vec<SectionSummary>,
    /// Number of relocations in all sections.
    pub relocations: usize,
    /// Symbols that it defines, without those of sections and files.
    pub defined: Vec<DefinedSymbol>,
    /// Symbols that it needs.
    pub undefined: Vec<String>,
    /// What in it can't be read; null where all can.
    pub problem: Option<String>,
}

/// A section of a COFF object.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SectionSummary {
    /// Its name.
    pub name: String,
    /// Size in bytes; of one without contents, the size it will have.
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
    /// What may be done with it: `r`, `w` and `x`, or `-`.
    pub access: String,
    /// Number of relocations.
    pub relocations: usize,
}

/// A symbol that a COFF object defines.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DefinedSymbol {
    /// Its name.
    pub name: String,
    /// Index of the section, from 1; 0 for an absolute value.
    pub section: usize,
    /// Offset from the start of the section in bytes, as hex.
    pub offset: String,
}

/// Reads a payload as far as it can be read.
pub fn summarise(bytes: &[u8]) -> PayloadSummary {
    let mut summary = PayloadSummary {
        size: bytes.len(),
        sha256: hex::encode(Sha256::digest(bytes)),
        ..PayloadSummary::default()
    };
    if let Err(error) = read(bytes, &mut summary) {
        summary.problem = Some(format!("not a readable COFF object: {error}"));
    }
    summary
}

/// The names of a payload, all together no longer than it: symbols can share one long name.
struct Names {
    left: usize,
}

impl Names {
    fn read(&mut self, name: &[u8]) -> Result<String, Problem> {
        let left = self.left.checked_sub(name.len());
        self.left = left.ok_or(Problem::Names)?;
        Ok(String::from_utf8_lossy(name).into_owned())
    }
}

/// Why a payload can't be read.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0}")]
    Object(#[from] object::Error),
    #[error("its names are longer than it is")]
    Names,
}

fn read(bytes: &[u8], summary: &mut PayloadSummary) -> Result<(), Problem> {
    let file: CoffFile<'_, &[u8]> = CoffFile::parse(bytes)?;
    let machine = file.coff_header().machine.get(object::LittleEndian);
    if machine != pe::IMAGE_FILE_MACHINE_AMD64 {
        summary.problem = Some(format!(
            "expected machine 0x8664 (x64), found {:#x}",
            machine.0
        ));
    }
    let mut names = Names { left: bytes.len() };
    for section in file.sections() {
        let header = section.coff_section();
        let flags = header.characteristics.get(object::LittleEndian);
        let may = |bit, letter| if flags.0 & bit != 0 { letter } else { '-' };
        let relocations = section.coff_relocations()?.len();
        summary.relocations += relocations;
        summary.sections.push(SectionSummary {
            name: names.read(section.name_bytes()?)?,
            size: section.size(),
            align: section.align(),
            access: [
                may(pe::IMAGE_SCN_MEM_READ.0, 'r'),
                may(pe::IMAGE_SCN_MEM_WRITE.0, 'w'),
                may(pe::IMAGE_SCN_MEM_EXECUTE.0, 'x'),
            ]
            .iter()
            .collect(),
            relocations,
        });
    }
    for symbol in file.symbols() {
        let name = names.read(symbol.name_bytes()?)?;
        match symbol.section() {
            SymbolSection::Undefined => summary.undefined.push(name),
            SymbolSection::Section(index) if symbol.kind() != object::SymbolKind::Section => {
                summary.defined.push(DefinedSymbol {
                    name,
                    section: index.0,
                    offset: format!("{:#x}", symbol.address()),
                });
            }
            SymbolSection::Absolute => summary.defined.push(DefinedSymbol {
                name,
                section: 0,
                offset: format!("{:#x}", symbol.address()),
            }),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use object::write::{Object as Writer, Relocation, StandardSection, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind,
        SymbolScope,
    };
    use proptest::prelude::*;

    use super::*;

    fn symbol(name: &str, value: u64, section: SymbolSection) -> Symbol {
        Symbol {
            name: name.into(),
            value,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section,
            flags: SymbolFlags::None,
        }
    }

    fn payload() -> Vec<u8> {
        let mut object = Writer::new(BinaryFormat::Coff, Architecture::X86_64, Endianness::Little);
        let text = object.section_id(StandardSection::Text);
        object.append_section_data(text, &[0xe8, 0, 0, 0, 0, 0xc3], 16);
        object.add_symbol(symbol("?parse@@YAXXZ", 4, SymbolSection::Section(text)));
        let log = object.add_symbol(symbol("server.exe!log", 0, SymbolSection::Undefined));
        let relocation = Relocation {
            offset: 1,
            symbol: log,
            addend: -4,
            flags: RelocationFlags::Coff {
                typ: pe::IMAGE_REL_AMD64_REL32,
            },
        };
        object.add_relocation(text, relocation).unwrap();
        object.write().unwrap()
    }

    #[test]
    fn sections_symbols_and_relocations_are_listed() {
        let summary = summarise(&payload());
        assert_eq!(summary.problem, None);
        assert_eq!(summary.relocations, 1);
        let text = &summary.sections[0];
        assert_eq!((text.name.as_str(), text.size), (".text", 6));
        assert_eq!((text.access.as_str(), text.align), ("r-x", 16));
        assert_eq!(summary.undefined, ["server.exe!log"]);
        let parse = &summary.defined[0];
        assert_eq!(
            (parse.name.as_str(), parse.offset.as_str()),
            ("?parse@@YAXXZ", "0x4")
        );
    }

    #[test]
    fn a_long_name_that_symbols_share_is_a_problem() {
        let mut object = Writer::new(BinaryFormat::Coff, Architecture::X86_64, Endianness::Little);
        for _ in 0..100 {
            // Equal names lie in the file once.
            object.add_symbol(symbol(&"n".repeat(5000), 0, SymbolSection::Undefined));
        }
        let bytes = object.write().unwrap();
        assert!(bytes.len() < 10_000);
        let summary = summarise(&bytes);
        let problem = summary.problem.unwrap();
        assert!(problem.contains("longer than it is"), "{problem}");
        assert!(summary.undefined.len() < 3);
    }

    #[test]
    fn another_machine_is_a_problem() {
        let mut bytes = payload();
        bytes[..2].copy_from_slice(&pe::IMAGE_FILE_MACHINE_ARM64.0.to_le_bytes());
        let problem = summarise(&bytes).problem.unwrap();
        assert_eq!(problem, "expected machine 0x8664 (x64), found 0xaa64");
    }

    proptest! {
        #[test]
        fn junk_is_a_problem_and_never_a_panic(
            junk in proptest::collection::vec(any::<u8>(), 0..256),
            changes in proptest::collection::vec(
                (any::<proptest::sample::Index>(), any::<u8>()), 1..6),
            cut in any::<proptest::sample::Index>(),
        ) {
            summarise(&junk);
            let mut bytes = payload();
            summarise(&bytes[..cut.index(bytes.len())]);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            summarise(&bytes);
        }
    }
}
