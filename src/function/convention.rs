//! Registers in Microsoft's x64 calling convention.
//!
//! Source: "x64 calling convention" and "x64 ABI conventions" of the Visual C++ documentation.

use std::collections::BTreeSet;

use iced_x86::{FlowControl, InstructionInfoFactory, Mnemonic, Register};

use super::{FunctionIndex, Program};
use crate::image::RuntimeFunction;

/// Those that hold the first arguments, in their order.
pub const ARGUMENTS: [Register; 4] = [Register::RCX, Register::RDX, Register::R8, Register::R9];

/// Those of the general-purpose registers that a call may overwrite.
pub const VOLATILE: [Register; 7] = [
    Register::RAX,
    Register::RCX,
    Register::RDX,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
];

/// Those that a call preserves, without the stack pointer.
pub const PRESERVED: [Register; 8] = [
    Register::RBX,
    Register::RBP,
    Register::RSI,
    Register::RDI,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// The first vector register that a call preserves.
const FIRST_PRESERVED_VECTOR: usize = 6;

/// How many unwind records one function may continue.
const MAX_CHAINED: usize = 16;

impl Program<'_> {
    /// Whether a function keeps to what a call preserves: it has nothing to do with such a
    /// register but where its unwind records say that it saves it, and saves no other. One that
    /// gets its arguments in such registers, or leaves more of them to its caller, does not.
    pub fn keeps_registers(&self, function: FunctionIndex) -> bool {
        let f = self.function(function);
        let ranges = std::iter::once((f.rva, f.size)).chain(f.parts.iter().copied());
        let mut saved = BTreeSet::new();
        for (rva, size) in ranges {
            let end = rva.0.saturating_add(size);
            let table = &self.image.runtime_functions;
            let first = table.partition_point(|entry| entry.end <= rva);
            let entries = table[first..].iter().take_while(|e| e.begin.0 < end);
            for entry in entries {
                if self.note_saved(*entry, &mut saved).is_none() {
                    return false;
                }
            }
        }
        if saved.iter().any(|register| !is_preserved(*register)) {
            return false;
        }
        let mut factory = InstructionInfoFactory::new();
        let mut keeps = true;
        for piece in std::iter::once(function).chain(self.parts_of(function)) {
            self.each_instruction(piece, |i| {
                if matches!(i.mnemonic(), Mnemonic::Vzeroupper) {
                    return;
                }
                for used in factory.info(i).used_registers() {
                    let register = whole(used.register());
                    keeps &= !is_preserved(register) || saved.contains(&register);
                }
            });
        }
        keeps
    }

    fn note_saved(&self, entry: RuntimeFunction, saved: &mut BTreeSet<Register>) -> Option<()> {
        let mut next = Some(entry);
        for _ in 0..MAX_CHAINED {
            let Some(entry) = next else { return Some(()) };
            let info = self.image.unwind_info(entry.info).ok()?;
            saved.extend(info.saved());
            next = info.chained;
        }
        None
    }

    /// Whether a function may come back to its caller: its record does not deny it, and its
    /// code has an end or leads out of it.
    pub fn may_return(&self, function: FunctionIndex) -> bool {
        let f = self.function(function);
        let ranges = std::iter::once((f.rva, f.size)).chain(f.parts.iter().copied());
        let ranges: Vec<_> = ranges.collect();
        let is_own = |at: u64| {
            let mut ranges = ranges.iter();
            ranges.any(|(rva, size)| {
                at.checked_sub(rva.0.into())
                    .is_some_and(|offset| offset < u64::from(*size))
            })
        };
        let mut leaves = false;
        for piece in std::iter::once(function).chain(self.parts_of(function)) {
            self.each_instruction(piece, |i| {
                leaves |= match i.flow_control() {
                    FlowControl::Return | FlowControl::IndirectBranch => true,
                    FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                        !is_own(i.near_branch_target())
                    }
                    _ => false,
                };
            });
        }
        leaves && !f.never_returns
    }
}

/// The register of which this one is a part.
fn whole(register: Register) -> Register {
    match register.is_vector_register() {
        true => Register::XMM0 + register.number() as u32,
        false => register.full_register(),
    }
}

fn is_preserved(register: Register) -> bool {
    match register.is_vector_register() {
        true => (FIRST_PRESERVED_VECTOR..16).contains(&register.number()),
        false => PRESERVED.contains(&register),
    }
}
