//! What alignment the instructions of a function ask of memory.
//!
//! Sources: Intel, "Software Developer's Manual", 4.10.2 and the pages of the instructions: all
//! legacy SSE instructions with an operand of 16 bytes ask for 16 except those that are made
//! for unaligned data; of the VEX and EVEX encoded ones only the aligned moves ask for any.

use iced_x86::{
    Decoder, DecoderOptions, EncodingKind, FlowControl, Instruction, InstructionInfoFactory,
    Mnemonic, OpAccess, OpKind, Register,
};

use super::decode::decode_out;
use super::{FunctionIndex, Program};
use crate::function::convention::VOLATILE;

/// What alignment a function asks of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alignment {
    /// Offsets of the RIP-relative fields of the function whose places must be aligned, each
    /// with the alignment in bytes.
    pub fields: Vec<(u32, u32)>,
    /// The alignment in bytes that it asks of what its pointers lead to, its stack aside; 0
    /// where it asks for none.
    pub pointers: u32,
    /// The same for pointers that lead to what is not in the image by its name: loaded from
    /// memory, or handed over.
    pub unknown: u32,
    /// How many instructions ask for alignment behind such pointers.
    pub strict: u32,
    /// How many move 16 bytes and more behind such pointers and take any address.
    pub loose: u32,
}

impl Alignment {
    /// What the code of a function asks for, with its separated parts.
    pub fn of(program: &Program<'_>, function: FunctionIndex) -> Alignment {
        let references = &program.code_of(function).references;
        let holds_address = |at: u32| {
            let found = references.binary_search_by_key(&at, |r| r.at);
            found.is_ok_and(|r| program.import_pointer(references[r].target).is_some())
        };
        Alignment::of_code(program.bytes_of(function), &holds_address)
    }

    /// `holds_address` says of a field whether it leads to a pointer that the compiler made to
    /// what has a name.
    fn of_code(bytes: &[u8], holds_address: &dyn Fn(u32) -> bool) -> Alignment {
        let mut alignment = Alignment::default();
        let mut decoder = Decoder::new(64, bytes, DecoderOptions::NONE);
        let mut i = Instruction::default();
        let mut named = Named {
            registers: Vec::new(),
            info: InstructionInfoFactory::new(),
        };
        while decoder.can_decode() {
            let start = decoder.position() as u32;
            decode_out(&mut decoder, bytes, &mut i);
            if i.is_invalid() {
                continue;
            }
            let offsets = decoder.get_constant_offsets(&i);
            let field = start + offsets.displacement_offset() as u32;
            alignment.note(&i, field, &named);
            named.step(&i, i.is_ip_rel_memory_operand() && holds_address(field));
        }
        alignment
    }

    fn note(&mut self, i: &Instruction, field: u32, named: &Named) {
        let bytes = required(i);
        let on_stack = matches!(i.memory_base(), Register::RSP | Register::RBP);
        if bytes < 2 {
            let is_unknown = !i.is_ip_rel_memory_operand() && !on_stack && !named.leads(i);
            self.loose += u32::from(is_unknown && is_loose(i));
        } else if i.is_ip_rel_memory_operand() {
            self.fields.push((field, bytes));
        } else if !on_stack {
            self.pointers = self.pointers.max(bytes);
            if !named.leads(i) {
                self.unknown = self.unknown.max(bytes);
                self.strict += 1;
            }
        }
    }
}

/// Registers that hold an address of the image or of the stack, or one that is counted from
/// it, by the code up to here, read from its beginning to its end.
struct Named {
    registers: Vec<Register>,
    info: InstructionInfoFactory,
}

impl Named {
    fn holds(&self, register: Register) -> bool {
        let full = register.full_register();
        full == Register::RSP || self.registers.contains(&full)
    }

    /// Whether the operand in memory is counted from such an address.
    fn leads(&self, i: &Instruction) -> bool {
        self.holds(i.memory_base()) || self.holds(i.memory_index())
    }

    /// `holds_address`: whether the operand in memory is an address with a name.
    fn step(&mut self, i: &Instruction, holds_address: bool) {
        let source = i.op_count() > 1 && i.op1_kind() == OpKind::Register;
        let source = source && self.holds(i.op1_register());
        let own = i.op_count() > 0 && i.op0_kind() == OpKind::Register;
        let own = own && self.holds(i.op0_register());
        let result = match i.mnemonic() {
            Mnemonic::Lea => i.is_ip_rel_memory_operand() || self.leads(i),
            Mnemonic::Mov => holds_address || source,
            Mnemonic::Add => holds_address || source || own,
            Mnemonic::Sub | Mnemonic::And | Mnemonic::Inc | Mnemonic::Dec => own,
            _ => false,
        };
        let used = self.info.info(i).used_registers().iter();
        let written = used.filter(|r| {
            !matches!(
                r.access(),
                OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess
            )
        });
        let written: Vec<Register> = written.map(|r| r.register().full_register()).collect();
        self.registers.retain(|r| !written.contains(r));
        if result && i.op0_kind() == OpKind::Register {
            self.registers.push(i.op0_register().full_register());
        }
        let calls = matches!(
            i.flow_control(),
            FlowControl::Call | FlowControl::IndirectCall
        );
        if calls {
            // What a call returns, and what it may overwrite.
            self.registers.retain(|r| !VOLATILE.contains(r));
        }
    }
}

