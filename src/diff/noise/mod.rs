//! Functions that differ in nothing but line numbers.
//!
//! An assertion, error or log macro compiles its own line into the code (`__LINE__`), so a
//! line added at the top of a file changes every function below it that has such a macro.
//! Such a function behaves as before: redirecting it makes a patch larger for nothing.
//!
//! A number is taken for a line number only where both PDBs say so. All of this must hold:
//!
//! * old and new code, with separated parts and funclets, are the same but for constants of
//!   `mov`, `push` and `lea` instructions;
//! * each differing constant is passed on and not used otherwise: it goes to a parameter
//!   register or to the stack, and a call follows ([`passed`]); or it is held in a register
//!   or stack slot until one of several calls, on every way through the function ([`held`]);
//! * and one of:
//!   * the old number is the line that the old PDB gives for that instruction or for that
//!     call, and the new number is the one that the new PDB gives; lines of inlined code
//!     count at their own depth. The call is also given the name of that very source file;
//!     or several other functions call the same function, and in every such call this
//!     parameter is the line of its call ([`callees`]);
//!   * for a macro that is written over several lines (the number is its last line, the line
//!     table has its first): both numbers are as many lines behind the table's lines, no code
//!     of the function lies between, nothing else about the call differs, and the call is
//!     also given the name of that very source file;
//!   * where the compiler has merged the ends of several paths, so that neither instruction
//!     nor call has a line of its own: the number lies between two lines that the function
//!     has code of in both builds, both of these moved by as much as the number did, each
//!     call that gets the number is also given the name of that very source file, and nothing
//!     else about those calls differs.
//!
//! No number is a line where another call of the same function, which is given the name of its
//! file, gets a number there that can't be its line (unless very many others give theirs, see
//! [`callees`]); and none of two equal numbers is one that go to the same call in two places.
//!
//! Where the proof fails, the function counts as changed.

pub(super) mod body;
mod callees;
mod held;
pub(super) mod passed;
mod proof;
mod witnesses;

pub use witnesses::find as witnesses;

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

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
    let mut found = Vec::new();
    let changed = || diff.functions.changed.iter();
    let of_old: Vec<_> = changed().map(|c| c.old).collect();
    let of_new: Vec<_> = changed().map(|c| c.new).collect();
    let others = witnesses(diff, old.0, new.0);
    let of_old = callees::Callees::new(old, &of_old, &others.0);
    let of_new = callees::Callees::new(new, &of_new, &others.1);
    for change in &diff.functions.changed {
        let pairs = body::bodies(old.0, new.0, (change.old, change.new));
        let numbers: Option<Vec<Vec<Number>>> = pairs
            .iter()
            .map(|(f, g)| differing_numbers(old.0, new.0, *f, *g))
            .collect();
        let Some(numbers) = numbers.filter(|n| n.iter().any(|list| !list.is_empty())) else {
            continue;
        };
        let mut comparer = diff.comparer(old.0, new.0);
        for ((f, _), numbers) in pairs.iter().zip(&numbers) {
            let fields = numbers.iter().map(|n| (n.field, n.width)).collect();
            comparer.ignored.insert(*f, fields);
        }
        if comparer.difference(change.old, change.new).is_some()
            || comparer.refers_into_changed(diff, change.old)
        {
            continue;
        }
        if let Some(numbers) = proof::prove((old, new), (&of_old, &of_new), &pairs, &numbers) {
            found.push(Noise {
                old: change.old,
                new: change.new,
                numbers,
            });
        }
    }
    found
}

/// A constant that differs.
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

/// The constants of moves, pushes and address computations that differ; `None` where the
/// instructions are not of the same shapes.
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
    let (mut before_x, mut before_y) = (Vec::new(), Vec::new());
    let mut numbers = Vec::new();
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
        let offsets = x.get_constant_offsets(&i);
        let immediate = numbers_of(&i).zip(numbers_of(&j)).map(|numbers| {
            let field = (offsets.immediate_offset(), offsets.immediate_size());
            (numbers, field)
        });
        let sum = || {
            let numbers = sum_of(&before_x, &i).zip(sum_of(&before_y, &j))?;
            let field = (offsets.displacement_offset(), offsets.displacement_size());
            Some((numbers, field))
        };
        if let Some(((old, new), (offset, width))) = immediate.or_else(sum)
            && old != new
        {
            numbers.push(Number {
                index: before_x.len(),
                field: (at + offset) as u32,
                width: width as u32,
                old,
                new,
            });
        }
        before_x.push(i);
        before_y.push(j);
    }
    Some(numbers)
}

/// The number that `lea` makes of a register whose value the code before it sets, as
/// compilers do for constants that are close to another one.
fn sum_of(before: &[Instruction], lea: &Instruction) -> Option<u32> {
    /// The other constant is set at most this many instructions before.
    const REACH: usize = 64;
    let base = lea.memory_base().full_register();
    let plain = lea.mnemonic() == Mnemonic::Lea
        && lea.memory_index() == Register::None
        && lea.memory_displ_size() > 0
        && base.is_gpr();
    if !plain {
        return None;
    }
    let sets_base = |i: &&Instruction| {
        i.op_count() > 0
            && i.op0_kind() == OpKind::Register
            && i.op0_register().full_register() == base
            && !matches!(
                i.mnemonic(),
                Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Push
            )
    };
    let definition = before.iter().rev().take(REACH).find(sets_base)?;
    let is_zero = definition.mnemonic() == Mnemonic::Xor
        && definition.op1_kind() == OpKind::Register
        && definition.op0_register() == definition.op1_register();
    let start = match is_zero {
        true => 0,
        false => numbers_of(definition)?,
    };
    Some(start.wrapping_add(lea.memory_displacement64() as u32))
}

/// The number that a `mov` or `push` of a constant passes.
fn numbers_of(instruction: &Instruction) -> Option<u32> {
    let operand = match instruction.mnemonic() {
        Mnemonic::Mov => 1,
        Mnemonic::Push => 0,
        _ => return None,
    };
    u32::try_from(instruction.try_immediate(operand).ok()?).ok()
}
