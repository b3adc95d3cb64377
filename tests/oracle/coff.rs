//! Object files, as far as the oracle needs them.

use object::read::coff::CoffFile;
use object::{LittleEndian as LE, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolIndex};

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Code,
    Constant,
    Variable,
    /// The template of thread-local variables.
    Thread,
    /// `.xdata`: unwind information and what its handler reads.
    Unwind,
    /// `.pdata`
    FunctionTable,
    /// Debug information and notes to the linker.
    Other,
}

/// A section.
#[derive(Debug)]
pub struct Section {
    pub kind: Kind,
    pub size: u32,
    /// Empty where the section is all zeros.
    pub bytes: Vec<u8>,
    pub relocations: Vec<Relocation>,
    /// Offset and index of every symbol in it but its own, ascending.
    pub labels: Vec<(u32, usize)>,
}

/// A relocation.
#[derive(Clone, Copy, Debug)]
pub struct Relocation {
    pub at: u32,
    pub kind: u16,
    /// Index of the symbol.
    pub symbol: usize,
}

/// A symbol.
#[derive(Clone, Debug, Default)]
pub struct Symbol {
    pub name: String,
    /// Index of its section; `None` where it is defined elsewhere.
    pub section: Option<usize>,
    pub offset: u32,
    /// Known outside of the object.
    pub external: bool,
    /// The symbol of a section as a whole.
    pub is_section: bool,
}

/// An object file.
#[derive(Debug)]
pub struct Object {
    /// File name without folder.
    pub name: String,
    pub sections: Vec<Section>,
    /// By their index in the file; auxiliary records are empty.
    pub symbols: Vec<Symbol>,
}

/// Bytes that a relocation of this kind fills in.
pub fn width(kind: u16) -> usize {
    match kind {
        0x1 => 8,
        0xa => 2,
        0x0 => 0,
        _ => 4,
    }
}

/// `IMAGE_REL_AMD64_REL32` and, for the rest up to `REL32_5`, the bytes after the field.
pub fn relative_trailing(kind: u16) -> Option<i64> {
    (0x4..=0x9).contains(&kind).then(|| i64::from(kind) - 4)
}

impl Object {
    /// Reads an object file.
    pub fn parse(name: &str, data: &[u8]) -> Self {
        let file: CoffFile = CoffFile::parse(data).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut sections: Vec<Section> = file.sections().map(|s| section(&s)).collect();
        let count = file.coff_symbol_table().len();
        let mut symbols = vec![Symbol::default(); count];
        for symbol in file.symbols() {
            let index = symbol.index().0;
            let found = self::symbol(&symbol);
            if let Some(section) = found.section.filter(|_| !found.is_section) {
                sections[section].labels.push((found.offset, index));
            }
            symbols[index] = found;
        }
        for section in &mut sections {
            section.labels.sort_unstable();
        }
        Object {
            name: name.to_owned(),
            sections,
            symbols,
        }
    }
}

fn section(section: &object::read::coff::CoffSection<'_, '_>) -> Section {
    let name = section.name().expect("a section's name");
    let relocations = section.coff_relocations().expect("relocations");
    Section {
        kind: kind(name, section.kind()),
        size: section.size() as u32,
        bytes: section.data().expect("a section's bytes").to_vec(),
        relocations: relocations
            .iter()
            .map(|r| Relocation {
                at: r.virtual_address.get(LE),
                kind: r.typ.get(LE).0,
                symbol: SymbolIndex(r.symbol_table_index.get(LE) as usize).0,
            })
            .collect(),
        labels: Vec::new(),
    }
}

fn kind(name: &str, kind: object::SectionKind) -> Kind {
    use object::SectionKind;
    match name.split('$').next().unwrap_or(name) {
        ".xdata" => return Kind::Unwind,
        ".pdata" => return Kind::FunctionTable,
        ".tls" => return Kind::Thread,
        _ => {}
    }
    match kind {
        SectionKind::Text => Kind::Code,
        SectionKind::Data | SectionKind::UninitializedData => Kind::Variable,
        SectionKind::ReadOnlyData => Kind::Constant,
        _ => Kind::Other,
    }
}

fn symbol(symbol: &object::read::coff::CoffSymbol<'_, '_>) -> Symbol {
    use object::SymbolSection;
    let raw = symbol.coff_symbol();
    Symbol {
        name: symbol.name().expect("a symbol's name").to_owned(),
        section: match symbol.section() {
            SymbolSection::Section(index) => Some(index.0 - 1),
            _ => None,
        },
        offset: raw.value.get(LE),
        external: matches!(
            raw.storage_class,
            object::pe::IMAGE_SYM_CLASS_EXTERNAL | object::pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL
        ),
        is_section: symbol.kind() == object::SymbolKind::Section,
    }
}
