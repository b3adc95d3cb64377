//! Variables without a symbol of which a byte is left, and whose value is in the code.
//!
//! A compiler that sees but two values stored in a static variable keeps which of them it is, in
//! a byte without a symbol, and writes the values into the code that reads it (LLVM, GlobalOpt,
//! "TryToShrinkGlobalToBoolean"). What the running program has stored is 0 or 1, and means what
//! the code of its build makes of it: so the code that changed must make the same of it.
//!
//! What it makes are the instructions that follow the read and have to do with what was read, with
//! their numbers; registers may be others. Where the byte only decides which way the code goes, it
//! means the same as a flag would.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{
    FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
};

use super::lost;
use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, rules};
use crate::function::{FunctionIndex, Place, Program};

/// How many instructions are followed behind the read.
const FOLLOWED: usize = 16;
/// What is written where it is a number like any other.
const NUMBER: &str = " =";

/// One finding for each changed function that may take such a byte for another number.
pub fn findings(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> Vec<Finding> {
    if diff.is_identity() {
        return Vec::new();
    }
    let comparer = diff.comparer(old, new);
    let changed = diff.functions.changed.iter();
    let found = changed.filter_map(|change| {
        let mut after = uses(new, change.new);
        // Of a new one the running program has nothing.
        after.retain(|_, at| comparer.old_variable(*at).is_some());
        if after.is_empty() {
            return None;
        }
        let before = uses(old, change.old);
        let (_, at) = after.iter().find(|(use_, _)| !before.contains_key(*use_))?;
        let name = new.function(change.new).display_name();
        let detail = format!(
            "{name} makes a number of the byte at {at} of the new image, which has no symbol, in \
             another way than the old code: a compiler that sees but two values of a static variable \
             keeps so which of them it is, and the values in the code"
        );
        Some(Finding::about(&rules::data::VARIABLE_MEANING, name, detail))
    });
    found.collect()
}

/// What a function makes of the single bytes without a symbol that it reads, as text, and where
/// such a byte is.
fn uses(program: &Program<'_>, function: FunctionIndex) -> BTreeMap<String, Rva> {
    let parts = program.parts_of(function);
    let mut found = BTreeMap::new();
    let pieces = std::iter::once(function).chain(parts);
    // Most functions have to do with no such variable.
    for piece in pieces.filter(|f| lost::variables(program, *f).next().is_some()) {
        let mut instructions = Vec::new();
        program.each_instruction(piece, |i| instructions.push(*i));
        let mut walk = Walk::default();
        for (n, i) in instructions.iter().enumerate() {
            if let Some(at) = byte_read(program, i) {
                let end = instructions.len().min(n + 1 + FOLLOWED);
                if let Some(text) = walk.clone().follow(i, &instructions[n + 1..end]) {
                    found.insert(text, at);
                }
            }
            walk.note_constant(i);
        }
    }
    found
}

/// The place of a single byte without a symbol that an instruction reads.
fn byte_read(program: &Program<'_>, i: &Instruction) -> Option<Rva> {
    let writes = i.mnemonic() == Mnemonic::Mov && i.op0_kind() == OpKind::Memory;
    if !i.is_ip_rel_memory_operand() || writes || i.memory_size().size() != 1 {
        return None;
    }
    let at = Rva(u32::try_from(i.ip_rel_memory_address()).ok()?);
    (program.place(at) == Place::Variable).then_some(at)
}

/// What is known on the way through a function.
#[derive(Clone, Default)]
struct Walk {
    /// Registers with a number in them.
    constants: BTreeMap<Register, u64>,
    /// Registers that have to do with what was read.
    held: BTreeSet<Register>,
    /// Whether the flags do.
    asked: bool,
}

impl Walk {
    /// What the instructions make of what one has read, as text, until that is a number like any
    /// other; `None` where it only decides which way the code goes.
    fn follow(mut self, read: &Instruction, next: &[Instruction]) -> Option<String> {
        let mut text = self.words(read);
        self.asked = read.rflags_modified() != 0;
        self.held = written(read);
        let mut decides = true;
        for i in next {
            let flow = i.flow_control();
            if flow != FlowControl::Next {
                let is_asked = flow == FlowControl::ConditionalBranch && (self.asked || decides);
                decides &= is_asked || self.held.is_empty();
                text.push_str(NUMBER);
                break;
            }
            let has_part = self.reads(i);
            let is_copy = i.mnemonic() == Mnemonic::Mov && i.op1_kind() == OpKind::Register;
            if has_part && is_copy && i.op0_kind() == OpKind::Register {
                decides = false;
            } else if has_part && (self.mixes(i) || is_copy) {
                decides = false;
                text.push_str(&self.last_words(i));
                break;
            } else if has_part {
                decides &= matches!(i.mnemonic(), Mnemonic::Test | Mnemonic::Cmp);
                text.push_str(&self.words(i));
            }
            let written = written(i);
            for register in &written {
                match has_part {
                    true => self.held.insert(*register),
                    false => self.held.remove(register),
                };
            }
            if i.rflags_modified() != 0 {
                self.asked = has_part;
            }
            self.note_constant(i);
        }
        (!decides).then_some(text)
    }

    /// Whether an instruction also reads what has nothing to do with it and is no number of the
    /// code.
    fn mixes(&self, i: &Instruction) -> bool {
        let mut info = InstructionInfoFactory::new();
        let mut used = info.info(i).used_registers().iter();
        used.any(|used| {
            let register = used.register().full_register();
            let is_read = !matches!(used.access(), OpAccess::Write | OpAccess::CondWrite);
            is_read
                && register.is_gpr()
                && !self.held.contains(&register)
                && !self.constants.contains_key(&register)
        })
    }

    /// What becomes of it where it meets something else.
    fn last_words(&self, i: &Instruction) -> String {
        let held = |register: Register| self.held.contains(&register.full_register());
        let in_address = held(i.memory_base()) || held(i.memory_index());
        let taken_off = matches!(i.mnemonic(), Mnemonic::Sub | Mnemonic::Sbb)
            && i.op1_kind() == OpKind::Register
            && held(i.op1_register());
        match in_address || taken_off || i.rflags_read() != 0 {
            true => self.words(i),
            false => NUMBER.to_owned(),
        }
    }

    /// Whether an instruction has to do with what was read.
    fn reads(&self, i: &Instruction) -> bool {
        let mut factory = InstructionInfoFactory::new();
        let info = factory.info(i);
        let mut used = info.used_registers().iter();
        self.asked && i.rflags_read() != 0
            || used.any(|used| {
                !matches!(used.access(), OpAccess::Write | OpAccess::CondWrite)
                    && self.held.contains(&used.register().full_register())
            })
    }

    /// An instruction with its numbers, and with those that its registers have.
    fn words(&self, i: &Instruction) -> String {
        let mut text = format!(" {:?}", i.mnemonic());
        for operand in 0..i.op_count() {
            match i.op_kind(operand) {
                OpKind::Register => {
                    let number = self.constants.get(&i.op_register(operand).full_register());
                    let size = i.op_register(operand).size();
                    match number {
                        Some(number) => text.push_str(&format!(" {size}:{number:#x}")),
                        None => text.push_str(&format!(" {size}")),
                    }
                }
                OpKind::Memory if i.is_ip_rel_memory_operand() => text.push_str(" []"),
                OpKind::Memory => {
                    let own = |r: Register| self.held.contains(&r.full_register());
                    let (base, index) = (own(i.memory_base()), own(i.memory_index()));
                    let scale = i.memory_index_scale();
                    let by = i.memory_displacement64();
                    text.push_str(&format!(" [{base} {index} {scale} {by:#x}]"));
                }
                OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {}
                _ => text.push_str(&format!(" {:#x}", i.immediate(operand))),
            }
        }
        text
    }

    /// Takes note of the number that an instruction puts into a register.
    fn note_constant(&mut self, i: &Instruction) {
        if i.flow_control() != FlowControl::Next {
            self.constants.clear();
            return;
        }
        let written = written(i);
        self.constants
            .retain(|register, _| !written.contains(register));
        if i.op_count() != 2 || i.op0_kind() != OpKind::Register {
            return;
        }
        let register = i.op0_register();
        let is_number = !matches!(i.op1_kind(), OpKind::Register | OpKind::Memory);
        match i.mnemonic() {
            Mnemonic::Mov if is_number && register.size() >= 4 => {
                self.constants
                    .insert(register.full_register(), i.immediate(1));
            }
            Mnemonic::Xor if i.op1_kind() == OpKind::Register && i.op1_register() == register => {
                self.constants.insert(register.full_register(), 0);
            }
            _ => {}
        }
    }
}

/// The registers that an instruction writes.
fn written(i: &Instruction) -> BTreeSet<Register> {
    let mut info = InstructionInfoFactory::new();
    let used = info.info(i).used_registers().iter();
    let written = used.filter(|u| !matches!(u.access(), OpAccess::Read | OpAccess::CondRead));
    let general = written.filter(|u| u.register().is_gpr());
    general.map(|u| u.register().full_register()).collect()
}
