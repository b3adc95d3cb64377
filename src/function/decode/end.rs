//! Whether execution can go on behind the last instruction of a function.
//!
//! Assembler code falls through into the function behind it: an edge that no field of an
//! instruction shows. Compilers end every path in a jump, a return or a call that does not
//! come back, so a call at the very end counts as such.

use iced_x86::{FlowControl, Instruction, Mnemonic};

/// What the instructions up to here say about the end.
#[derive(Debug, Default)]
pub(super) struct End {
    /// Offset behind the last instruction that nothing follows.
    run: u32,
    /// Offset behind the last call, where nothing but padding followed it.
    call: Option<u32>,
    /// The greatest offset that a branch of the function leads to.
    target: Option<u32>,
    /// An instruction was seen.
    any: bool,
}

impl End {
    /// Takes the next instruction, at this offset.
    pub fn instruction(&mut self, i: &Instruction, start: u32) {
        let end = start + i.len() as u32;
        self.any = true;
        match i.flow_control() {
            FlowControl::UnconditionalBranch
            | FlowControl::IndirectBranch
            | FlowControl::Return
            | FlowControl::Interrupt
            | FlowControl::Exception => {
                self.run = end;
                self.call = None;
            }
            FlowControl::Call | FlowControl::IndirectCall if is_call(i) => self.call = Some(end),
            _ if i.mnemonic() == Mnemonic::Hlt => {
                self.run = end;
                self.call = None;
            }
            _ if i.mnemonic() == Mnemonic::Nop => {}
            _ => self.call = None,
        }
    }

    /// Takes a place inside the function that one of its branches leads to.
    pub fn target(&mut self, offset: u32) {
        self.target = self.target.max(Some(offset));
    }

    /// Whether something leads to the end. What nothing leads to is data, or a block that
    /// only a table or a handler knows, which compilers end as they end all others.
    pub fn is_open(&self) -> bool {
        let from = self.call.unwrap_or(self.run);
        let entered = self.target.is_some_and(|t| t >= from);
        self.any && (entered || from == 0)
    }
}

/// System calls come back.
fn is_call(i: &Instruction) -> bool {
    matches!(i.mnemonic(), Mnemonic::Call)
}

#[cfg(test)]
mod tests {
    use super::super::sweep::sweep;
    use crate::addr::Rva;

    fn is_open(code: &[u8]) -> bool {
        sweep(code, Rva(0x1000), code.len() as u32).open_end
    }

    #[test]
    fn a_function_falls_through_where_its_end_is_reached() {
        // inc ecx
        assert!(is_open(&[0xff, 0xc1]));
        // test ecx,ecx; js +1; ret; nop
        assert!(is_open(&[0x85, 0xc9, 0x78, 1, 0xc3, 0x90]));
        // test ecx,ecx; js -4
        assert!(is_open(&[0x85, 0xc9, 0x78, 0xfc]));
        // syscall
        assert!(is_open(&[0x0f, 0x05]));
    }

    #[test]
    fn what_ends_does_not_fall_through() {
        // ret; jmp $; ud2; int3; call +0 and a nop; int 29h
        for code in [
            &[0x31, 0xc0, 0xc3][..],
            &[0xeb, 0xfe],
            &[0x0f, 0x0b],
            &[0x90, 0xcc],
            &[0xe8, 0, 0, 1, 0, 0x90],
            &[0xb9, 5, 0, 0, 0, 0xcd, 0x29],
        ] {
            assert!(!is_open(code), "{code:02x?}");
        }
    }

    #[test]
    fn behind_a_call_only_a_branch_leads_to_the_end() {
        // jz +5; call +0; nop: the branch leads to the nop
        assert!(is_open(&[0x74, 5, 0xe8, 0, 0, 1, 0, 0x90]));
        // jz +0; call +0
        assert!(!is_open(&[0x74, 0, 0xe8, 0, 0, 1, 0]));
        // ret; then two bytes that nothing leads to
        assert!(!is_open(&[0xc3, 0xff, 0xc1]));
    }
}
