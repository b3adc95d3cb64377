//! Where a constant ends up that is kept in a register or stack slot: every call that it is
//! passed to, on every way through the function.
//!
//! Compilers merge the ends of error paths: each path sets its line number in a register that
//! calls preserve, and one shared call reports it. So the number's own instruction and the
//! call are far apart, with other calls in between, and neither may have a line of its own.

use std::collections::{BTreeSet, HashMap, HashSet};

use iced_x86::{
    Code, ConditionCode, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    OpKind, Register,
};

use super::passed::{index_of, is_parameter};

/// More steps than this through the code are not followed.
const MAX_STEPS: usize = 20_000;
/// The calling convention gives these bytes above the stack pointer to whom is called.
const HOME: u64 = 0x20;
/// Parameters on the stack are below this, where a call has up to twelve.
const STACK: u64 = HOME + 8 * 8;

/// A place that holds the constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A general register as a whole.
    Register(Register),
    /// Bytes at this distance from a register that holds a frame.
    Slot(Register, u64),
}

/// A call that gets the constant, and where it finds it.
pub type Passing = (usize, Holder);

/// The instructions that indirect jumps lead to, by index of the jump.
pub type Switches = HashMap<usize, Vec<usize>>;

/// What can hold the constant before an instruction.
type Held = BTreeSet<Holder>;

/// Every call that gets the constant which `code[from]` sets. `None` where it may be used for
/// anything else than being passed, copied and overwritten, or where that is not certain.
/// `switches` has the targets of indirect jumps, as far as they are known.
pub fn passings(code: &[Instruction], from: usize, switches: &Switches) -> Option<Vec<Passing>> {
    let passings = follow(code, from, switches, true)?;
    (!passings.is_empty()).then_some(passings)
}

/// Every call that gets what `code[from]` sets, whatever else is done with it; also on the
/// stack, where more than four parameters are.
pub fn receivers(code: &[Instruction], from: usize, switches: &Switches) -> Vec<usize> {
    let passings = follow(code, from, switches, false).unwrap_or_default();
    passings.into_iter().map(|(call, _)| call).collect()
}

fn follow(
    code: &[Instruction],
    from: usize,
    switches: &Switches,
    is_strict: bool,
) -> Option<Vec<Passing>> {
    let holder = destination(&code[from])?;
    if let Holder::Slot(base, offset) = holder
        && is_strict
        && code.iter().any(|i| takes_address(i, base, offset))
    {
        return None;
    }
    let mut walk = Walk {
        code,
        switches,
        is_strict,
        factory: InstructionInfoFactory::new(),
        passings: Vec::new(),
    };
    let mut seen = HashSet::new();
    let mut open = vec![(from + 1, Held::from([holder]))];
    while let Some((index, held)) = open.pop() {
        if !seen.insert((index, held.clone())) {
            continue;
        }
        if seen.len() > MAX_STEPS {
            return None;
        }
        if walk.step(index, held, &mut open).is_none() && is_strict {
            return None;
        }
    }
    walk.passings.sort_unstable();
    walk.passings.dedup();
    Some(walk.passings)
}

struct Walk<'c> {
    code: &'c [Instruction],
    switches: &'c Switches,
    /// Whether any use but being passed ends the walk.
    is_strict: bool,
    factory: InstructionInfoFactory,
    passings: Vec<Passing>,
}

