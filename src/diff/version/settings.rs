//! The numbers that a function sets, with where it puts them: parts of a version are told by
//! standing in a row.

use iced_x86::{
    Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register,
};

use super::known::{Known, Version};
use crate::diff::noise::passed;
use crate::function::{FunctionIndex, Program};

/// Where a number goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// Memory at this distance from what the register holds; from 0 where it is none.
    Memory(Register, u64),
    /// The parameter with this number, of the call with this index.
    Parameter(usize, u64),
}

impl Goal {
    /// The place this much behind.
    fn behind(self, by: u64) -> Goal {
        match self {
            Goal::Memory(base, at) => Goal::Memory(base, at.wrapping_add(by)),
            Goal::Parameter(call, number) => Goal::Parameter(call, number.wrapping_add(by)),
        }
    }
}

/// A number that an instruction sets, in both builds.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Index of the instruction.
    index: usize,
    /// Its offset in the function.
    pub at: u32,
    /// Offset of the field in the function, and its width in bytes.
    pub field: (u32, u32),
    /// Bytes that are set.
    size: u64,
    /// In the old build.
    pub old: u64,
    /// In the new build.
    pub new: u64,
    goal: Option<Goal>,
}

/// The numbers that a function sets.
pub struct Settings {
    code: Vec<Instruction>,
    /// By ascending offset.
    pub list: Vec<Setting>,
}

