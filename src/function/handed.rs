//! Whether an address that may be a start or an end is handed over as a start.
//!
//! This is judgement, not proof: whoever hands an address to a function, and nothing of the
//! object that ends there, does not mean that end.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};

use super::{DataIndex, FunctionIndex, Place, Program, Reference};
use crate::addr::Rva;
use crate::function::convention::ARGUMENTS;

/// Instructions looked at behind the one that takes the address.
const LOOK_AHEAD: usize = 32;

/// Whether what the function does with an address shows that it is a start: it reads or
/// writes there, or hands it to a function without handing over anything of the datum before.
pub fn is_start(
    program: &Program<'_>,
    function: FunctionIndex,
    reference: &Reference,
    previous: DataIndex,
) -> bool {
    let f = program.function(function);
    let bytes = program.bytes_of(function);
    let mut decoder = Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    // Registers that hold addresses in the datum before, as far as the code up to here shows.
    let mut of_previous: Vec<Register> = Vec::new();
    let mut holders: Vec<Register> = Vec::new();
    let mut seen = 0;
    while decoder.can_decode() && seen < LOOK_AHEAD {
        let start = decoder.position() as u32;
        decoder.decode_out(&mut instruction);
        let end = decoder.position() as u32;
        let i = &instruction;
        if (start..end).contains(&reference.at) {
            holders = vec![i.op0_register().full_register()];
            of_previous.retain(|r| !holders.contains(r));
            continue;
        }
        let target = i
            .is_ip_rel_memory_operand()
            .then(|| i.ip_rel_memory_address());
        let in_previous = target.is_some_and(
            |t| matches!(program.place(Rva(t as u32)), Place::Data(d, _) if d == previous),
        );
        if holders.is_empty() {
            forget(&mut of_previous, i);
            if i.mnemonic() == Mnemonic::Lea && in_previous {
                of_previous.push(i.op0_register().full_register());
            }
            continue;
        }
        seen += 1;
        let holds = |r: Register| holders.contains(&r.full_register());
        let touches = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        if touches && i.mnemonic() != Mnemonic::Lea && holds(i.memory_base()) {
            // With an index it may count down to the end.
            let plain = i.memory_index() == Register::None;
            return plain && (i.memory_displacement64() as i64) >= 0;
        }
        match i.flow_control() {
            FlowControl::Next => {}
            FlowControl::Call | FlowControl::IndirectCall => {
                let handed_over = ARGUMENTS.iter().any(|r| holds(*r));
                let with_previous = ARGUMENTS.iter().any(|r| of_previous.contains(r));
                return handed_over && !with_previous;
            }
            _ => return false,
        }
        let copies = i.mnemonic() == Mnemonic::Mov
            && i.op0_kind() == OpKind::Register
            && i.op1_kind() == OpKind::Register
            && holds(i.op1_register());
        let reads = (0..i.op_count()).any(|n| {
            (n > 0 || !matches!(i.mnemonic(), Mnemonic::Mov | Mnemonic::Lea))
                && i.op_kind(n) == OpKind::Register
                && holds(i.op_register(n))
        });
        if reads && !copies {
            return false;
        }
        forget(&mut holders, i);
        forget(&mut of_previous, i);
        if copies {
            holders.push(i.op0_register().full_register());
        }
        if i.mnemonic() == Mnemonic::Lea && in_previous {
            of_previous.push(i.op0_register().full_register());
        }
        if holders.is_empty() {
            return false;
        }
    }
    false
}

/// Takes the register that an instruction writes out of a list.
fn forget(registers: &mut Vec<Register>, i: &Instruction) {
    if i.op_count() > 0 && i.op0_kind() == OpKind::Register {
        registers.retain(|r| *r != i.op0_register().full_register());
    }
}