impl Walk<'_> {
    /// Follows one instruction; `None` where it uses the constant.
    fn step(&mut self, index: usize, held: Held, open: &mut Vec<(usize, Held)>) -> Option<()> {
        let instruction = self.code.get(index)?;
        let mut go = |next: usize, held: Held| {
            if !held.is_empty() {
                open.push((next, held));
            }
        };
        match instruction.flow_control() {
            FlowControl::Call | FlowControl::IndirectCall => {
                let mut after = self.moved(instruction, held.clone())?;
                self.pass(index, &held);
                after.retain(|h| is_kept_by_calls(*h));
                go(index + 1, after);
            }
            FlowControl::UnconditionalBranch => {
                match index_of(self.code, instruction.near_branch_target()) {
                    Some(inner) => go(inner, held),
                    // A call in tail position: what it does not get is dead.
                    None => self.pass(index, &held),
                }
            }
            FlowControl::ConditionalBranch => {
                go(
                    index_of(self.code, instruction.near_branch_target())?,
                    held.clone(),
                );
                go(index + 1, held);
            }
            FlowControl::Next => go(index + 1, self.moved(instruction, held)?),
            FlowControl::Return => {
                let result = Holder::Register(Register::RAX);
                return (!held.contains(&result)).then_some(());
            }
            FlowControl::Interrupt | FlowControl::Exception => {}
            FlowControl::IndirectBranch => {
                let after = self.moved(instruction, held)?;
                for target in self.switches.get(&index)? {
                    go(*target, after.clone());
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn pass(&mut self, index: usize, held: &Held) {
        let passed = held.iter().filter(|h| match h {
            Holder::Register(register) => is_parameter(*register),
            Holder::Slot(Register::RSP, offset) => {
                !self.is_strict && (HOME..STACK).contains(offset)
            }
            Holder::Slot(..) => false,
        });
        self.passings.extend(passed.map(|h| (index, *h)));
    }

    /// What holds the constant after an instruction; `None` where it is used.
    fn moved(&mut self, instruction: &Instruction, mut held: Held) -> Option<Held> {
        let is_xor = matches!(instruction.mnemonic(), Mnemonic::Xor | Mnemonic::Sub)
            && instruction.op_count() == 2
            && instruction.op0_kind() == OpKind::Register
            && instruction.op1_kind() == OpKind::Register
            && instruction.op0_register() == instruction.op1_register();
        let copied = source(instruction).filter(|s| held.contains(s));
        let flow = instruction.flow_control();
        let is_call = matches!(flow, FlowControl::Call | FlowControl::IndirectCall);
        let info = self.factory.info(instruction);
        for used in info.used_registers() {
            let register = used.register();
            let holder = Holder::Register(register.full_register());
            let written = writes(used.access());
            if register.full_register() == Register::RSP && written && !is_call {
                let is_slot = |h: &Holder| matches!(h, Holder::Slot(Register::RSP, _));
                // The end of the frame; anything else moves what the offsets count from.
                let ends = matches!(instruction.mnemonic(), Mnemonic::Add | Mnemonic::Pop);
                if self.is_strict && !ends && held.iter().any(is_slot) {
                    return None;
                }
                held.retain(|h| !is_slot(h));
            }
            // A conditional move leaves its destination or overwrites it.
            let is_kept = is_conditional_move(instruction)
                && register.full_register() == instruction.op0_register().full_register()
                && copied != Some(holder);
            if !held.contains(&holder) || is_kept {
                continue;
            }
            let read = reads(used.access());
            let is_used = read && copied != Some(holder) && !is_xor;
            if self.is_strict && (is_used || (written && register.size() < 4)) {
                return None;
            }
            let always = matches!(used.access(), OpAccess::Write | OpAccess::ReadWrite);
            if always {
                held.remove(&holder);
            }
        }
        for used in info.used_memory() {
            let slot = Holder::Slot(used.base(), used.displacement());
            let plain = used.index() == Register::None;
            if !plain || !held.contains(&slot) {
                continue;
            }
            if self.is_strict && reads(used.access()) && copied != Some(slot) {
                return None;
            }
            if writes(used.access()) && used.memory_size().size() >= 4 {
                held.remove(&slot);
            }
        }
        if copied.is_some() {
            // A copy to anywhere else is a use.
            match destination(instruction) {
                Some(to) => held.insert(to),
                None if self.is_strict => return None,
                None => false,
            };
        }
        Some(held)
    }
}

fn reads(access: OpAccess) -> bool {
    !matches!(
        access,
        OpAccess::None | OpAccess::Write | OpAccess::CondWrite
    ) && access != OpAccess::NoMemAccess
}

fn writes(access: OpAccess) -> bool {
    matches!(
        access,
        OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
    )
}

/// Where a move puts its source.
fn destination(instruction: &Instruction) -> Option<Holder> {
    match instruction.op0_kind() {
        OpKind::Register if instruction.op0_register().size() >= 4 => {
            let register = instruction.op0_register();
            register
                .is_gpr()
                .then(|| Holder::Register(register.full_register()))
        }
        OpKind::Memory => slot(instruction),
        _ => None,
    }
}

/// What an instruction copies as a whole.
fn source(instruction: &Instruction) -> Option<Holder> {
    let copies = match instruction.code() {
        Code::Mov_r32_rm32 | Code::Mov_rm32_r32 | Code::Mov_r64_rm64 | Code::Mov_rm64_r64 => true,
        _ => is_conditional_move(instruction),
    };
    if !copies {
        return None;
    }
    match instruction.op1_kind() {
        OpKind::Register => Some(Holder::Register(instruction.op1_register().full_register())),
        OpKind::Memory => slot(instruction),
        _ => None,
    }
}

fn is_conditional_move(instruction: &Instruction) -> bool {
    instruction.condition_code() != ConditionCode::None
        && instruction.op_count() == 2
        && instruction.op0_kind() == OpKind::Register
}

/// The memory operand, where it is at a fixed place of the frame.
fn slot(instruction: &Instruction) -> Option<Holder> {
    let base = instruction.memory_base();
    let fixed = matches!(base, Register::RSP | Register::RBP)
        && instruction.memory_index() == Register::None
        && instruction.segment_prefix() == Register::None;
    fixed.then(|| Holder::Slot(base, instruction.memory_displacement64()))
}

fn takes_address(instruction: &Instruction, base: Register, offset: u64) -> bool {
    instruction.mnemonic() == Mnemonic::Lea && slot(instruction) == Some(Holder::Slot(base, offset))
}

/// Whether the calling convention makes a callee give a register back as it was.
fn is_kept_by_calls(holder: Holder) -> bool {
    match holder {
        Holder::Register(register) => matches!(
            register,
            Register::RBX
                | Register::RBP
                | Register::RSI
                | Register::RDI
                | Register::R12
                | Register::R13
                | Register::R14
                | Register::R15
        ),
        Holder::Slot(Register::RSP, offset) => offset >= HOME,
        Holder::Slot(..) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iced_x86::{Decoder, DecoderOptions};

    fn of(bytes: &[u8]) -> Option<Vec<Passing>> {
        let decoder = Decoder::with_ip(64, bytes, 0x1000, DecoderOptions::NONE);
        passings(
            &decoder.into_iter().collect::<Vec<_>>(),
            0,
            &Switches::new(),
        )
    }

    const EDX: Holder = Holder::Register(Register::RDX);

    #[test]
    fn a_register_that_calls_preserve_holds_a_number() {
        // mov esi, 100; call +0; mov edx, esi; call +0; pop rsi; ret
        let code = [
            0xbe, 100, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0x89, 0xf2, 0xe8, 0, 0, 0, 0, 0x5e, 0xc3,
        ];
        assert_eq!(of(&code), Some(vec![(3, EDX)]));
    }

    #[test]
    fn a_slot_of_the_frame_holds_a_number() {
        // mov dword [rsp+0x40], 100; call +0; mov edx, [rsp+0x40]; call +0; add rsp, 0x58; ret
        let code = [
            0xc7, 0x44, 0x24, 0x40, 100, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0x8b, 0x54, 0x24, 0x40, 0xe8,
            0, 0, 0, 0, 0x48, 0x83, 0xc4, 0x58, 0xc3,
        ];
        assert_eq!(of(&code), Some(vec![(3, EDX)]));
    }

    #[test]
    fn any_other_use_proves_nothing() {
        // mov esi, 100; cmp esi, eax; mov edx, esi; call +0; pop rsi; ret
        let compared = [
            0xbe, 100, 0, 0, 0, 0x39, 0xc6, 0x89, 0xf2, 0xe8, 0, 0, 0, 0, 0x5e, 0xc3,
        ];
        assert_eq!(of(&compared), None);
        // mov esi, 100; mov eax, esi; pop rsi; ret
        assert_eq!(of(&[0xbe, 100, 0, 0, 0, 0x89, 0xf0, 0x5e, 0xc3]), None);
        // mov esi, 100; je +2; mov edx, esi; call +0; lea eax, [rsi+1]; ret
        let one_way = [
            0xbe, 100, 0, 0, 0, 0x74, 2, 0x89, 0xf2, 0xe8, 0, 0, 0, 0, 0x8d, 0x46, 1, 0xc3,
        ];
        assert_eq!(of(&one_way), None);
        // mov esi, 100; mov [rax], esi; ret
        assert_eq!(of(&[0xbe, 100, 0, 0, 0, 0x89, 0x30, 0xc3]), None);
    }

    #[test]
    fn a_conditional_move_copies_and_keeps() {
        // mov esi, 100; cmovne ebx, esi; mov edx, ebx; call +0; pop rsi; ret
        let copied = [
            0xbe, 100, 0, 0, 0, 0x0f, 0x45, 0xde, 0x89, 0xda, 0xe8, 0, 0, 0, 0, 0x5e, 0xc3,
        ];
        assert_eq!(of(&copied), Some(vec![(3, EDX)]));
        // mov esi, 100; cmovne esi, eax; mov edx, esi; call +0; pop rsi; ret
        let kept = [
            0xbe, 100, 0, 0, 0, 0x0f, 0x45, 0xf0, 0x89, 0xf2, 0xe8, 0, 0, 0, 0, 0x5e, 0xc3,
        ];
        assert_eq!(of(&kept), Some(vec![(3, EDX)]));
    }

    #[test]
    fn what_is_overwritten_in_part_is_a_use() {
        // mov esi, 100; mov edx, esi; call +0; mov sil, 5; mov eax, esi; pop rsi; ret
        let part = [
            0xbe, 100, 0, 0, 0, 0x89, 0xf2, 0xe8, 0, 0, 0, 0, 0x40, 0xb6, 5, 0x89, 0xf0, 0x5e, 0xc3,
        ];
        assert_eq!(of(&part), None);
    }

    #[test]
    fn a_slot_holds_the_number_until_it_is_overwritten_or_the_frame_moves() {
        // mov dword [rsp+0x40], 100; mov edx, [rsp+0x40]; call +0
        let set = [
            0xc7, 0x44, 0x24, 0x40, 100, 0, 0, 0, 0x8b, 0x54, 0x24, 0x40, 0xe8, 0, 0, 0, 0,
        ];
        // mov edx, [rsp+0x40]; call +0; ret
        let again = [0x8b, 0x54, 0x24, 0x40, 0xe8, 0, 0, 0, 0, 0xc3];
        let both = |between: &[u8]| of(&[&set, between, &again].concat());
        assert_eq!(both(&[]), Some(vec![(2, EDX), (4, EDX)]));
        // mov dword [rsp+0x40], 7
        let overwritten = [0xc7, 0x44, 0x24, 0x40, 7, 0, 0, 0];
        assert_eq!(both(&overwritten), Some(vec![(2, EDX)]));
        // push rax
        assert_eq!(both(&[0x50]), None);
    }

    #[test]
    fn a_call_gets_what_it_is_given_and_nothing_of_the_call_before() {
        // mov edx, 100; call +0; call +0; ret
        let code = [0xba, 100, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0xc3];
        assert_eq!(of(&code), Some(vec![(1, EDX)]));
    }
}
