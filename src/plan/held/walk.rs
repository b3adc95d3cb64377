//! Follows the address of a constant through one function.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{
    Code as Opcode, ConditionCode, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic,
    OpKind, Register,
};

use super::{Fate, HARMLESS, MAX_DEPTH, Registers, Search, stack};
use crate::addr::Rva;
use crate::function::convention::VOLATILE;
use crate::function::{FunctionIndex, Place, Program};

/// Functions that copy an object as it is, whatever it holds.
const COPYING: [&str; 2] = ["memcpy", "memmove"];

/// How far behind the start of an object in a frame something still counts as part of it.
/// Nothing says how large such an object is.
const OBJECT: u64 = 128;

/// A place in the frame: the register that it is counted from, and the distance.
pub(super) type Slot = (Register, u64);

/// One function, followed.
pub(super) struct Walk {
    function: FunctionIndex,
    depth: u32,
    /// Whether RBP is the frame.
    frame: bool,
    /// Registers that lead to a place in the frame, since the last branch target.
    own: BTreeMap<Register, Slot>,
    pub known: Known,
    pub fate: Fate,
}

/// What is known of a function after a pass.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Registers where branches lead to.
    states: BTreeMap<u32, Registers>,
    /// Places in the frame that hold the address.
    slots: BTreeSet<Slot>,
    /// Places in the frame that lead to an object that holds it.
    leading: BTreeSet<Slot>,
    /// Places in the frame of which the function takes the address: there objects begin.
    objects: BTreeSet<Slot>,
}

impl Walk {
    /// Sets out with an address that the function gets in these arguments.
    pub fn new(
        program: &Program<'_>,
        function: FunctionIndex,
        depth: u32,
        registers: Registers,
    ) -> Self {
        let handed = (0..stack::FOLLOWED).filter(|n| registers.is_argument(*n));
        let bytes = program.bytes_of(function);
        let slots = handed.flat_map(|n| stack::places_of_callee(bytes, n));
        let known = Known {
            slots: slots.collect(),
            ..Known::default()
        };
        Walk {
            function,
            depth,
            frame: has_frame(bytes),
            own: BTreeMap::new(),
            known,
            fate: Fate::default(),
        }
    }

