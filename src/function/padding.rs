//! Where code ends and padding begins.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};

/// Length of `bytes` without the padding at the end: int3, any nop, and zeros.
pub fn length_without_padding(bytes: &[u8]) -> u32 {
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let mut length = 0;
    while decoder.can_decode() {
        let start = decoder.position();
        decoder.decode_out(&mut instruction);
        if instruction.is_invalid() {
            // Data in code, or an instruction that is cut off: nothing is trimmed behind it
            // but zeros.
            let zeros = bytes[start..].iter().rev().take_while(|b| **b == 0).count();
            let end = bytes.len() - zeros;
            return if end > start { end } else { length } as u32;
        }
        let padding = matches!(instruction.mnemonic(), Mnemonic::Nop | Mnemonic::Int3)
            || bytes[start..decoder.position()].iter().all(|b| *b == 0);
        if !padding {
            length = decoder.position();
        }
    }
    length as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_cut_at_an_instruction_boundary() {
        // call +0 (its displacement is zeros), then int3 and a long nop.
        let code = [0xe8, 0, 0, 0, 0, 0xcc, 0x0f, 0x1f, 0x44, 0, 0];
        assert_eq!(length_without_padding(&code), 5);
        assert_eq!(length_without_padding(&[0xcc; 16]), 0);
        assert_eq!(length_without_padding(&[0xc3, 0, 0, 0]), 1);
    }
}
