//! Variables without a symbol of which a byte is left, and whose value is in the code.
//!
//! A compiler that sees but two values stored in a static variable keeps which of them it is, in
//! a byte without a symbol, and writes the values into the code that reads it (LLVM, GlobalOpt,
//! "TryToShrinkGlobalToBoolean"). What the running program has stored is 0 or 1, and means what
//! the code of its build makes of it. Where the code that changed makes a number of such a byte,
//! and a number that the old code has is in the new code no more, it may be that one.
//!
//! Where the byte only decides which way the code goes, it means the same as a flag would.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{FlowControl, Instruction, Mnemonic, OpKind, Register};

use crate::addr::Rva;
use crate::diff::{Diff, place_text};
use crate::finding::{Finding, rules};
use crate::function::{FunctionIndex, Place, Program};

/// How many instructions may lie between reading the byte and asking for the outcome.
const NEAR: usize = 4;
/// How many bytes of a constant are looked at.
const CONTENT: usize = 16;

/// One finding for each changed function that takes such a byte for another number, as it may be.
pub fn findings(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> Vec<Finding> {
    if diff.is_identity() {
        return Vec::new();
    }
    let changed = diff.functions.changed.iter();
    let found = changed.filter_map(|change| {
        let bytes = made_numbers_of(old, change.old);
        let byte = bytes.first()?;
        if made_numbers_of(new, change.new).is_empty() {
            return None;
        }
        let (before, mut after) = (numbers(old, change.old), numbers(new, change.new));
        let lost = before.iter().find(|(number, count)| {
            let kept = after.remove(*number).unwrap_or(0);
            kept < **count
        });
        let name = old.function(change.old).display_name();
        let detail = format!(
            "{name} makes a number of the byte at {byte}, which has no symbol: so a compiler keeps \
             a static variable of two values, and the values in the code. {} is in the code of the \
             old build, and not any more",
            lost?.0
        );
        Some(Finding::about(&rules::data::VARIABLE_MEANING, name, detail))
    });
    found.collect()
}

/// The single bytes without a symbol that a function reads to compute with them.
fn made_numbers_of(program: &Program<'_>, function: FunctionIndex) -> BTreeSet<Rva> {
    let instructions = instructions(program, function);
    let mut found = BTreeSet::new();
    for (n, i) in instructions.iter().enumerate() {
        let end = instructions.len().min(n + 1 + NEAR);
        let only_decides = || only_decides(i, &instructions[n + 1..end]);
        found.extend(byte_read(program, i).filter(|_| !only_decides()));
    }
    found
}

/// All instructions of a function and its parts.
fn instructions(program: &Program<'_>, function: FunctionIndex) -> Vec<Instruction> {
    let parts = program.parts_of(function);
    let mut all = Vec::new();
    for piece in std::iter::once(function).chain(parts) {
        program.each_instruction(piece, |i| all.push(*i));
    }
    all
}

/// The place of a single byte without a symbol that an instruction reads.
fn byte_read(program: &Program<'_>, i: &Instruction) -> Option<Rva> {
    let writes = i.mnemonic() == Mnemonic::Mov && i.op0_kind() == OpKind::Memory;
    if !i.is_ip_rel_memory_operand() || writes || i.memory_size().size() != 1 {
        return None;
    }
    let at = Rva(u32::try_from(i.ip_rel_memory_address()).ok()?);
    (program.place(at) == Place::Variable).then_some(at)
}

/// Whether what is read is only asked for, and the answer leads one way or the other.
fn only_decides(read: &Instruction, next: &[Instruction]) -> bool {
    let held = match read.mnemonic() {
        Mnemonic::Cmp | Mnemonic::Test => None,
        Mnemonic::Mov | Mnemonic::Movzx => Some(read.op0_register().full_register()),
        _ => return false,
    };
    let mut asked = held.is_none();
    for i in next {
        let asks = matches!(i.mnemonic(), Mnemonic::Test | Mnemonic::Cmp);
        if asks && Some(i.op0_register().full_register()) == held {
            asked = true;
        } else if i.flow_control() == FlowControl::ConditionalBranch {
            return asked;
        } else if i.rflags_read() != 0 || asked && i.rflags_modified() != 0 {
            return false;
        }
    }
    false
}

/// The numbers and the addresses in the code of a function but for nought, as text, and how often
/// each is there.
fn numbers(program: &Program<'_>, function: FunctionIndex) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for i in instructions(program, function) {
        let is_frame = i.op0_kind() == OpKind::Register && i.op0_register() == Register::RSP;
        let mut note = |text: String| {
            if text != "0x0" {
                *found.entry(text).or_default() += 1;
            }
        };
        for operand in 0..i.op_count() {
            match i.op_kind(operand) {
                OpKind::Memory if i.is_ip_rel_memory_operand() => {
                    note(address(program, Rva(i.ip_rel_memory_address() as u32)));
                }
                OpKind::Memory if i.mnemonic() == Mnemonic::Lea => {
                    // As a sum or a product of what registers have.
                    note(format!("{:#x}", i.memory_displacement64()));
                    if i.memory_index() != Register::None {
                        note(format!("{:#x}", i.memory_index_scale()));
                    }
                }
                OpKind::NearBranch64 => {
                    note(address(program, Rva(i.near_branch64() as u32)));
                }
                kind if is_immediate(kind) && !is_frame => {
                    note(format!("{:#x}", i.immediate(operand)));
                }
                _ => {}
            }
        }
    }
    found
}

/// What an address means in either build.
fn address(program: &Program<'_>, rva: Rva) -> String {
    match program.place(rva) {
        // The same content wherever it lies.
        Place::Constant => {
            let size = program.anonymous_extent(rva) as usize;
            let bytes = program.image.slice(rva, size.min(CONTENT));
            bytes
                .unwrap_or(&[])
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect()
        }
        // Places in a function move with its code.
        Place::Function(f, _) => program.function(f).display_name(),
        _ => place_text(program, rva),
    }
}

fn is_immediate(kind: OpKind) -> bool {
    matches!(
        kind,
        OpKind::Immediate8
            | OpKind::Immediate16
            | OpKind::Immediate32
            | OpKind::Immediate64
            | OpKind::Immediate8to16
            | OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate32to64
    )
}