    pub fn pass(&mut self, search: &mut Search<'_>, registers: Registers) {
        let (program, function) = (search.program, self.function);
        let f = program.function(function);
        let bytes = program.bytes_of(function);
        let mut decoder = Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE);
        let mut i = Instruction::default();
        let mut state = registers;
        self.own.clear();
        while decoder.can_decode() && self.fate.held.is_none() {
            let at = decoder.position() as u32;
            decoder.decode_out(&mut i);
            if let Some(before) = self.known.states.get(&at) {
                state.add(*before);
                self.own.clear();
            }
            match i.flow_control() {
                FlowControl::Call | FlowControl::IndirectCall => {
                    self.call(search, &i, &mut state);
                }
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    let target = (i.near_branch_target() as u32).wrapping_sub(f.rva.0);
                    if target < f.size {
                        self.known.states.entry(target).or_default().add(state);
                    } else {
                        let mut after = state;
                        self.call(search, &i, &mut after);
                        self.fate.returned |= after.holds(Register::RAX);
                    }
                    if i.flow_control() == FlowControl::UnconditionalBranch {
                        state = Registers::default();
                    }
                }
                FlowControl::IndirectBranch => {
                    // To a case of a switch, or a tail call.
                    let cases = program.switch_tables.iter();
                    let mut cases = cases.filter(|t| t.branch.0 == f.rva.0 + at).peekable();
                    if cases.peek().is_none() {
                        self.call(search, &i, &mut state);
                    }
                    for table in cases {
                        for case in program.image.switch_targets(table).unwrap_or_default() {
                            let offset = case.0.wrapping_sub(f.rva.0);
                            self.known.states.entry(offset).or_default().add(state);
                        }
                    }
                    state = Registers::default();
                }
                FlowControl::Return => {
                    self.fate.returned |= state.holds(Register::RAX);
                    state = Registers::default();
                }
                FlowControl::Exception => state = Registers::default(),
                _ => self.step(search, &i, &mut state),
            }
        }
    }

    /// Where the function keeps something of its own.
    fn slot(&self, i: &Instruction) -> Option<Slot> {
        let (base, distance) = (i.memory_base(), i.memory_displacement64());
        if i.memory_index() != Register::None {
            return None;
        }
        if base == Register::RSP || (base == Register::RBP && self.frame) {
            return Some((base, distance));
        }
        let (frame, start) = self.own.get(&base)?;
        Some((*frame, start.wrapping_add(distance)))
    }

    /// Whether the object that begins at a place in the frame holds the address.
    fn is_in_object(&self, object: Slot) -> bool {
        let behind = (object.0, object.1)..(object.0, object.1.saturating_add(OBJECT));
        let mut slots = self.known.slots.range(behind);
        slots.any(|slot| self.known.objects.range(..=*slot).next_back() == Some(&object))
    }

    /// Whether what is read from a place in the frame holds the address.
    fn is_read_from(&self, slot: Slot, size: u64) -> bool {
        let part = slot..(slot.0, slot.1.saturating_add(size.max(1)));
        self.known.slots.range(part).next().is_some()
    }

    fn step(&mut self, search: &Search<'_>, i: &Instruction, state: &mut Registers) {
        if i.op_count() == 0 || matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test) {
            return;
        }
        let operand = |n: u32| (i.op_kind(n) == OpKind::Register).then(|| i.op_register(n));
        let mut sources = (1..i.op_count()).filter_map(operand);
        let source = sources.clone().any(|r| state.holds(r));
        let leads = sources.any(|r| state.leads(r));
        if i.op0_kind() == OpKind::Memory {
            self.store(search, i, state, (source, leads));
        } else if let Some(target) = operand(0) {
            let taken = self.taken(search, i, state);
            let leading = self.is_leading(i, state, leads);
            set(state, i, target, (taken, leading));
            let place = self.slot(i).filter(|_| i.mnemonic() == Mnemonic::Lea);
            self.own.remove(&target.full_register());
            if let Some(place) = place {
                self.own.insert(target, place);
            }
        }
    }

    /// Something is written: the address, or one that leads to an object with it.
    fn store(
        &mut self,
        search: &Search<'_>,
        i: &Instruction,
        state: &Registers,
        (source, leads): (bool, bool),
    ) {
        match self.slot(i) {
            Some(slot) if source => {
                self.known.slots.insert(slot);
            }
            Some(slot) if leads => {
                self.known.leading.insert(slot);
            }
            // Into the object that holds it already.
            None if source && !state.leads(i.memory_base()) => {
                let name = search.program.function(self.function).display_name();
                self.fate.held = Some(format!("{name} stores its address"));
            }
            _ => {}
        }
    }

    /// What an instruction that writes a register takes there.
    fn taken(&self, search: &Search<'_>, i: &Instruction, state: &Registers) -> Taken {
        let operands = (1..i.op_count()).filter(|n| i.op_kind(*n) == OpKind::Register);
        let mut source = Taken::Nothing;
        for register in operands.map(|n| i.op_register(n)) {
            source = source.max(Taken::of(state, register));
        }
        let memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        if !memory {
            return source;
        }
        let (deep, computes) = (search.ranges.len() > 1, i.mnemonic() == Mnemonic::Lea);
        // What is read of a constant that leads to the one.
        let read = match search.ranges.len() > 2 {
            true => Taken::Container,
            false => Taken::Address,
        };
        let of_content = match search.leads_back {
            true => read,
            false => Taken::Nothing,
        };
        if i.is_ip_rel_memory_operand() {
            let place = Rva(i.ip_rel_memory_address() as u32);
            return match (search.contains(place), search.is_constant(place)) {
                (false, _) => source,
                (true, true) if computes => Taken::Address,
                (true, true) => source.max(of_content),
                (true, false) if computes => Taken::Container,
                (true, false) => source.max(read),
            };
        }
        let base = Taken::of(state, i.memory_base());
        let index = Taken::of(state, i.memory_index());
        // A table of distances and a distance out of it make the address itself.
        let through = match (base, index) {
            (Taken::Container, Taken::Address) | (Taken::Address, Taken::Container) => {
                Taken::Address
            }
            _ => base.max(index),
        };
        if computes {
            return through;
        }
        let size = i.memory_size().size() as u64;
        let slot = self.slot(i).is_some_and(|s| self.is_read_from(s, size));
        let kept = match slot || state.leads(i.memory_base()) {
            true if deep => Taken::Container,
            true => Taken::Address,
            false => Taken::Nothing,
        };
        let read = match through {
            Taken::Nothing => Taken::Nothing,
            Taken::Address => of_content,
            Taken::Container => read,
        };
        kept.max(read).max(source)
    }

    /// Whether an instruction that writes a register makes it lead to an object that holds the
    /// address.
    fn is_leading(&mut self, i: &Instruction, state: &Registers, source: bool) -> bool {
        let memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        match (memory, self.slot(i)) {
            (false, _) => source,
            (true, Some(slot)) if i.mnemonic() == Mnemonic::Lea => {
                self.known.objects.insert(slot);
                self.is_in_object(slot)
            }
            (true, Some(slot)) => self.known.leading.contains(&slot),
            (true, None) => i.mnemonic() == Mnemonic::Lea && state.leads(i.memory_base()),
        }
    }

    fn call(&mut self, search: &mut Search<'_>, i: &Instruction, state: &mut Registers) {
        let program = search.program;
        let handed = state.handed();
        // Or something else lies there: the function that is called tells.
        let mut with_stack = handed;
        for (n, place) in stack::places_of_caller().enumerate() {
            if self.known.slots.contains(&place) {
                with_stack.set_argument(n as u32);
            }
        }
        let callee = match i.code() {
            Opcode::Call_rel32_64 | Opcode::Jmp_rel32_64 | Opcode::Jmp_rel8_64 => {
                Some(Rva(i.near_branch_target() as u32))
            }
            _ if i.is_ip_rel_memory_operand() => Some(Rva(i.ip_rel_memory_address() as u32)),
            _ => None,
        };
        let name = program.function(self.function).display_name();
        let place = callee.map(|c| program.place(c));
        // An object that holds the address is copied to one that does not.
        let copied = state.leads(Register::RDX) && !state.leads(Register::RCX);
        let mut returned = false;
        match place {
            Some(Place::Function(f, _))
                if copied && COPYING.contains(&program.function(f).display_name().as_str()) =>
            {
                self.fate.held = Some(format!("{name} copies its address"));
            }
            Some(Place::Function(f, 0)) if self.depth < MAX_DEPTH => {
                returned = search.returning.contains(&f);
                if !with_stack.is_empty() {
                    let fate = search.fate(f, with_stack, self.depth + 1);
                    self.fate.held = self.fate.held.take().or(fate.held);
                    returned |= fate.returned;
                }
            }
            Some(Place::Import(import)) if !handed.is_empty() => {
                let import = program.image.imports[import as usize].name.to_string();
                if copied && COPYING.contains(&import.as_str()) {
                    self.fate.held = Some(format!("{name} copies its address"));
                } else if search.of_pointers && !HARMLESS.contains(&import.as_str()) {
                    self.fate.held = Some(format!("{import} gets its address"));
                }
            }
            _ if !handed.is_empty() && search.of_pointers => {
                let what = "hands its address to a function that is not known";
                self.fate.held = Some(format!("{name} {what}"));
            }
            _ => {}
        }
        let deep = search.ranges.len() > 1;
        state.after_call();
        self.own.retain(|register, _| !VOLATILE.contains(register));
        state.set_held(Register::RAX, returned);
        if deep {
            state.set_container(Register::RAX);
        }
    }
}

