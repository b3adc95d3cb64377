//! What alignment the instructions of a function ask of memory.
//!
//! Sources: Intel, "Software Developer's Manual", 4.10.2 and the pages of the instructions: all
//! legacy SSE instructions with an operand of 16 bytes ask for 16 except those that are made
//! for unaligned data; of the VEX and EVEX encoded ones only the aligned moves ask for any.

use iced_x86::{Decoder, DecoderOptions, EncodingKind, Instruction, Mnemonic, OpKind, Register};

use super::{FunctionIndex, Program};

/// What alignment a function asks of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alignment {
    /// Offsets of the RIP-relative fields of the function whose places must be aligned, each
    /// with the alignment in bytes.
    pub fields: Vec<(u32, u32)>,
    /// The alignment in bytes that it asks of what its pointers lead to, its stack aside; 0
    /// where it asks for none.
    pub pointers: u32,
}

impl Alignment {
    /// What the code of a function asks for, with its separated parts.
    pub fn of(program: &Program<'_>, function: FunctionIndex) -> Alignment {
        Alignment::of_code(program.bytes_of(function))
    }

    fn of_code(bytes: &[u8]) -> Alignment {
        let mut alignment = Alignment::default();
        let mut decoder = Decoder::new(64, bytes, DecoderOptions::NONE);
        let mut i = Instruction::default();
        while decoder.can_decode() {
            let start = decoder.position() as u32;
            decoder.decode_out(&mut i);
            let bytes = if i.is_invalid() { 0 } else { required(&i) };
            if bytes < 2 {
                continue;
            }
            let offsets = decoder.get_constant_offsets(&i);
            if i.is_ip_rel_memory_operand() {
                let field = offsets.displacement_offset() as u32;
                alignment.fields.push((start + field, bytes));
            } else if !matches!(i.memory_base(), Register::RSP | Register::RBP) {
                alignment.pointers = alignment.pointers.max(bytes);
            }
        }
        alignment
    }
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
        let fields = |bytes: &[u8]| Alignment::of_code(bytes).fields;
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
        let pointers = |bytes: &[u8]| Alignment::of_code(bytes).pointers;
        // movaps [rsp + 0x20], xmm6; movaps [rax], xmm0; lock cmpxchg16b [rcx]
        assert_eq!(pointers(&[0x0f, 0x29, 0x74, 0x24, 0x20]), 0);
        assert_eq!(pointers(&[0x0f, 0x29, 0x00]), 16);
        assert_eq!(pointers(&[0xf0, 0x48, 0x0f, 0xc7, 0x09]), 16);
    }
}
