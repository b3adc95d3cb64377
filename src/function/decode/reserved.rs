//! Instructions that no processor documents and that compilers write all the same.
//!
//! Group 15 (`0F AE`) with a mandatory prefix that none of its forms has, as the `F3 0F AE 01`
//! that LLVM's OpenMP runtime has for `umonitor`: a decoder does not know it. Its length follows
//! from the bytes, whatever a processor makes of it, and where it has no displacement nothing
//! in it depends on where it lies. It is taken for the form without the prefix.

use iced_x86::{Decoder, DecoderOptions, Instruction};

/// Prefix, opcode and operand.
const LENGTH: usize = 4;

/// Decodes the next instruction; `bytes` is what the decoder reads.
pub fn decode_out(decoder: &mut Decoder<'_>, bytes: &[u8], instruction: &mut Instruction) {
    let (at, ip) = (decoder.position(), decoder.ip());
    decoder.decode_out(instruction);
    if instruction.is_invalid()
        && let Some(known) = bytes.get(at..).and_then(|rest| without_prefix(rest, ip))
        && decoder.set_position(at + LENGTH).is_ok()
    {
        decoder.set_ip(ip + LENGTH as u64);
        *instruction = known;
    }
}

fn without_prefix(bytes: &[u8], ip: u64) -> Option<Instruction> {
    const PREFIXES: [u8; 3] = [0x66, 0xf2, 0xf3];
    let [prefix, 0x0f, 0xae, operand, ..] = bytes else {
        return None;
    };
    // A register is the address: neither a displacement nor a byte that says more.
    let is_plain = operand & 0xc0 == 0 && ![4, 5].contains(&(operand & 7));
    if !PREFIXES.contains(prefix) || !is_plain {
        return None;
    }
    let rest = &bytes[1..LENGTH];
    let mut known = Decoder::with_ip(64, rest, ip + 1, DecoderOptions::NONE).decode();
    if known.is_invalid() || known.len() + 1 != LENGTH {
        return None;
    }
    known.set_len(LENGTH);
    known.set_ip(ip);
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(bytes: &[u8]) -> Vec<(u64, usize)> {
        let mut decoder = Decoder::with_ip(64, bytes, 0x1000, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        let mut found = Vec::new();
        while decoder.can_decode() {
            decode_out(&mut decoder, bytes, &mut instruction);
            if instruction.is_invalid() {
                break;
            }
            found.push((instruction.ip(), instruction.len()));
        }
        found
    }

    #[test]
    fn code_goes_on_behind_a_form_that_is_reserved() {
        // mov rax,rbx; f3 0f ae 01; mov rax,[rdi]; ret
        let code = [
            0x48, 0x89, 0xd8, 0xf3, 0x0f, 0xae, 0x01, 0x48, 0x8b, 0x07, 0xc3,
        ];
        let expected = [(0x1000, 3), (0x1003, 4), (0x1007, 3), (0x100a, 1)];
        assert_eq!(lengths(&code), expected);
    }

    #[test]
    fn what_may_depend_on_its_place_is_not_known() {
        // With a displacement that counts from the instruction pointer, and with a further byte.
        assert_eq!(lengths(&[0xf3, 0x0f, 0xae, 0x05, 1, 0, 0, 0, 0xc3]), []);
        assert_eq!(lengths(&[0xf3, 0x0f, 0xae, 0x04, 0x08, 0xc3]), []);
        assert_eq!(lengths(&[0xf3, 0x0f, 0xae, 0x41, 0x08, 0xc3]), []);
        assert_eq!(lengths(&[0xf3, 0x0f, 0xae]), []);
    }
}
