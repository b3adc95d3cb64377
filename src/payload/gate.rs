//! The machine code that hotpatch itself adds to a payload.
//!
//! It is part of the signed object like everything else that runs in the target.

use super::names::{ACTIVE_SYMBOL, CALL_SYMBOL};

/// A field of generated code: offset, bytes of the instruction behind it, and symbol.
pub struct GateFixup {
    /// Offset of the 32-bit field.
    pub at: u32,
    /// Bytes between the end of the field and the end of the instruction.
    pub trailing: u8,
    /// The symbol it leads to.
    pub symbol: String,
}

/// The head of a gate, up to the displaced instructions:
///
/// ```text
/// cmp byte ptr [rip + __hotpatch_active], 0
/// je  +5
/// jmp replacement
/// ```
///
/// At the entry of a function the x64 calling convention leaves the flags undefined, so
/// that a comparison disturbs nothing.
pub fn head(replacement: &str) -> (Vec<u8>, Vec<GateFixup>) {
    let code = vec![
        0x80, 0x3d, 0, 0, 0, 0, 0x00, // cmp byte ptr [rip + disp32], 0
        0x74, 0x05, // je +5
        0xe9, 0, 0, 0, 0, // jmp rel32
    ];
    let fixups = vec![
        GateFixup {
            at: 2,
            trailing: 1,
            symbol: ACTIVE_SYMBOL.to_owned(),
        },
        GateFixup {
            at: 10,
            trailing: 0,
            symbol: replacement.to_owned(),
        },
    ];
    (code, fixups)
}

/// The routine behind [`CALL_SYMBOL`]: calls `[rcx]` with the four words that follow as
/// arguments and stores the result in the sixth.
pub const CALL_CODE: &[u8] = &[
    0x53, // push rbx
    0x48, 0x83, 0xec, 0x20, // sub  rsp, 20h
    0x48, 0x89, 0xcb, // mov  rbx, rcx
    0x48, 0x8b, 0x03, // mov  rax, [rbx]
    0x48, 0x8b, 0x4b, 0x08, // mov  rcx, [rbx + 8]
    0x48, 0x8b, 0x53, 0x10, // mov  rdx, [rbx + 10h]
    0x4c, 0x8b, 0x43, 0x18, // mov  r8,  [rbx + 18h]
    0x4c, 0x8b, 0x4b, 0x20, // mov  r9,  [rbx + 20h]
    0xff, 0xd0, // call rax
    0x48, 0x89, 0x43, 0x28, // mov  [rbx + 28h], rax
    0x48, 0x83, 0xc4, 0x20, // add  rsp, 20h
    0x5b, // pop  rbx
    0xc3, // ret
];

/// `UNWIND_INFO` of [`CALL_CODE`]: version 1, a prologue of five bytes that pushes rbx and
/// allocates 32 bytes.
pub const CALL_UNWIND: &[u8] = &[0x01, 0x05, 0x02, 0x00, 0x05, 0x32, 0x01, 0x30];

/// Name of the call routine's symbol.
pub const CALL_NAME: &str = CALL_SYMBOL;

#[cfg(test)]
mod tests {
    use super::super::names::GATE_HEAD_LEN;
    use super::*;
    use iced_x86::{Decoder, DecoderOptions, Formatter, NasmFormatter};

    fn text(code: &[u8]) -> Vec<String> {
        let mut formatter = NasmFormatter::new();
        Decoder::with_ip(64, code, 0, DecoderOptions::NONE)
            .into_iter()
            .map(|i| {
                let mut line = String::new();
                formatter.format(&i, &mut line);
                line
            })
            .collect()
    }

    #[test]
    fn the_gate_tests_one_byte_and_falls_through_to_the_old_code() {
        let (code, fixups) = head("f");
        let lines = text(&code);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].starts_with("cmp byte [rel 7],0"), "{lines:?}");
        assert_eq!(lines[1], "je short 000000000000000Eh");
        assert_eq!(code.len(), 0xe, "the branch leads to the displaced code");
        assert_eq!(code.len(), GATE_HEAD_LEN as usize);
        assert_eq!(fixups[0].at + 4 + u32::from(fixups[0].trailing), 7);
        assert_eq!(fixups[1].at + 4, code.len() as u32);
    }

    #[test]
    fn the_call_routine_keeps_the_stack_aligned() {
        let lines = text(CALL_CODE);
        assert_eq!(lines.first().map(String::as_str), Some("push rbx"));
        assert!(lines.contains(&"call rax".to_owned()));
        assert_eq!(lines.last().map(String::as_str), Some("ret"));
    }
}
