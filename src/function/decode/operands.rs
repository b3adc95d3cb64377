//! Numbers that instructions hold as they are.

use iced_x86::{Decoder, DecoderOptions, Instruction};

use super::reserved::decode_out;
use super::sweep::is_near_branch;
use crate::addr::Rva;

/// A number that an instruction holds as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Where its field begins, in bytes from the start of the code.
    pub at: u32,
    /// How wide the field is, in bytes.
    pub width: u32,
    /// What it says, sign-extended.
    pub value: i64,
}

impl Number {
    /// The lower half of what it says: an RVA or a distance, if it is one.
    pub fn low(self) -> u32 {
        self.value as u32
    }
}

/// The immediates and displacements of code at an address. Not what counts from the
/// instruction pointer: where that leads is known.
pub fn operand_numbers(bytes: &[u8], rva: Rva) -> Vec<Number> {
    let mut found = Vec::new();
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decode_out(&mut decoder, bytes, &mut instruction);
        if instruction.is_invalid() {
            break;
        }
        let offsets = decoder.get_constant_offsets(&instruction);
        let start = instruction.ip() as u32 - rva.0;
        let displacement = match instruction.is_ip_rel_memory_operand() {
            true => 0,
            false => offsets.displacement_size(),
        };
        let immediate = match is_near_branch(&instruction) {
            true => 0,
            false => offsets.immediate_size(),
        };
        let fields = [
            (offsets.displacement_offset(), displacement),
            (offsets.immediate_offset(), immediate),
        ];
        for (offset, width) in fields.into_iter().filter(|(_, width)| *width > 0) {
            let at = start + offset as u32;
            let field = bytes.get(at as usize..).and_then(|b| b.get(..width));
            found.extend(field.map(|f| Number {
                at,
                width: width as u32,
                value: sign_extended(f),
            }));
        }
    }
    found
}

fn sign_extended(field: &[u8]) -> i64 {
    let fill = match field.last() {
        Some(0x80..) => 0xff,
        _ => 0,
    };
    let mut bytes = [fill; 8];
    let len = field.len().min(bytes.len());
    bytes[..len].copy_from_slice(&field[..len]);
    i64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_with_their_fields() {
        // jmp +7; lea rdx, [rip+3]: these count from the instruction pointer.
        let counted = [0xeb, 7, 0x48, 0x8d, 0x15, 3, 0, 0, 0, 0xe8, 1, 0, 0, 0];
        assert_eq!(operand_numbers(&counted, Rva(0x1000)), []);
        // mov eax, 1050h; lea rax, [rcx+1050h]; add rax, 8; mov dword [rcx+1010h], 1020h; ret
        let code = [
            0xb8, 0x50, 0x10, 0, 0, 0x48, 0x8d, 0x81, 0x50, 0x10, 0, 0, 0x48, 0x83, 0xc0, 8, 0xc7,
            0x81, 0x10, 0x10, 0, 0, 0x20, 0x10, 0, 0, 0xc3,
        ];
        let number = |(at, width, value)| Number { at, width, value };
        let expected = [
            (1, 4, 0x1050),
            (8, 4, 0x1050),
            (15, 1, 8),
            (18, 4, 0x1010),
            (22, 4, 0x1020),
        ]
        .map(number);
        assert_eq!(operand_numbers(&code, Rva(0x1000)), expected);
    }
}
