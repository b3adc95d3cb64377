//! The payload before it has a file format: sections with bytes, symbols and fixups.

use std::collections::BTreeMap;

use super::names::{ACTIVE_SYMBOL, CALL_SECTION, GATE_PREFIX, GATE_SECTION, IMPORT_PREFIX};
use super::{PayloadError, gate};
use crate::addr::Rva;
use crate::function::{Place, Program};
use crate::image::ImportName;
use crate::package::manifest::{External, ImportedSymbol};
use crate::plan::{Fixup, FixupKind, FixupTarget, Piece, PieceKind, Plan, Replacement};

/// Bytes behind the field that `REL32_5` allows for (PE/COFF, "Type Indicators").
const MAX_TRAILING: u8 = 5;

/// What a section holds; decides its name and characteristics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Code.
    Code,
    /// Constants.
    Constant,
    /// Variables.
    Variable,
    /// Variables that start as zeros and take no room in the file.
    Zero,
}

/// One section.
#[derive(Debug, PartialEq, Eq)]
pub struct SectionContent {
    /// Name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Alignment in bytes.
    pub align: u32,
    /// Bytes; of a [`Kind::Zero`] section only the length counts.
    pub bytes: Vec<u8>,
    /// Symbols defined in it: name and offset.
    pub symbols: Vec<(String, u32)>,
    /// Fields that hold places.
    pub fixups: Vec<SectionFixup>,
}

/// A relocation: a field, its form, a symbol and what to add to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionFixup {
    /// Offset of the field.
    pub at: u32,
    /// `IMAGE_REL_AMD64_*`.
    pub relocation: u16,
    /// The symbol.
    pub symbol: String,
    /// Added to the symbol's address.
    pub addend: i32,
}

/// Everything that the object holds.
pub struct Content {
    /// Sections, in order.
    pub sections: Vec<SectionContent>,
    /// Symbol and gate of each replacement.
    pub functions: Vec<(String, String)>,
    /// Places in the old image, by symbol.
    pub externals: Vec<External>,
    /// Functions of other modules, by symbol.
    pub imports: Vec<ImportedSymbol>,
    /// Undefined symbols that are neither.
    pub provided: Vec<&'static str>,
}

/// A section under construction that holds many objects.
struct Merged(SectionContent);

impl Merged {
    fn new(name: &'static str, kind: Kind) -> Self {
        Merged(SectionContent {
            name,
            kind,
            align: 1,
            bytes: Vec::new(),
            symbols: Vec::new(),
            fixups: Vec::new(),
        })
    }

    /// Adds an object at `skew` above a multiple of `align`; returns its offset.
    fn add(
        &mut self,
        symbol: &str,
        (align, skew): (u32, u32),
        bytes: &[u8],
        fixups: impl IntoIterator<Item = SectionFixup>,
    ) -> u32 {
        let section = &mut self.0;
        let fill = if section.kind == Kind::Code { 0xcc } else { 0 };
        let free = section.bytes.len().saturating_sub(skew as usize);
        let at = free.next_multiple_of(align as usize) + skew as usize;
        section.align = section.align.max(align);
        section.bytes.resize(at, fill);
        section.bytes.extend_from_slice(bytes);
        section.symbols.push((symbol.to_owned(), at as u32));
        let moved = fixups.into_iter().map(|f| SectionFixup {
            at: f.at + at as u32,
            ..f
        });
        section.fixups.extend(moved);
        at as u32
    }
}

/// An entry of the function table: symbol of the code, range within it, symbol of its
/// `UNWIND_INFO`.
struct Unwound {
    symbol: String,
    begin: u32,
    end: u32,
    info: String,
}

struct Builder<'b> {
    plan: &'b Plan,
    externals: BTreeMap<Rva, String>,
    imports: Vec<ImportedSymbol>,
    code: Vec<SectionContent>,
    gates: Merged,
    constants: Merged,
    variables: Merged,
    zeros: Merged,
    unwind: Merged,
    unwound: Vec<Unwound>,
}

impl Content {
    /// Lays the plan out in sections.
    ///
    /// # Errors
    /// Where a field cannot be described by a relocation.
    pub fn new(plan: &Plan, old: &Program<'_>, module: &str) -> Result<Self, PayloadError> {
        if let Some(trailing) = unencodable(plan) {
            return Err(PayloadError::Trailing(trailing));
        }
        let mut builder = Builder {
            plan,
            externals: name_externals(plan, old, module),
            imports: name_imports(plan),
            code: Vec::new(),
            gates: Merged::new(GATE_SECTION, Kind::Code),
            constants: Merged::new(".rdata", Kind::Constant),
            variables: Merged::new(".data", Kind::Variable),
            zeros: Merged::new(".bss", Kind::Zero),
            unwind: Merged::new(".xdata", Kind::Constant),
            unwound: Vec::new(),
        };
        builder.pieces();
        let gates = plan.replacements.iter();
        let functions = gates.map(|r| builder.gate(r)).collect();
        builder.call_routine();
        let table = builder.function_table();
        let mut externals: Vec<External> = builder
            .externals
            .into_iter()
            .map(|(rva, symbol)| External { symbol, rva })
            .collect();
        externals.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        let mut imports = builder.imports;
        imports.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        let merged = [
            builder.gates,
            builder.constants,
            builder.variables,
            builder.zeros,
            builder.unwind,
            table,
        ];
        let merged = merged.into_iter().map(|m| m.0);
        let mut sections = builder.code;
        sections.extend(merged.filter(|s| !s.bytes.is_empty()));
        Ok(Content {
            sections,
            functions,
            externals,
            imports,
            provided: vec![ACTIVE_SYMBOL],
        })
    }
}