/// What an instruction takes somewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Taken {
    Nothing,
    /// The address of the constant, or a distance to it.
    Address,
    /// The address of one that leads to it.
    Container,
}

impl Taken {
    fn of(state: &Registers, register: Register) -> Taken {
        match (state.holds(register), state.is_container(register)) {
            (false, _) => Taken::Nothing,
            (true, false) => Taken::Address,
            (true, true) => Taken::Container,
        }
    }
}

/// What an instruction leaves in the register that it writes.
fn set(state: &mut Registers, i: &Instruction, target: Register, (what, leading): (Taken, bool)) {
    let taken = what != Taken::Nothing;
    let same = i.op_count() == 2 && i.op1_kind() == OpKind::Register && i.op1_register() == target;
    if target.is_vector_register() {
        let moves = matches!(
            i.mnemonic(),
            Mnemonic::Movaps
                | Mnemonic::Movups
                | Mnemonic::Movapd
                | Mnemonic::Movupd
                | Mnemonic::Movdqa
                | Mnemonic::Movdqu
                | Mnemonic::Movq
                | Mnemonic::Movd
                | Mnemonic::Movss
                | Mnemonic::Movsd
        );
        // A register is cleared by what makes it of itself twice.
        let stays = !moves && !same && state.holds(target);
        state.set_held(target, taken || stays);
        return;
    }
    // Of another address, and not of a number, of which the address can be made again.
    let difference = i.mnemonic() == Mnemonic::Sub && taken && !state.may_be_number(target);
    let cleared = i.mnemonic() == Mnemonic::Xor && same;
    let changes = matches!(
        i.mnemonic(),
        Mnemonic::Add
            | Mnemonic::Sub
            | Mnemonic::Inc
            | Mnemonic::Dec
            | Mnemonic::And
            | Mnemonic::Or
            | Mnemonic::Xor
            | Mnemonic::Not
            | Mnemonic::Neg
            | Mnemonic::Shl
            | Mnemonic::Shr
            | Mnemonic::Sar
            | Mnemonic::Rol
            | Mnemonic::Ror
            | Mnemonic::Bswap
    ) || i.condition_code() != ConditionCode::None;
    // What is read as 32 bits is a distance of a table; what is computed is the address, less
    // one or a part of it.
    let reads = (1..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
    let wide = target.is_gpr64() || !reads || i.mnemonic() == Mnemonic::Lea;
    let stays = (changes && state.holds(target)) || (i.mnemonic() == Mnemonic::Sub && taken);
    let own = Taken::of(state, target);
    // A table of distances and a distance out of it make the address itself.
    let container = match (changes, own, what) {
        (true, Taken::Container, Taken::Address) | (true, Taken::Address, Taken::Container) => {
            i.mnemonic() != Mnemonic::Add
        }
        (true, Taken::Container, _) => true,
        _ => what == Taken::Container,
    };
    let leads = leading || (changes && state.leads(target));
    state.set_held(
        target,
        ((taken && wide) || stays) && !difference && !cleared,
    );
    if container {
        state.set_container(target);
    }
    state.set_leading(target, leads && wide && !cleared);
    let is_number = i.mnemonic() == Mnemonic::Mov && i.try_immediate(1).is_ok();
    state.set_number(target, is_number || cleared);
}

/// Whether RBP is made the frame of a function.
fn has_frame(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 24;
    let decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    decoder.into_iter().take(LOOKED_AT).any(|i| {
        let from_stack = match i.mnemonic() {
            Mnemonic::Mov => i.op1_kind() == OpKind::Register && i.op1_register() == Register::RSP,
            Mnemonic::Lea => i.memory_base() == Register::RSP,
            _ => false,
        };
        from_stack && i.op0_kind() == OpKind::Register && i.op0_register() == Register::RBP
    })
}