impl Settings {
    /// Those of both versions of a function; `None` where the instructions are not of the same
    /// shapes.
    pub fn of(
        (old, f): (&Program<'_>, FunctionIndex),
        (new, g): (&Program<'_>, FunctionIndex),
    ) -> Option<Settings> {
        let (a, b) = (old.bytes_of(f), new.bytes_of(g));
        if a.len() != b.len() {
            return None;
        }
        let (from, to) = (old.function(f).rva.0, new.function(g).rva.0);
        let mut x = Decoder::with_ip(64, a, from.into(), DecoderOptions::NONE);
        let mut y = Decoder::with_ip(64, b, to.into(), DecoderOptions::NONE);
        let references = &old.code_of(f).references;
        let (mut code, mut list) = (Vec::new(), Vec::new());
        while x.can_decode() {
            let at = x.position() as u32;
            // A reference without an opcode begins the switch tables behind the code.
            if references.binary_search_by_key(&at, |r| r.at).is_ok() {
                break;
            }
            let (i, j) = (x.decode(), y.decode());
            if i.is_invalid() || i.code() != j.code() || i.len() != j.len() {
                return None;
            }
            let offsets = x.get_constant_offsets(&i);
            let offset = at + offsets.immediate_offset() as u32;
            // An address that the loader relocates is no number.
            let is_place = references.binary_search_by_key(&offset, |r| r.at).is_ok();
            if let (Some(old), Some(new), false) = (number(&i), number(&j), is_place) {
                list.push(Setting {
                    index: code.len(),
                    at,
                    field: (offset, offsets.immediate_size() as u32),
                    size: size(&i),
                    old,
                    new,
                    goal: None,
                });
            }
            code.push(i);
        }
        for setting in &mut list {
            setting.goal = goal(&code, setting.index);
        }
        Some(Settings { code, list })
    }

    /// What a number is, where it is proven to be of the version.
    pub fn proven(&self, known: &Known, setting: &Setting) -> Option<String> {
        let large = known.number(setting.old, setting.new);
        large.or_else(|| {
            let mut versions = known.versions.iter();
            versions.find_map(|version| self.in_a_row(version, setting))
        })
    }

    /// A part of a version beside the other parts in their order, or the lower half of it
    /// beside the upper one.
    fn in_a_row(&self, version: &Version, setting: &Setting) -> Option<String> {
        let parts: Vec<(u64, u64)> = {
            let parts = version.old.iter().zip(&version.new);
            parts.map(|(a, b)| ((*a).into(), (*b).into())).collect()
        };
        let found = |row: &[(u64, u64)], others: usize| {
            let parts = row.iter().enumerate();
            let mut own = parts.filter(|(_, pair)| **pair == (setting.old, setting.new));
            own.find_map(|(at, _)| self.is_row(row, at, setting, others).then_some(at))
        };
        let text = |at: usize| format!("part {} of the {}", at + 1, version.what);
        found(&parts, 2).map(text).or_else(|| {
            let half = |from: usize| {
                let [(a, b), (c, d)] = parts.get(from..from + 2)?.try_into().ok()?;
                let small = [a, b, c, d].iter().all(|n| *n < 1 << 16);
                small.then_some((a << 16 | c, b << 16 | d))
            };
            let halves = [half(0)?, half(2)?];
            let told = halves[0].0 >= 1 << 16 && halves[0].1 >= 1 << 16;
            let at = found(&halves, 1).filter(|_| told)?;
            let half = ["upper", "lower"][at];
            Some(format!("{half} half of the {}", version.what))
        })
    }

    /// Whether a number stands where the part `at` of a row does: at least `others` of the rest
    /// are there, and none is another.
    fn is_row(&self, row: &[(u64, u64)], at: usize, setting: &Setting, others: usize) -> bool {
        let Some(goal) = setting.goal else {
            return false;
        };
        let step = match goal {
            Goal::Memory(..) => setting.size,
            Goal::Parameter(..) => 1,
        };
        let mut count = 0;
        for (other, pair) in row.iter().enumerate().filter(|(other, _)| *other != at) {
            let by = (other as u64).wrapping_sub(at as u64).wrapping_mul(step);
            let mut there = self.list.iter().filter(|s| {
                s.goal == Some(goal.behind(by))
                    && (step == 1 || s.size == setting.size)
                    && self.is_one_base(goal, s.index, setting.index)
            });
            match there.clone().next() {
                None => {}
                Some(_) if there.all(|s| (s.old, s.new) == *pair) => count += 1,
                Some(_) => return false,
            }
        }
        count >= others
    }

    /// Whether the register that memory is counted from holds the same at both instructions.
    fn is_one_base(&self, goal: Goal, one: usize, other: usize) -> bool {
        let base = match goal {
            Goal::Memory(Register::None | Register::RSP, _) | Goal::Parameter(..) => return true,
            Goal::Memory(base, _) => base,
        };
        let mut factory = InstructionInfoFactory::new();
        let between = &self.code[one.min(other)..one.max(other)];
        !between.iter().any(|i| {
            let calls = matches!(
                i.flow_control(),
                iced_x86::FlowControl::Call | iced_x86::FlowControl::IndirectCall
            );
            let volatile = !matches!(
                base,
                Register::RBX
                    | Register::RBP
                    | Register::RSI
                    | Register::RDI
                    | Register::R12
                    | Register::R13
                    | Register::R14
                    | Register::R15
            );
            let mut used = factory.info(i).used_registers().iter();
            calls && volatile
                || used.any(|u| {
                    let reads = matches!(
                        u.access(),
                        OpAccess::None | OpAccess::Read | OpAccess::CondRead
                    );
                    !reads && u.register().full_register() == base
                })
        })
    }
}

/// The number that a move sets; also the zero that a register is cleared to.
fn number(instruction: &Instruction) -> Option<u64> {
    let is_cleared = instruction.mnemonic() == Mnemonic::Xor
        && instruction.op0_kind() == OpKind::Register
        && instruction.op1_kind() == OpKind::Register
        && instruction.op0_register() == instruction.op1_register();
    if is_cleared {
        return Some(0);
    }
    let is_immediate = matches!(
        instruction.op1_kind(),
        OpKind::Immediate8
            | OpKind::Immediate16
            | OpKind::Immediate32
            | OpKind::Immediate64
            | OpKind::Immediate32to64
    );
    if instruction.mnemonic() != Mnemonic::Mov || !is_immediate {
        return None;
    }
    let mask = match size(instruction) {
        8 => u64::MAX,
        bytes => (1 << (8 * bytes)) - 1,
    };
    Some(instruction.immediate(1) & mask)
}

/// Bytes that a move sets.
fn size(instruction: &Instruction) -> u64 {
    let bytes = match instruction.op0_kind() {
        OpKind::Register => instruction.op0_register().size(),
        _ => instruction.memory_size().size(),
    };
    (bytes as u64).clamp(1, 8)
}

/// Where the number of an instruction goes.
fn goal(code: &[Instruction], index: usize) -> Option<Goal> {
    /// Where the fifth parameter of a call lies above the stack pointer.
    const FIFTH: u64 = 0x20;
    let instruction = &code[index];
    if instruction.op0_kind() == OpKind::Register {
        let number = match instruction.op0_register().full_register() {
            Register::RCX => 0,
            Register::RDX => 1,
            Register::R8 => 2,
            Register::R9 => 3,
            _ => return None,
        };
        return Some(Goal::Parameter(passed::call_of(code, index)?, number));
    }
    let plain = instruction.memory_index() == Register::None
        && instruction.segment_prefix() == Register::None;
    if !plain {
        return None;
    }
    if instruction.is_ip_rel_memory_operand() {
        let address = instruction.ip_rel_memory_address();
        return Some(Goal::Memory(Register::None, address));
    }
    let (base, at) = (
        instruction.memory_base(),
        instruction.memory_displacement64(),
    );
    let is_slot = base == Register::RSP && at >= FIFTH && at % 8 == 0;
    match passed::call_of(code, index) {
        // A local array is there as well, and then in steps of less.
        Some(call) if is_slot && size(instruction) == 4 && !has_neighbour(code, index) => {
            Some(Goal::Parameter(call, 4 + (at - FIFTH) / 8))
        }
        _ => Some(Goal::Memory(base, at)),
    }
}

/// Whether another move sets what lies four bytes before or behind on the stack.
fn has_neighbour(code: &[Instruction], index: usize) -> bool {
    let at = code[index].memory_displacement64();
    code.iter().any(|i| {
        number(i).is_some()
            && i.op0_kind() == OpKind::Memory
            && i.memory_base() == Register::RSP
            && i.memory_displacement64().abs_diff(at) == 4
    })
}
