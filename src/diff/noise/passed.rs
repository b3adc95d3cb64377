//! Whether a constant is passed to a call, and to which.

use iced_x86::{
    FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
};

/// A line number is set at most this many instructions before its call.
const REACH: usize = 48;

/// The index of the call that gets the constant of `code[from]`: in a parameter register
/// that nothing else is written to in between, or on the stack. `None` where there is
/// no such call on the straight way from there.
pub fn call_of(code: &[Instruction], from: usize) -> Option<usize> {
    let register = match code[from].mnemonic() {
        Mnemonic::Mov if code[from].op0_kind() == OpKind::Register => {
            let register = code[from].op0_register().full_register();
            is_parameter(register).then_some(Some(register))?
        }
        Mnemonic::Mov if !is_on_stack(&code[from]) => return None,
        _ => None,
    };
    let mut factory = InstructionInfoFactory::new();
    let mut index = from + 1;
    for _ in 0..REACH {
        let instruction = code.get(index)?;
        match instruction.flow_control() {
            FlowControl::Call | FlowControl::IndirectCall | FlowControl::IndirectBranch => {
                return Some(index);
            }
            FlowControl::UnconditionalBranch => {
                match index_of(code, instruction.near_branch_target()) {
                    Some(inner) => index = inner,
                    // A jump out of the function is a call in tail position.
                    None => return Some(index),
                }
                continue;
            }
            FlowControl::Next | FlowControl::ConditionalBranch => {}
            _ => return None,
        }
        if register.is_some_and(|r| writes(&mut factory, instruction, r)) {
            return None;
        }
        index += 1;
    }
    None
}

/// Whether the destination lies on the stack: a parameter, or a local structure.
fn is_on_stack(store: &Instruction) -> bool {
    matches!(store.memory_base(), Register::RSP | Register::RBP)
}

/// The parameter registers of the x64 calling convention.
pub fn is_parameter(register: Register) -> bool {
    matches!(
        register,
        Register::RCX | Register::RDX | Register::R8 | Register::R9
    )
}

fn writes(
    factory: &mut InstructionInfoFactory,
    instruction: &Instruction,
    register: Register,
) -> bool {
    let used = factory.info(instruction).used_registers();
    used.iter().any(|u| {
        let written = !matches!(
            u.access(),
            OpAccess::None | OpAccess::Read | OpAccess::CondRead
        );
        written && u.register().full_register() == register
    })
}

/// The instruction at an address; `None` where the function has none there.
pub fn index_of(code: &[Instruction], address: u64) -> Option<usize> {
    code.binary_search_by_key(&address, Instruction::ip).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use iced_x86::{Decoder, DecoderOptions};

    fn call_after(bytes: &[u8]) -> Option<usize> {
        let decoder = Decoder::with_ip(64, bytes, 0x1000, DecoderOptions::NONE);
        call_of(&decoder.into_iter().collect::<Vec<_>>(), 0)
    }

    #[test]
    fn a_parameter_is_followed_to_its_call() {
        // mov edx, 100; mov ecx, 1; call +0
        let direct = [0xba, 100, 0, 0, 0, 0xb9, 1, 0, 0, 0, 0xe8, 0, 0, 0, 0];
        assert_eq!(call_after(&direct), Some(2));
        // mov edx, 100; jmp +1; int3; call +0
        let jump = [0xba, 100, 0, 0, 0, 0xeb, 1, 0xcc, 0xe8, 0, 0, 0, 0];
        assert_eq!(call_after(&jump), Some(3));
        // mov edx, 100; jmp out of the function
        let tail = [0xba, 100, 0, 0, 0, 0xe9, 0, 1, 0, 0];
        assert_eq!(call_after(&tail), Some(1));
    }

    #[test]
    fn a_value_that_is_used_otherwise_is_not_passed() {
        // mov edx, 100; mov edx, 1; call
        let overwritten = [0xba, 100, 0, 0, 0, 0xba, 1, 0, 0, 0, 0xe8, 0, 0, 0, 0];
        assert_eq!(call_after(&overwritten), None);
        // mov eax, 100; ret
        assert_eq!(call_after(&[0xb8, 100, 0, 0, 0, 0xc3]), None);
        // mov edx, 100; ret
        assert_eq!(call_after(&[0xba, 100, 0, 0, 0, 0xc3]), None);
    }
}
