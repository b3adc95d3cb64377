//! What a function calls, and which numbers it hands over: the length of what is allocated,
//! copied or cleared is one of them.
//!
//! The code is read from start to end. A register that was set to a number counts as that until
//! it is written again or a call may have written it, so that what is found behind a branch may
//! be what another path hands over: nothing is proven by it.

use iced_x86::{
    FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
};

use super::convention::{ARGUMENTS, VOLATILE};
use super::{FunctionIndex, Place, Program};
use crate::addr::Rva;

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callee {
    /// A function of the image, or an imported one, by its name.
    Named(String),
    /// What a pointer leads to, this far behind what a register holds.
    Member(i64),
    /// What another pointer leads to.
    Pointer,
    /// Nothing: an instruction that copies (`rep movs`) or fills (`rep stos`).
    Repeated(&'static str),
}

/// A call, and the numbers that it hands over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// The first arguments, where they are numbers. Of a repeated instruction the first is how
    /// many bytes it writes.
    pub numbers: [Option<u64>; 4],
}

/// Registers that were set to a number, or to what lies so far behind another one.
#[derive(Default)]
struct Numbers {
    known: Vec<(Register, u64)>,
    loaded: Vec<(Register, i64)>,
}

impl Numbers {
    fn forget(&mut self, register: Register) {
        let full = register.full_register();
        self.known.retain(|(known, _)| *known != full);
        self.loaded.retain(|(loaded, _)| *loaded != full);
    }

    fn of(&self, register: Register) -> Option<u64> {
        let mut known = self.known.iter();
        known.find(|(r, _)| *r == register).map(|(_, n)| *n)
    }

    fn step(&mut self, i: &Instruction, factory: &mut InstructionInfoFactory) {
        for used in factory.info(i).used_registers() {
            if !matches!(used.access(), OpAccess::Read | OpAccess::CondRead) {
                self.forget(used.register());
            }
        }
        let is_number = matches!(
            i.op1_kind(),
            OpKind::Immediate32 | OpKind::Immediate32to64 | OpKind::Immediate64
        );
        let register = i.op0_register();
        if i.mnemonic() == Mnemonic::Mov && is_number && register.is_gpr() && register.size() >= 4 {
            self.known.push((register.full_register(), i.immediate(1)));
        }
        if i.mnemonic() == Mnemonic::Mov
            && i.op1_kind() == OpKind::Memory
            && register.is_gpr64()
            && let Some(at) = member(i)
        {
            self.loaded.push((register, at));
        }
    }
}

impl Program<'_> {
    /// The calls of a function, once each; those of its separated parts and funclets are not
    /// among them.
    pub fn calls(&self, function: FunctionIndex) -> Vec<Call> {
        let mut calls = self.all_calls(function);
        calls.sort();
        calls.dedup();
        calls
    }

    /// The same, as often as they are made, in the order of the code.
    pub fn all_calls(&self, function: FunctionIndex) -> Vec<Call> {
        let (mut numbers, mut factory) = (Numbers::default(), InstructionInfoFactory::new());
        let own = self.function(function);
        let own = own.rva.0..own.rva.0.saturating_add(own.size);
        let mut calls = Vec::new();
        self.each_instruction(function, |i| {
            if let Some(bytes) = repeated(i, &numbers) {
                calls.push(bytes);
            }
            let callee = match i.flow_control() {
                FlowControl::Call | FlowControl::IndirectCall => self.callee_of(i, &numbers),
                // The last call of a function may be a jump.
                FlowControl::UnconditionalBranch => self
                    .callee_of(i, &numbers)
                    .filter(|_| !own.contains(&(i.near_branch_target() as u32))),
                FlowControl::IndirectBranch if i.memory_index() == Register::None => {
                    self.callee_of(i, &numbers)
                }
                _ => None,
            };
            if let Some(callee) = callee {
                let numbers = ARGUMENTS.map(|register| numbers.of(register));
                calls.push(Call { callee, numbers });
            }
            numbers.step(i, &mut factory);
            match i.flow_control() {
                FlowControl::Call | FlowControl::IndirectCall => {
                    VOLATILE.iter().for_each(|r| numbers.forget(*r));
                }
                FlowControl::UnconditionalBranch | FlowControl::Return => {
                    numbers = Numbers::default()
                }
                _ => {}
            }
        });
        calls
    }

    fn callee_of(&self, i: &Instruction, numbers: &Numbers) -> Option<Callee> {
        if i.op0_kind() == OpKind::NearBranch64 {
            return Some(self.named(Rva(i.near_branch_target() as u32)));
        }
        if i.op0_kind() == OpKind::Register {
            let mut loaded = numbers.loaded.iter();
            let found = loaded.find(|(r, _)| *r == i.op0_register());
            return Some(found.map_or(Callee::Pointer, |(_, at)| Callee::Member(*at)));
        }
        if i.is_ip_rel_memory_operand() {
            return Some(self.named(Rva(i.ip_rel_memory_address() as u32)));
        }
        Some(member(i).map_or(Callee::Pointer, Callee::Member))
    }

    fn named(&self, rva: Rva) -> Callee {
        match self.place(rva) {
            Place::Function(function, 0) => Callee::Named(self.function(function).display_name()),
            Place::Import(import) => {
                Callee::Named(self.image.imports[import as usize].name.to_string())
            }
            _ => Callee::Pointer,
        }
    }
}

/// How far behind a register that may hold an object memory is used.
fn member(i: &Instruction) -> Option<i64> {
    let base = i.memory_base();
    let of_object = base.is_gpr64() && base != Register::RSP;
    let plain = of_object && i.memory_index() == Register::None;
    plain.then(|| i.memory_displacement64() as i64)
}

/// An instruction that copies or fills a number of bytes that is known.
fn repeated(i: &Instruction, numbers: &Numbers) -> Option<Call> {
    let (name, width) = match i.mnemonic() {
        Mnemonic::Movsb => ("rep movs", 1),
        Mnemonic::Movsd => ("rep movs", 4),
        Mnemonic::Movsq => ("rep movs", 8),
        Mnemonic::Stosb => ("rep stos", 1),
        Mnemonic::Stosd => ("rep stos", 4),
        Mnemonic::Stosq => ("rep stos", 8),
        _ => return None,
    };
    let count = numbers.of(Register::RCX).filter(|_| i.has_rep_prefix())?;
    Some(Call {
        callee: Callee::Repeated(name),
        numbers: [count.checked_mul(width), None, None, None],
    })
}
