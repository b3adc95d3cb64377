//! Functions that differ in nothing but line numbers.
//!
//! An assertion, error or log macro compiles its own line into the code (`__LINE__`), so a
//! line added at the top of a file changes every function below it that has such a macro.
//! Such a function behaves as before: redirecting it makes a patch larger for nothing.
//!
//! A number is taken for a line number only where both PDBs say so. All of this must hold:
//!
//! * old and new code are the same but for immediates of `mov` and `push` instructions;
//! * each differing immediate is passed on: it goes to a parameter register or to the
//!   stack, and a call follows;
//! * the old number is the line that the old PDB gives for that instruction or for that
//!   call, and the new number is the one that the new PDB gives; lines of inlined code
//!   count at their own depth;
//! * or, for a macro that is written over several lines (the number is its last line, the
//!   line table has its first): both numbers are as many lines behind the table's lines,
//!   no code of the function lies between, nothing else about the call differs, and the
//!   call is also given the name of that very source file.
//!
//! Where the proof fails, the function counts as changed.

mod passed;
mod proof;

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};

use super::Diff;
use crate::function::{FunctionIndex, Program};
use crate::symbols::Lines;

/// A function that differs in nothing but line numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noise {
    /// In the old build.
    pub old: FunctionIndex,
    /// In the new build.
    pub new: FunctionIndex,
    /// Its line numbers, by ascending offset.
    pub numbers: Vec<LineNumber>,
}

/// A line number in an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineNumber {
    /// Offset of the instruction in the function.
    pub at: u32,
    /// The source file that it counts in, without its folder.
    pub file: String,
    /// In the old build.
    pub old: u32,
    /// In the new build.
    pub new: u32,
}

/// One build, with the lines of the changed functions.
type Side<'s> = (&'s Program<'s>, &'s Lines);

/// The changed functions that differ in nothing but line numbers.
pub(super) fn find(diff: &Diff, old: Side<'_>, new: Side<'_>) -> Vec<Noise> {
    let comparer = diff.comparer(old.0, new.0);
    let mut found = Vec::new();
    for change in &diff.functions.changed {
        let Some(fields) = differing_numbers(old.0, new.0, change.old, change.new) else {
            continue;
        };
        let ignored: Vec<(u32, u32)> = fields.iter().map(|f| (f.field, f.width)).collect();
        let differs = comparer.difference_beyond(change.old, change.new, &ignored);
        if differs.is_some() {
            continue;
        }
        if let Some(numbers) = proof::prove(old, new, change, &fields) {
            found.push(Noise {
                old: change.old,
                new: change.new,
                numbers,
            });
        }
    }
    found
}

/// An immediate that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    /// Index of its instruction.
    index: usize,
    /// Offset of its field in the function, and width in bytes.
    field: u32,
    width: u32,
    old: u32,
    new: u32,
}

/// Decodes a function; the instruction pointer is the RVA.
fn decode(program: &Program<'_>, function: FunctionIndex) -> Vec<Instruction> {
    let bytes = program.bytes_of(function);
    let rva = program.function(function).rva;
    Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE)
        .into_iter()
        .collect()
}

/// The immediates of moves and pushes that differ; `None` where the instructions are not
/// of the same shapes, or there is no such immediate.
fn differing_numbers(
    old: &Program<'_>,
    new: &Program<'_>,
    f: FunctionIndex,
    g: FunctionIndex,
) -> Option<Vec<Number>> {
    let (a, b) = (old.bytes_of(f), new.bytes_of(g));
    if a.len() != b.len() {
        return None;
    }
    let (from, to) = (old.function(f).rva.0, new.function(g).rva.0);
    let mut x = Decoder::with_ip(64, a, from.into(), DecoderOptions::NONE);
    let mut y = Decoder::with_ip(64, b, to.into(), DecoderOptions::NONE);
    let mut numbers = Vec::new();
    let mut index = 0;
    let references = &old.code_of(f).references;
    while x.can_decode() {
        let at = x.position();
        // A reference without an opcode begins the switch tables behind the code.
        if references
            .binary_search_by_key(&(at as u32), |r| r.at)
            .is_ok()
        {
            break;
        }
        let (i, j) = (x.decode(), y.decode());
        if i.is_invalid() || i.code() != j.code() || i.len() != j.len() {
            return None;
        }
        if let Some((old, new)) = numbers_of(&i).zip(numbers_of(&j))
            && old != new
        {
            let offsets = x.get_constant_offsets(&i);
            numbers.push(Number {
                index,
                field: (at + offsets.immediate_offset()) as u32,
                width: offsets.immediate_size() as u32,
                old,
                new,
            });
        }
        index += 1;
    }
    (!numbers.is_empty()).then_some(numbers)
}

/// The number that a `mov` or `push` of a constant passes.
fn numbers_of(instruction: &Instruction) -> Option<u32> {
    let operand = match instruction.mnemonic() {
        Mnemonic::Mov => 1,
        Mnemonic::Push => 0,
        _ => return None,
    };
    match instruction.op_kind(operand) {
        OpKind::Immediate8
        | OpKind::Immediate16
        | OpKind::Immediate32
        | OpKind::Immediate8to32
        | OpKind::Immediate8to64
        | OpKind::Immediate32to64 => u32::try_from(instruction.immediate(operand)).ok(),
        _ => None,
    }
}
