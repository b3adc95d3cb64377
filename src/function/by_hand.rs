//! What an assembler may have written: its numbers may be places, and no list says which.

use super::decode::{Number, operand_numbers};
use super::{FunctionIndex, Place, Program, ReferenceKind};
use crate::addr::Rva;
use crate::symbols::{Language, Module};

/// The greatest number that the low bits of an RVA may hold beside it.
pub const TAGS: u32 = 3;

impl Program<'_> {
    /// Whether an assembler may have made what is at an address: its object file says so, or
    /// does not say what compiled it.
    pub fn is_by_hand(&self, rva: Rva) -> bool {
        let compiler = self.module_at(rva).and_then(|m| m.compiler.as_ref());
        compiler.is_none_or(|c| c.language == Language::Assembler)
    }

    /// Whether an assembler is likely to have made what is at an address: its object file says
    /// so, or says nothing and is not from a library, as whole libraries of C are that have no
    /// debug information.
    pub fn is_assembled(&self, rva: Rva) -> bool {
        self.module_at(rva).is_some_and(|m| match &m.compiler {
            Some(compiler) => compiler.language == Language::Assembler,
            None => m.library == m.name,
        })
    }

    /// The object file that the linker took what is at an address from.
    pub fn module_at(&self, rva: Rva) -> Option<&Module> {
        let contribution = self.symbols.contribution_at(rva)?;
        self.symbols.modules.get(contribution.module.0 as usize)
    }

    /// Where a number leads as an RVA, to a function or a datum, and the tag in its low bits.
    pub fn leads_to(&self, number: u32) -> Option<(Rva, u32)> {
        self.image.section_at(Rva(number))?;
        let tagged = (0..=TAGS).filter_map(|tag| Some((Rva(number.checked_sub(tag)?), tag)));
        let mut tagged = tagged.into_iter();
        tagged.find(|(to, _)| self.begins(*to))
    }

    /// Whether a function with a name or a datum begins at an address.
    pub fn begins(&self, rva: Rva) -> bool {
        match self.place(rva) {
            Place::Function(f, 0) => !self.function(f).names.is_empty(),
            Place::Data(_, 0) => true,
            _ => false,
        }
    }

    /// The numbers that instructions of a function hold as they are, other than references.
    pub fn numbers_of(&self, function: FunctionIndex) -> Vec<Number> {
        let references = &self.code_of(function).references;
        let mut numbers = operand_numbers(self.bytes_of(function), self.function(function).rva);
        numbers.retain(|number| !references.iter().any(|r| r.at == number.at));
        numbers
    }

    /// The addresses that a function takes.
    pub fn addresses_taken(&self, function: FunctionIndex) -> impl Iterator<Item = Rva> + '_ {
        let references = self.code_of(function).references.iter();
        let taken = references.filter(|r| r.kind == ReferenceKind::Address);
        taken.map(|r| r.target)
    }
}