/// Whether an instruction moves 16 bytes and more between a register and any address.
fn is_loose(i: &Instruction) -> bool {
    matches!(
        i.mnemonic(),
        Mnemonic::Movups
            | Mnemonic::Movupd
            | Mnemonic::Movdqu
            | Mnemonic::Lddqu
            | Mnemonic::Vmovups
            | Mnemonic::Vmovupd
            | Mnemonic::Vmovdqu
            | Mnemonic::Vmovdqu8
            | Mnemonic::Vmovdqu16
            | Mnemonic::Vmovdqu32
            | Mnemonic::Vmovdqu64
            | Mnemonic::Vlddqu
    ) && (0..i.op_count()).any(|op| i.op_kind(op) == OpKind::Memory)
}

/// The alignment in bytes that an instruction asks of its operand in memory; 0 for none.
fn required(i: &Instruction) -> u32 {
    if !(0..i.op_count()).any(|op| i.op_kind(op) == OpKind::Memory) {
        return 0;
    }
    let size = i.memory_size().size() as u32;
    match i.mnemonic() {
        Mnemonic::Movups
        | Mnemonic::Movupd
        | Mnemonic::Movdqu
        | Mnemonic::Lddqu
        | Mnemonic::Pcmpestri
        | Mnemonic::Pcmpestrm
        | Mnemonic::Pcmpistri
        | Mnemonic::Pcmpistrm => 0,
        Mnemonic::Cmpxchg16b
        | Mnemonic::Fxsave
        | Mnemonic::Fxsave64
        | Mnemonic::Fxrstor
        | Mnemonic::Fxrstor64 => 16,
        Mnemonic::Vmovaps
        | Mnemonic::Vmovapd
        | Mnemonic::Vmovdqa
        | Mnemonic::Vmovdqa32
        | Mnemonic::Vmovdqa64
        | Mnemonic::Vmovntps
        | Mnemonic::Vmovntpd
        | Mnemonic::Vmovntdq
        | Mnemonic::Vmovntdqa => size,
        // What crosses a line of the cache is not read in one go by others.
        Mnemonic::Xchg => size,
        _ if i.has_lock_prefix() => size,
        _ => {
            let vector = (0..i.op_count())
                .any(|op| i.op_kind(op) == OpKind::Register && i.op_register(op).is_xmm());
            match i.code().encoding() == EncodingKind::Legacy && vector && size == 16 {
                true => 16,
                false => 0,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligned_and_unaligned_instructions_are_told_apart() {
        let fields = |bytes: &[u8]| Alignment::of_code(bytes, &|_| false).fields;
        // movaps, movups, movss and paddd xmm0, [rip + 0x10]
        assert_eq!(fields(&[0x0f, 0x28, 0x05, 0x10, 0, 0, 0]), [(3, 16)]);
        assert_eq!(fields(&[0x0f, 0x10, 0x05, 0x10, 0, 0, 0]), []);
        assert_eq!(fields(&[0xf3, 0x0f, 0x10, 0x05, 0x10, 0, 0, 0]), []);
        assert_eq!(fields(&[0x66, 0x0f, 0xfe, 0x05, 0x10, 0, 0, 0]), [(4, 16)]);
        // vmovaps ymm0 and vpaddd ymm0, ymm0, [rip + 0x10]
        assert_eq!(fields(&[0xc5, 0xfc, 0x28, 0x05, 0x10, 0, 0, 0]), [(4, 32)]);
        assert_eq!(fields(&[0xc5, 0xfd, 0xfe, 0x05, 0x10, 0, 0, 0]), []);
    }

    #[test]
    fn the_stack_is_no_object() {
        let pointers = |bytes: &[u8]| Alignment::of_code(bytes, &|_| false).pointers;
        // movaps [rsp + 0x20], xmm6; movaps [rax], xmm0; lock cmpxchg16b [rcx]
        assert_eq!(pointers(&[0x0f, 0x29, 0x74, 0x24, 0x20]), 0);
        assert_eq!(pointers(&[0x0f, 0x29, 0x00]), 16);
        assert_eq!(pointers(&[0xf0, 0x48, 0x0f, 0xc7, 0x09]), 16);
    }

    #[test]
    fn pointers_with_a_name_are_told_from_others() {
        let of = |bytes: &[u8], at: u32| Alignment::of_code(bytes, &|field| field == at);
        // mov rax, [rip]; movaps xmm0, [rax]; movaps [rcx], xmm0
        let strict = [
            0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x0f, 0x28, 0x00, 0x0f, 0x29, 0x01,
        ];
        assert_eq!(of(&strict, 99).strict, 2);
        assert_eq!((of(&strict, 3).strict, of(&strict, 3).unknown), (1, 16));
        // the same with movups; lea instead of mov
        let loose = [
            0x48, 0x8d, 0x05, 0, 0, 0, 0, 0x0f, 0x10, 0x00, 0x0f, 0x11, 0x01,
        ];
        assert_eq!((of(&loose, 99).strict, of(&loose, 99).loose), (0, 1));
        // mov rbx, rsp; add rbx, rcx; movaps [rbx], xmm0
        let stack = [0x48, 0x89, 0xe3, 0x48, 0x01, 0xcb, 0x0f, 0x29, 0x03];
        assert_eq!(of(&stack, 99).strict, 0);
    }
}
