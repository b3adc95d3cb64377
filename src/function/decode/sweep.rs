//! One linear pass over the instructions of a function: fields, jumps, and what they hint at.

use iced_x86::{
    Code as Opcode, ConstantOffsets, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind,
    Register,
};

use super::end::End;
use super::reserved::decode_out;
use super::uses::Uses;
use super::{Code, IndirectJump, Reference, ReferenceKind};
use crate::addr::Rva;

/// How far back the definition of a jump's register is looked for, in instructions.
const LOOK_BACK: usize = 24;
/// Offset of `ThreadLocalStoragePointer` in the x64 TEB.
const TEB_TLS_ARRAY: u64 = 0x58;

/// One linear pass over the instructions of a function of `size` bytes; `bytes` ends where
/// its code does.
pub(super) fn sweep(bytes: &[u8], rva: Rva, size: u32) -> Code {
    let mut reader = Reader {
        code: Code::default(),
        rva,
        end: rva.0.saturating_add(size),
        recent: Vec::with_capacity(2 * LOOK_BACK),
        uses: Uses::default(),
        ending: End::default(),
    };
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decode_out(&mut decoder, bytes, &mut instruction);
        if instruction.is_invalid() {
            let at = (instruction.ip() as u32).wrapping_sub(rva.0);
            reader.code.undecodable = Some(at);
            break;
        }
        reader.instruction(&instruction, &|| decoder.get_constant_offsets(&instruction));
    }
    reader.code.displaces = reader.uses.displaces;
    reader.code.uses = reader.uses.found;
    // Behind code that ends before its function does is a table.
    let whole = bytes.len() as u32 == size && reader.code.undecodable.is_none();
    reader.code.open_end = whole && reader.ending.is_open();
    reader.code
}

struct Reader {
    code: Code,
    rva: Rva,
    end: u32,
    /// The last instructions, for the definition of an indirect jump's register: at least
    /// [`LOOK_BACK`] of them, where there are so many.
    recent: Vec<Instruction>,
    uses: Uses,
    /// Whether execution can reach the end.
    ending: End,
}

impl Reader {
    /// Takes one instruction in; `offsets` says where its fields are, for the few that are asked.
    fn instruction(&mut self, i: &Instruction, offsets: &dyn Fn() -> ConstantOffsets) {
        let start = (i.ip() as u32).wrapping_sub(self.rva.0);
        if start < 16 {
            self.code.entry_lengths.push(i.len() as u8);
        }
        self.ending.instruction(i, start);
        if is_near_branch(i) {
            self.branch(i, start, &offsets());
        }
        if i.is_ip_rel_memory_operand() {
            self.memory(i, start, &offsets());
        }
        self.far_displacement(i, start, offsets);
        self.code.indexes |= i.memory_index() != Register::None
            || (i.mnemonic() == Mnemonic::Add && i.op1_kind() == OpKind::Register);
        if i.is_jmp_near_indirect() {
            let how = self.indirect_jump(i);
            self.code.indirect_jumps.push((start, how));
        }
        if i.code() == Opcode::Movsxd_r64_rm32 && i.op1_kind() == OpKind::Memory {
            self.code.loads_entries |= i.memory_index_scale() == 4;
            self.code.loads_numbers = true;
        }
        self.code.loads_numbers |= may_hide_entries(i);
        self.uses.instruction(i);
        self.code.uses_stack |= moves_stack(i);
        self.code.thread_local |=
            i.memory_segment() == Register::GS && i.memory_displacement64() == TEB_TLS_ARRAY;
        if self.recent.len() == 2 * LOOK_BACK {
            self.recent.drain(..LOOK_BACK);
        }
        self.recent.push(*i);
    }

    /// A number that is an RVA if the register beside it holds the address of the image.
    fn far_displacement(
        &mut self,
        i: &Instruction,
        start: u32,
        offsets: &dyn Fn() -> ConstantOffsets,
    ) {
        let bases = [i.memory_base(), i.memory_index()];
        let other = |r: &Register| ![Register::None, Register::RSP].contains(r);
        let number = i.memory_displacement64();
        if !i.is_ip_rel_memory_operand()
            && bases.iter().any(other)
            && let Ok(number @ 0x1000..) = u32::try_from(number)
        {
            let offsets = offsets();
            if offsets.displacement_size() == 4 {
                let field = start + offsets.displacement_offset() as u32;
                self.code.possible_rvas.push((field, Rva(number)));
            }
        }
    }

    fn branch(&mut self, i: &Instruction, start: u32, offsets: &ConstantOffsets) {
        let target = i.near_branch_target() as u32;
        if (self.rva.0..self.end).contains(&target) {
            let offset = target - self.rva.0;
            if offset == 0 {
                self.code.branches_to_entry |= !i.is_call_near();
            } else {
                let lowest = self.code.lowest_branch_target;
                self.code.lowest_branch_target = Some(lowest.map_or(offset, |l| l.min(offset)));
                self.ending.target(offset);
            }
            return;
        }
        let field = offsets.immediate_offset() as u32;
        let width = offsets.immediate_size() as u32;
        self.code.references.push(Reference {
            at: start + field,
            kind: if width == 1 {
                ReferenceKind::Branch8
            } else {
                ReferenceKind::Branch32
            },
            trailing: (i.len() as u32).saturating_sub(field + width) as u8,
            target: Rva(target),
            anchor: None,
        });
    }