/// Every place of the old image that a fixup leads to, with a unique name in a
/// debugger's notation: `module!symbol`.
fn name_externals(plan: &Plan, old: &Program<'_>, module: &str) -> BTreeMap<Rva, String> {
    let stem = module.rsplit_once('.').map_or(module, |(stem, _)| stem);
    let of_pieces = plan.pieces.iter().flat_map(|p| &p.fixups);
    let of_gates = plan.replacements.iter().flat_map(|r| &r.gate.fixups);
    let places = of_pieces.chain(of_gates).filter_map(|f| match f.target {
        FixupTarget::Old(rva) => Some(rva),
        FixupTarget::Piece(_) | FixupTarget::Import(_) => None,
    });
    let mut names: BTreeMap<Rva, String> = BTreeMap::new();
    for rva in places {
        names
            .entry(rva)
            .or_insert_with(|| format!("{stem}!{}", old_name(old, rva)));
    }
    let mut count: BTreeMap<String, u32> = BTreeMap::new();
    for name in names.values() {
        *count.entry(name.clone()).or_default() += 1;
    }
    for (rva, name) in &mut names {
        if count[name] > 1 {
            name.push_str(&format!("@{rva}"));
        }
    }
    names
}

/// The imports of a plan with their symbols, in the plan's order.
fn name_imports(plan: &Plan) -> Vec<ImportedSymbol> {
    let imports = plan.imports.iter();
    imports
        .map(|import| {
            let (name, ordinal) = match &import.name {
                ImportName::Name(name) => (Some(name.clone()), None),
                ImportName::Ordinal(ordinal) => (None, Some(*ordinal)),
            };
            ImportedSymbol {
                symbol: format!("{IMPORT_PREFIX}{}!{}", import.module, import.name),
                module: import.module.to_string(),
                name,
                ordinal,
                delayed: import.delayed,
            }
        })
        .collect()
}

fn old_name(old: &Program<'_>, rva: Rva) -> String {
    let plus = |name: &str, offset: u32| match offset {
        0 => name.to_owned(),
        offset => format!("{name}+{offset:#x}"),
    };
    match old.place(rva) {
        Place::Function(f, offset) => {
            let f = old.function(f);
            let name = f
                .linkage_name()
                .map_or_else(|| f.display_name(), str::to_owned);
            plus(&name, offset)
        }
        Place::Data(d, offset) => plus(old.datum(d).display_name(), offset),
        Place::Headers(0) => "__ImageBase".into(),
        Place::Import(i) => {
            let import = &old.image.imports[i as usize];
            format!("__imp_{}", import.name)
        }
        _ => format!("at_{:x}", rva.0),
    }
}

