//! Which memory is a function's own: the slots of its frame.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

use crate::addr::Rva;
use crate::function::decode::decode_out;

/// Whether the slots of a function's frame are addressed by one register, and no address of
/// one is ever taken, so that nobody else reads or writes them.
pub fn slots_are_private(bytes: &[u8], rva: Rva) -> bool {
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let (mut by_stack, mut by_frame, mut has_frame) = (false, false, false);
    while decoder.can_decode() {
        decode_out(&mut decoder, bytes, &mut instruction);
        let i = &instruction;
        let target = if i.op_count() > 0 && i.op0_kind() == OpKind::Register {
            i.op0_register()
        } else {
            Register::None
        };
        let memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        let bases = [i.memory_base(), i.memory_index()];
        if i.mnemonic() == Mnemonic::Lea {
            let of_stack = memory && bases.contains(&Register::RSP);
            let of_frame = memory && bases.contains(&Register::RBP);
            match target {
                Register::RSP => {}
                Register::RBP if of_stack => has_frame = true,
                _ if of_stack || of_frame => return false,
                _ => {}
            }
            continue;
        }
        if i.mnemonic() == Mnemonic::Mov && i.op1_kind() == OpKind::Register {
            let copies_stack = i.op1_register() == Register::RSP;
            match target {
                Register::RBP if copies_stack => has_frame = true,
                _ if copies_stack => return false,
                _ => {}
            }
        }
        if memory {
            by_stack |= bases.contains(&Register::RSP);
            by_frame |= bases.contains(&Register::RBP);
        }
    }
    !(has_frame && by_stack && by_frame)
}

/// The slot that the memory operand of an instruction names: base register and displacement.
/// `None` for other memory.
pub fn slot(i: &Instruction) -> Option<(u8, i64)> {
    let base = i.memory_base();
    let is_frame = matches!(base, Register::RSP | Register::RBP);
    let plain = i.memory_index() == Register::None && i.segment_prefix() == Register::None;
    (is_frame && plain).then(|| (base.number() as u8, i.memory_displacement64() as i64))
}