    fn memory(&mut self, i: &Instruction, start: u32, offsets: &ConstantOffsets) {
        let target = Rva(i.ip_rel_memory_address() as u32);
        if target.0 == 0 {
            self.code.takes_image_base = true;
        }
        let size = i.memory_size().size();
        let is_address = matches!(i.mnemonic(), Mnemonic::Lea) || size == 0;
        let field = offsets.displacement_offset() as u32;
        self.code.references.push(Reference {
            at: start + field,
            kind: if is_address {
                ReferenceKind::Address
            } else {
                ReferenceKind::Access(size as u16)
            },
            trailing: (i.len() as u32).saturating_sub(field + 4) as u8,
            target,
            anchor: None,
        });
    }

    /// A jump through a pointer in memory without an index, or through a register that was
    /// loaded from memory as a whole, is a tail call; so is one through a register that the
    /// function never wrote (a parameter), and one right behind an epilog, which has given the
    /// frame back. Anything else may be a switch.
    fn indirect_jump(&self, jump: &Instruction) -> IndirectJump {
        let loaded = |i: &Instruction| match i.memory_index() {
            Register::None => IndirectJump::TailCall,
            _ => IndirectJump::Pointer,
        };
        if self.recent.last().is_some_and(gives_stack_back) {
            return IndirectJump::TailCall;
        }
        if jump.op0_kind() == OpKind::Memory {
            return loaded(jump);
        }
        let mut register = jump.op0_register();
        let from = self.recent.len().saturating_sub(LOOK_BACK);
        let mut earlier = &self.recent[from..];
        // Copies from register to register are followed back.
        loop {
            let defines = |i: &Instruction| {
                i.op_count() > 0
                    && i.op0_kind() == OpKind::Register
                    && i.op0_register().full_register() == register
                    && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test)
            };
            let Some(at) = earlier.iter().rposition(defines) else {
                return match self.recent.len() < LOOK_BACK {
                    true => IndirectJump::TailCall,
                    false => IndirectJump::Computed,
                };
            };
            let definition = &earlier[at];
            match (definition.code(), definition.op1_kind()) {
                (Opcode::Mov_r64_rm64, OpKind::Memory) => return loaded(definition),
                (Opcode::Mov_r64_rm64 | Opcode::Mov_rm64_r64, OpKind::Register) => {
                    register = definition.op1_register();
                }
                _ => return IndirectJump::Computed,
            }
            earlier = &earlier[..at];
        }
    }
}

/// Whether an instruction hands an address to a vector register, or reads through a vector of
/// indices or into one of numbers: entries of a table of distances may be read by it.
fn may_hide_entries(i: &Instruction) -> bool {
    if i.op_count() < 2 || !i.op0_register().is_vector_register() {
        return false;
    }
    let from = |n: u32| i.op_kind(n) == OpKind::Register && i.op_register(n).is_gpr64();
    (1..i.op_count()).any(from)
        || i.memory_index().is_vector_register()
        || matches!(i.mnemonic(), Mnemonic::Pmovsxdq | Mnemonic::Vpmovsxdq)
}

/// Whether an instruction raises the stack pointer, as the last one of an epilog does.
fn gives_stack_back(i: &Instruction) -> bool {
    let adds = matches!(i.mnemonic(), Mnemonic::Add | Mnemonic::Lea);
    i.mnemonic() == Mnemonic::Pop || (adds && i.op0_register() == Register::RSP)
}

pub(super) fn is_near_branch(i: &Instruction) -> bool {
    matches!(
        i.op0_kind(),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
    ) || matches!(i.op1_kind(), OpKind::NearBranch64)
}

fn moves_stack(i: &Instruction) -> bool {
    i.is_stack_instruction() && !matches!(i.mnemonic(), Mnemonic::Ret)
        || (i.op_count() > 0
            && i.op0_kind() == OpKind::Register
            && i.op0_register() == Register::RSP
            && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the last instruction of the code gets its target.
    fn jump_of(bytes: &[u8]) -> IndirectJump {
        let code = sweep(bytes, Rva(0x1000), bytes.len() as u32);
        code.indirect_jumps.last().expect("a jump").1
    }

    #[test]
    fn a_comparison_defines_nothing() {
        // mov rax,[rip+0]; test rax,rax; jmp rax
        let code = [0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x48, 0x85, 0xc0, 0xff, 0xe0];
        assert_eq!(jump_of(&code), IndirectJump::TailCall);
    }

    #[test]
    fn behind_an_epilog_a_jump_is_a_tail_call() {
        // add rax,rcx; add rsp,28h; pop rbx; jmp rax
        let code = [0x48, 0x01, 0xc8, 0x48, 0x83, 0xc4, 0x28, 0x5b, 0xff, 0xe0];
        assert_eq!(jump_of(&code), IndirectJump::TailCall);
        // add rax,rcx; jmp rax
        assert_eq!(
            jump_of(&[0x48, 0x01, 0xc8, 0xff, 0xe0]),
            IndirectJump::Computed
        );
    }

    #[test]
    fn an_indexed_load_may_be_a_computed_goto() {
        // mov rax,[rcx+rdx*8]; jmp rax
        let code = [0x48, 0x8b, 0x04, 0xd1, 0xff, 0xe0];
        assert_eq!(jump_of(&code), IndirectJump::Pointer);
        // jmp [rcx+rdx*8]
        assert_eq!(jump_of(&[0xff, 0x24, 0xd1]), IndirectJump::Pointer);
    }
}