impl Builder<'_> {
    /// Pieces in the order in which the new image has them.
    fn pieces(&mut self) {
        let mut order: Vec<&Piece> = self.plan.pieces.iter().collect();
        order.sort_by_key(|p| p.origin);
        for piece in order {
            let fixups: Vec<SectionFixup> = piece.fixups.iter().map(|f| self.fixup(f)).collect();
            let zero = fixups.is_empty() && piece.bytes.iter().all(|b| *b == 0);
            let merged = match piece.kind {
                PieceKind::Code => {
                    self.code(piece, fixups);
                    continue;
                }
                PieceKind::Constant => &mut self.constants,
                PieceKind::Variable if zero => &mut self.zeros,
                PieceKind::Variable => &mut self.variables,
                PieceKind::Unwind => &mut self.unwind,
            };
            let at = merged.add(
                &piece.symbol,
                (piece.align, piece.skew),
                &piece.bytes,
                fixups,
            );
            let others = piece.members.iter().filter(|m| m.offset != 0);
            let others = others.map(|m| (m.symbol.clone(), at + m.offset));
            merged.0.symbols.extend(others);
        }
    }

    fn code(&mut self, piece: &Piece, fixups: Vec<SectionFixup>) {
        self.unwound.extend(piece.unwind.iter().map(|e| Unwound {
            symbol: piece.symbol.clone(),
            begin: e.begin,
            end: e.end,
            info: self.plan.pieces[e.info.0 as usize].symbol.clone(),
        }));
        self.code.push(SectionContent {
            name: ".text",
            kind: Kind::Code,
            align: piece.align,
            bytes: piece.bytes.clone(),
            symbols: vec![(piece.symbol.clone(), 0)],
            fixups,
        });
    }

    fn fixup(&self, fixup: &Fixup) -> SectionFixup {
        let mut addend = fixup.addend;
        let symbol = match fixup.target {
            FixupTarget::Old(rva) => self.externals[&rva].clone(),
            FixupTarget::Piece(index) => {
                // Each variable has its own symbol: it may be where a replaced patch put it.
                let piece = &self.plan.pieces[index.0 as usize];
                let mut members = piece.members.iter().rev();
                let member = members.find(|m| i64::from(m.offset) <= i64::from(addend));
                addend -= member.map_or(0, |m| m.offset as i32);
                member.map_or(&piece.symbol, |m| &m.symbol).clone()
            }
            FixupTarget::Import(index) => self.imports[index.0 as usize].symbol.clone(),
        };
        SectionFixup {
            at: fixup.at,
            relocation: match fixup.kind {
                FixupKind::Relative(trailing) => relative(trailing),
                FixupKind::Absolute => object::pe::IMAGE_REL_AMD64_ADDR64.0,
                FixupKind::ImageRelative => object::pe::IMAGE_REL_AMD64_ADDR32NB.0,
            },
            symbol,
            addend,
        }
    }

    /// Adds the gate of one replacement; returns the symbols of the new code and the gate.
    fn gate(&mut self, replacement: &Replacement) -> (String, String) {
        let piece = &self.plan.pieces[replacement.piece.0 as usize];
        let symbol = piece.symbol.clone();
        let gate_symbol = format!("{GATE_PREFIX}{symbol}");
        let old_symbol = format!("old${symbol}");
        let (bytes, head_fixups) = gate::head(&symbol);
        let head_fixups = head_fixups.into_iter().map(|f| SectionFixup {
            at: f.at,
            relocation: relative(f.trailing),
            symbol: f.symbol,
            addend: 0,
        });
        self.gates.add(&gate_symbol, (16, 0), &bytes, head_fixups);
        // The head falls through into what is displaced.
        let displaced = &replacement.gate;
        let fixups: Vec<SectionFixup> = displaced.fixups.iter().map(|f| self.fixup(f)).collect();
        self.gates
            .add(&old_symbol, (1, 0), &displaced.bytes, fixups);
        if let Some(info) = &displaced.unwind {
            self.unwound(&old_symbol, displaced.bytes.len(), info);
        }
        (symbol, gate_symbol)
    }

    fn call_routine(&mut self) {
        self.code.push(SectionContent {
            name: CALL_SECTION,
            kind: Kind::Code,
            align: 16,
            bytes: gate::CALL_CODE.to_vec(),
            symbols: vec![(gate::CALL_NAME.to_owned(), 0)],
            fixups: Vec::new(),
        });
        self.unwound(gate::CALL_NAME, gate::CALL_CODE.len(), gate::CALL_UNWIND);
    }

    /// Adds the `UNWIND_INFO` of generated code.
    fn unwound(&mut self, symbol: &str, length: usize, info: &[u8]) {
        let name = format!("unwind${symbol}");
        self.unwind.add(&name, (4, 0), info, []);
        self.unwound.push(Unwound {
            symbol: symbol.to_owned(),
            begin: 0,
            end: length as u32,
            info: name,
        });
    }

    /// `.pdata`: begin, end and unwind information of each range of code. `apply` sorts the
    /// table once addresses are known.
    fn function_table(&self) -> Merged {
        let mut table = Merged::new(".pdata", Kind::Constant);
        for entry in &self.unwound {
            let field = |at, symbol: &String, addend: u32| SectionFixup {
                at,
                relocation: object::pe::IMAGE_REL_AMD64_ADDR32NB.0,
                symbol: symbol.clone(),
                addend: addend as i32,
            };
            let fields = [
                field(0, &entry.symbol, entry.begin),
                field(4, &entry.symbol, entry.end),
                field(8, &entry.info, 0),
            ];
            table.add("", (4, 0), &[0; 12], fields);
        }
        table.0.symbols.clear();
        table
    }
}

/// The first field of a plan that no relocation can describe: more bytes of its instruction
/// are behind it than any instruction has.
fn unencodable(plan: &Plan) -> Option<u8> {
    let of_pieces = plan.pieces.iter().flat_map(|p| &p.fixups);
    let of_gates = plan.replacements.iter().flat_map(|r| &r.gate.fixups);
    let mut trailing = of_pieces.chain(of_gates).filter_map(|f| match f.kind {
        FixupKind::Relative(trailing) => Some(trailing),
        FixupKind::Absolute | FixupKind::ImageRelative => None,
    });
    trailing.find(|t| *t > MAX_TRAILING)
}

/// `REL32` or one of `REL32_1` … `REL32_5`, by the bytes behind the field.
fn relative(trailing: u8) -> u16 {
    object::pe::IMAGE_REL_AMD64_REL32.0 + u16::from(trailing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_keep_their_place_relative_to_an_alignment() {
        let mut merged = Merged::new(".data", Kind::Variable);
        assert_eq!(merged.add("a", (1, 0), &[1; 5], []), 0);
        assert_eq!(merged.add("b", (8, 0), &[2], []), 8);
        assert_eq!(merged.add("c", (64, 24), &[3], []), 24);
        assert_eq!(merged.add("d", (64, 24), &[4], []), 88);
        assert_eq!(merged.0.align, 64);
    }
}
