//! The payload before it has a file format: sections with bytes, symbols and fixups.

use std::collections::BTreeMap;

use super::gate;
use super::names::{ACTIVE_SYMBOL, CALL_SECTION, GATE_PREFIX, GATE_SECTION};
use crate::addr::Rva;
use crate::function::{Place, Program};
use crate::package::manifest::External;
use crate::plan::{Fixup, FixupKind, FixupTarget, PieceKind, Plan, Replacement};

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
    /// Undefined symbols that are no place in the old image.
    pub provided: Vec<&'static str>,
}

/// Code with unwind information: symbol of its start, length, and `UNWIND_INFO`.
struct Unwound {
    symbol: String,
    length: u32,
    info: Vec<u8>,
}

struct Builder<'b> {
    plan: &'b Plan,
    externals: BTreeMap<Rva, String>,
    sections: Vec<SectionContent>,
    unwound: Vec<Unwound>,
}

impl Content {
    /// Lays the plan out in sections.
    pub fn new(plan: &Plan, old: &Program<'_>, module: &str) -> Self {
        let mut builder = Builder {
            plan,
            externals: name_externals(plan, old, module),
            sections: Vec::new(),
            unwound: Vec::new(),
        };
        builder.pieces();
        let mut functions = Vec::new();
        for replacement in &plan.replacements {
            functions.push(builder.gate(replacement));
        }
        builder.call_routine();
        builder.unwind_tables();
        let mut externals: Vec<External> = builder
            .externals
            .into_iter()
            .map(|(rva, symbol)| External { symbol, rva })
            .collect();
        externals.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        Content {
            sections: builder.sections,
            functions,
            externals,
            provided: vec![ACTIVE_SYMBOL],
        }
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
        FixupTarget::Piece(_) => None,
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
    fn pieces(&mut self) {
        for piece in &self.plan.pieces {
            let zero = piece.fixups.is_empty() && piece.bytes.iter().all(|b| *b == 0);
            let (name, kind) = match piece.kind {
                PieceKind::Code => (".text", Kind::Code),
                PieceKind::Constant => (".rdata", Kind::Constant),
                PieceKind::Variable if zero => (".bss", Kind::Zero),
                PieceKind::Variable => (".data", Kind::Variable),
            };
            if let Some(info) = &piece.unwind {
                self.unwound.push(Unwound {
                    symbol: piece.symbol.clone(),
                    length: piece.bytes.len() as u32,
                    info: info.clone(),
                });
            }
            let fixups = piece.fixups.iter().map(|f| self.fixup(f, 0)).collect();
            self.sections.push(SectionContent {
                name,
                kind,
                align: piece.align,
                bytes: piece.bytes.clone(),
                symbols: vec![(piece.symbol.clone(), 0)],
                fixups,
            });
        }
    }

    fn fixup(&self, fixup: &Fixup, base: u32) -> SectionFixup {
        let symbol = match fixup.target {
            FixupTarget::Old(rva) => self.externals[&rva].clone(),
            FixupTarget::Piece(index) => self.plan.pieces[index.0 as usize].symbol.clone(),
        };
        SectionFixup {
            at: base + fixup.at,
            relocation: match fixup.kind {
                FixupKind::Relative(trailing) => relative(trailing),
                FixupKind::Absolute => object::pe::IMAGE_REL_AMD64_ADDR64.0,
                FixupKind::ImageRelative => object::pe::IMAGE_REL_AMD64_ADDR32NB.0,
            },
            symbol,
            addend: fixup.addend,
        }
    }

    /// Adds the gate of one replacement; returns the symbols of the new code and the gate.
    fn gate(&mut self, replacement: &Replacement) -> (String, String) {
        let symbol = self.plan.pieces[replacement.piece.0 as usize]
            .symbol
            .clone();
        let gate_symbol = format!("{GATE_PREFIX}{symbol}");
        let old_symbol = format!("old${symbol}");
        let (mut bytes, head_fixups) = gate::head(&symbol);
        let displaced_at = bytes.len() as u32;
        bytes.extend_from_slice(&replacement.gate.bytes);
        let mut fixups: Vec<SectionFixup> = head_fixups
            .into_iter()
            .map(|f| SectionFixup {
                at: f.at,
                relocation: relative(f.trailing),
                symbol: f.symbol,
                addend: 0,
            })
            .collect();
        let displaced = &replacement.gate.fixups;
        fixups.extend(displaced.iter().map(|f| self.fixup(f, displaced_at)));
        if let Some(info) = &replacement.gate.unwind {
            self.unwound.push(Unwound {
                symbol: old_symbol.clone(),
                length: replacement.gate.bytes.len() as u32,
                info: info.clone(),
            });
        }
        self.sections.push(SectionContent {
            name: GATE_SECTION,
            kind: Kind::Code,
            align: 16,
            bytes,
            symbols: vec![(gate_symbol.clone(), 0), (old_symbol, displaced_at)],
            fixups,
        });
        (symbol, gate_symbol)
    }

    fn call_routine(&mut self) {
        self.sections.push(SectionContent {
            name: CALL_SECTION,
            kind: Kind::Code,
            align: 16,
            bytes: gate::CALL_CODE.to_vec(),
            symbols: vec![(gate::CALL_NAME.to_owned(), 0)],
            fixups: Vec::new(),
        });
        self.unwound.push(Unwound {
            symbol: gate::CALL_NAME.to_owned(),
            length: gate::CALL_CODE.len() as u32,
            info: gate::CALL_UNWIND.to_vec(),
        });
    }

    /// `.xdata` with every `UNWIND_INFO`, and `.pdata` with begin, end and information of
    /// each function. `apply` sorts the table once addresses are known.
    fn unwind_tables(&mut self) {
        let (mut xdata, mut pdata) = (Vec::new(), Vec::new());
        let (mut symbols, mut fixups) = (Vec::new(), Vec::new());
        for unwound in &self.unwound {
            let name = format!("unwind${}", unwound.symbol);
            symbols.push((name.clone(), xdata.len() as u32));
            xdata.extend_from_slice(&unwound.info);
            xdata.resize(xdata.len().next_multiple_of(4), 0);
            let fields = [
                (&unwound.symbol, 0),
                (&unwound.symbol, unwound.length as i32),
                (&name, 0),
            ];
            for (symbol, addend) in fields {
                fixups.push(SectionFixup {
                    at: pdata.len() as u32,
                    relocation: object::pe::IMAGE_REL_AMD64_ADDR32NB.0,
                    symbol: symbol.clone(),
                    addend,
                });
                pdata.extend_from_slice(&[0; 4]);
            }
        }
        let constant = |name, bytes, symbols, fixups| SectionContent {
            name,
            kind: Kind::Constant,
            align: 4,
            bytes,
            symbols,
            fixups,
        };
        self.sections
            .push(constant(".xdata", xdata, symbols, Vec::new()));
        self.sections
            .push(constant(".pdata", pdata, Vec::new(), fixups));
    }
}

/// `REL32` or one of `REL32_1` … `REL32_5`, by the bytes behind the field.
fn relative(trailing: u8) -> u16 {
    object::pe::IMAGE_REL_AMD64_REL32.0 + u16::from(trailing.min(5))
}
