//! Functions as text: disassembled with the names of what they refer to and with their
//! source lines, old and new side by side.

mod align;
mod first;
mod operand;

pub use align::{Row, align};
pub use first::{Position, first_difference};

use std::cell::RefCell;
use std::rc::Rc;

use iced_x86::{
    Decoder, DecoderOptions, Formatter, Instruction, NasmFormatter, SymbolResolver, SymbolResult,
};

use crate::addr::Rva;
use crate::function::{FunctionIndex, Program, Reference};
use crate::symbols::Lines;

/// One build, with the source lines of the functions that are shown.
#[derive(Clone, Copy)]
pub struct Side<'s> {
    /// The build.
    pub program: &'s Program<'s>,
    /// Its lines.
    pub lines: &'s Lines,
}

/// One instruction.
#[derive(Clone, Debug)]
pub struct Line {
    /// The function that it belongs to.
    function: FunctionIndex,
    /// Offset in the function in bytes.
    pub offset: u32,
    /// The instruction with names for addresses.
    pub text: String,
    /// The text with a mark instead of every name: what is left when everything moved.
    bare: String,
    /// What it refers to outside of its function.
    references: Vec<Reference>,
    /// The offset that it branches to within the function.
    inner: Option<u32>,
    /// Source file, without its folder unless asked for, and line.
    pub source: Option<Source>,
}

/// A source line that a report can keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file as the compiler recorded it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Source {
    /// The file's name without its folder.
    pub fn file_name(&self) -> &str {
        self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file)
    }
}

/// Names for the addresses of the instruction that is being formatted.
#[derive(Clone, Default)]
struct Names(Rc<RefCell<Vec<(u64, String)>>>);

impl SymbolResolver for Names {
    fn symbol(
        &mut self,
        _: &Instruction,
        _: u32,
        _: Option<u32>,
        address: u64,
        _: u32,
    ) -> Option<SymbolResult<'_>> {
        let names = self.0.borrow();
        let (_, name) = names.iter().find(|(a, _)| *a == address)?;
        Some(SymbolResult::with_string(address, name.clone()))
    }
}

/// Disassembles one function, instruction by instruction.
pub struct Disassembler<'s> {
    side: Side<'s>,
    function: FunctionIndex,
    start: Rva,
    size: u32,
    bytes: &'s [u8],
    decoder: Decoder<'s>,
    references: &'s [Reference],
    names: Names,
    formatter: NasmFormatter,
}

impl<'s> Disassembler<'s> {
    /// From the first instruction of a function on.
    pub fn new(side: Side<'s>, function: FunctionIndex) -> Self {
        let f = side.program.function(function);
        let bytes = side.program.bytes_of(function);
        let names = Names::default();
        let resolver: Box<dyn SymbolResolver> = Box::new(names.clone());
        let mut formatter = NasmFormatter::with_options(Some(resolver), None);
        let options = formatter.options_mut();
        options.set_hex_prefix("0x");
        options.set_hex_suffix("");
        options.set_uppercase_hex(false);
        options.set_space_after_operand_separator(true);
        options.set_show_branch_size(false);
        Disassembler {
            side,
            function,
            start: f.rva,
            size: f.size,
            bytes,
            decoder: Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE),
            references: &side.program.code_of(function).references,
            names,
            formatter,
        }
    }

    fn format(&mut self, instruction: &Instruction, names: Vec<(u64, String)>) -> String {
        *self.names.0.borrow_mut() = names;
        let mut text = String::with_capacity(40);
        self.formatter.format(instruction, &mut text);
        text
    }

    /// A reference that no opcode precedes: an entry of a switch table behind the code.
    fn table_entry(&mut self, entry: Reference) -> Line {
        let end = entry.at + entry.kind.width();
        let _ = self
            .decoder
            .set_position((end as usize).min(self.bytes.len()));
        self.decoder.set_ip(u64::from(self.start.0 + end));
        let inner = entry.target.0.checked_sub(self.start.0);
        let inner = inner.filter(|offset| *offset < self.size);
        let text = match inner {
            Some(offset) => format!("dd +{offset:#x}"),
            None => format!("dd {}", operand::name(self.side.program, &entry)),
        };
        Line {
            function: self.function,
            offset: entry.at,
            text,
            bare: "dd ?".into(),
            references: if inner.is_some() {
                Vec::new()
            } else {
                vec![entry]
            },
            inner,
            source: None,
        }
    }

    /// The target of a branch that stays within the function.
    fn inner_target(&self, instruction: &Instruction) -> Option<u32> {
        let target = u32::try_from(instruction.near_branch_target()).ok()?;
        let offset = target.checked_sub(self.start.0)?;
        (instruction.near_branch_target() != 0 && offset < self.size).then_some(offset)
    }
}

impl Iterator for Disassembler<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if !self.decoder.can_decode() {
            return None;
        }
        let offset = self.decoder.position() as u32;
        let from = self.references.partition_point(|r| r.at < offset);
        if let Some(entry) = self.references.get(from)
            && entry.at == offset
        {
            return Some(self.table_entry(*entry));
        }
        let instruction = self.decoder.decode();
        let end = offset + instruction.len() as u32;
        let rva = Rva(self.start.0 + offset);
        let source = self.side.lines.at(rva).map(|l| Source {
            file: l.file.to_owned(),
            line: l.line,
        });
        if instruction.is_invalid() {
            let byte = self.bytes.get(offset as usize).copied().unwrap_or(0);
            // The decoder goes on where it can; a table inside code shows as bytes.
            let text = format!("db 0x{byte:02x}");
            let _ = self.decoder.set_position(offset as usize + 1);
            self.decoder.set_ip(u64::from(rva.0) + 1);
            return Some(Line {
                function: self.function,
                offset,
                bare: text.clone(),
                text,
                references: Vec::new(),
                inner: None,
                source,
            });
        }
        let inner = self.inner_target(&instruction);
        let own = self.references[from..].iter().take_while(|r| r.at < end);
        let own: Vec<Reference> = own.copied().collect();
        let constants = self.decoder.get_constant_offsets(&instruction);
        let mut named = Vec::new();
        for reference in &own {
            let address = operand::address(&instruction, &constants, reference.at - offset);
            let name = operand::name(self.side.program, reference);
            named.extend(address.map(|a| (a, name)));
        }
        if let Some(target) = inner {
            named.push((instruction.near_branch_target(), format!("+{target:#x}")));
        }
        let marks = named.iter().map(|(a, _)| (*a, "?".to_owned())).collect();
        let bare = self.format(&instruction, marks);
        let text = self.format(&instruction, named);
        Some(Line {
            function: self.function,
            offset,
            text,
            bare,
            references: own,
            inner,
            source,
        })
    }
}

impl Line {
    /// The mnemonic.
    fn kind(&self) -> &str {
        self.bare.split(' ').next().unwrap_or("")
    }

    /// Whether this old and that new instruction are the same but for where they branch to
    /// within their function.
    fn same(&self, other: &Line, comparer: &crate::diff::Comparer<'_>) -> bool {
        let functions = (self.function, other.function);
        let pairs = || self.references.iter().zip(&other.references);
        self.bare == other.bare
            && self.inner.is_some() == other.inner.is_some()
            && self.references.len() == other.references.len()
            && pairs().all(|(a, b)| a.kind == b.kind && comparer.same_reference(functions, a, b))
    }
}
