//! Arguments that a function gets on the stack.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Mnemonic, OpKind, Register};

use super::walk::Slot;

/// Where a caller puts the first of them, in bytes above its stack pointer: behind the places
/// of the four that are handed in registers.
const FIRST: u64 = 0x20;
/// How many are followed.
pub(super) const FOLLOWED: u32 = 8;
/// Instructions in which a function sets up its frame, at most.
const LOOKED_AT: usize = 32;

/// Where a caller puts the arguments that are handed on the stack.
pub(super) fn places_of_caller() -> impl Iterator<Item = Slot> {
    (0..u64::from(FOLLOWED)).map(|n| (Register::RSP, FIRST + n * 8))
}

/// Where the function that is called finds one of them, when its frame is set up: from the
/// stack pointer, and from RBP where that is the frame. What is set up by the number in a
/// register, as frames of more than a page are, is not followed.
pub(super) fn places_of_callee(bytes: &[u8], argument: u32) -> Vec<Slot> {
    // Behind the address to which the function returns.
    let place = FIRST + 8 + u64::from(argument) * 8;
    let mut depth = 0u64;
    let mut places = Vec::new();
    let decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    for i in decoder.into_iter().take(LOOKED_AT) {
        let target = (i.op0_kind() == OpKind::Register).then(|| i.op0_register());
        match (i.mnemonic(), target) {
            (Mnemonic::Push, _) => depth += 8,
            (Mnemonic::Sub, Some(Register::RSP)) => match i.try_immediate(1) {
                Ok(size) => depth = depth.saturating_add(size),
                Err(_) => return Vec::new(),
            },
            (Mnemonic::Mov, Some(Register::RBP)) if i.op1_register() == Register::RSP => {
                places.push((Register::RBP, depth.wrapping_add(place)));
            }
            (Mnemonic::Lea, Some(Register::RBP)) if i.memory_base() == Register::RSP => {
                let above = depth.wrapping_sub(i.memory_displacement64());
                places.push((Register::RBP, above.wrapping_add(place)));
            }
            _ if i.flow_control() != FlowControl::Next => break,
            _ => {}
        }
    }
    places.push((Register::RSP, depth.wrapping_add(place)));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_found_above_what_the_prologue_takes() {
        // push rsi; sub rsp, 28h; mov rax, [rsp+58h]; ret
        let bytes = b"\x56\x48\x83\xec\x28\x48\x8b\x44\x24\x58\xc3";
        assert_eq!(places_of_callee(bytes, 0), [(Register::RSP, 0x58)]);
        // push rbp; sub rsp, 30h; lea rbp, [rsp+30h]; call 0
        let bytes = b"\x55\x48\x83\xec\x30\x48\x8d\x6c\x24\x30\xe8\xf1\xff\xff\xff";
        let expected = [(Register::RBP, 0x38), (Register::RSP, 0x68)];
        assert_eq!(places_of_callee(bytes, 1), expected);
        // sub rsp, rax
        assert_eq!(places_of_callee(b"\x48\x29\xc4\xc3", 0), []);
    }
}
