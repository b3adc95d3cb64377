//! What a function keeps on its stack, and what gets out of its registers.
//!
//! A spilled image base comes back from where it was put, and from nowhere else. Where it
//! went to memory that is not the frame, or into a vector register, every value that comes
//! from there may be it.

use iced_x86::{Instruction, Mnemonic, OpAccess, OpKind, Register};

use super::Pass;
use super::value::{FramePlace, NON_VOLATILE, State, Value};
use crate::function::convention::ARGUMENTS;

/// Ways out of the general-purpose registers that were seen anywhere in the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The image base was stored to memory other than the frame: a load may bring it back.
    pub escaped: bool,
    /// It was put into the frame.
    pub spilled: bool,
    /// It may be in a vector register.
    pub vector: bool,
    /// The address of the frame was handed out: others may write to it.
    pub frame: bool,
    /// The thread's TLS block was kept over a call: a handler of exceptions may use it.
    pub block: bool,
}

impl Pass<'_> {
    /// Applies what an instruction does to the stack pointer and to memory; says whether that
    /// is all it does.
    pub(super) fn stack(&mut self, state: &mut State, i: &Instruction, at: u32) -> bool {
        match i.mnemonic() {
            Mnemonic::Push => {
                let value = match i.op0_kind() {
                    OpKind::Register => state.get(i.op0_register()),
                    OpKind::Memory => self.loaded(state, i),
                    _ => Value::Other,
                };
                let place = moved(state.get(Register::RSP), -8);
                state.set(Register::RSP, place.map_or(Value::Other, Value::Frame));
                self.store(state, place, value, at);
                true
            }
            Mnemonic::Pop => {
                let place = frame(state.get(Register::RSP));
                let value = self.reloaded(state, place);
                let next = moved(state.get(Register::RSP), 8);
                state.set(Register::RSP, next.map_or(Value::Other, Value::Frame));
                match i.op0_kind() {
                    OpKind::Register => state.set(i.op0_register(), value),
                    _ => self.store(state, self.place(state, i), value, at),
                }
                true
            }
            Mnemonic::Leave => {
                let place = frame(state.get(Register::RBP));
                let value = self.reloaded(state, place);
                let next = moved(state.get(Register::RBP), 8);
                state.set(Register::RSP, next.map_or(Value::Other, Value::Frame));
                state.set(Register::RBP, value);
                true
            }
            Mnemonic::Add | Mnemonic::Sub | Mnemonic::And
                if i.op0_kind() == OpKind::Register
                    && frame(state.get(i.op0_register())).is_some() =>
            {
                let value = state.get(i.op0_register());
                let distance = is_immediate(i).then(|| i.immediate(1) as i32);
                let place = match (i.mnemonic(), distance) {
                    (Mnemonic::Add, Some(distance)) => moved(value, distance),
                    (Mnemonic::Sub, Some(distance)) => moved(value, distance.wrapping_neg()),
                    _ if i.op0_register() == Register::RSP => Some((at, 0)),
                    _ => None,
                };
                state.set(i.op0_register(), place.map_or(Value::Other, Value::Frame));
                true
            }
            _ => {
                self.memory_write(state, i, at);
                false
            }
        }
    }

    /// Notes what an instruction writes to memory.
    fn memory_write(&mut self, state: &mut State, i: &Instruction, at: u32) {
        if i.op_count() == 0 || i.op0_kind() != OpKind::Memory {
            return;
        }
        let info = self.info.info(i);
        let writes = info.used_memory().iter().any(|m| {
            !matches!(
                m.access(),
                OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess
            )
        });
        if !writes {
            return;
        }
        let source =
            (i.op_count() >= 2 && i.op1_kind() == OpKind::Register).then(|| i.op1_register());
        let value = match source {
            Some(register) if i.mnemonic() == Mnemonic::Mov && register.is_gpr64() => {
                state.get(register)
            }
            Some(register) if register.is_gpr() && !self.is_narrow(register) => {
                state.get(register).merge(Value::Other)
            }
            Some(register) if register.is_vector_register() && self.seen.vector => {
                self.seen.escaped = true;
                self.seen.frame = true;
                Value::MayBeImageBase(0)
            }
            _ => Value::Other,
        };
        let place = self.place(state, i);
        self.store(state, place, value, at);
    }

    fn store(&mut self, state: &mut State, place: Option<FramePlace>, value: Value, at: u32) {
        match place {
            Some(place) => {
                self.seen.spilled |= value.may_be_base();
                state.store(place, value);
            }
            None => {
                self.seen.escaped |= value.may_be_base();
                self.seen.frame |= frame(value).is_some();
                if value == Value::TlsBlock {
                    self.lose_block(at);
                }
                self.doubt_slots(state, at);
            }
        }
    }

    /// What the frame holds may have been overwritten, where others know its address.
    fn doubt_slots(&mut self, state: &mut State, at: u32) {
        if self.seen.frame {
            if state.keeps(Value::TlsBlock) {
                self.lose_block(at);
            }
            state.doubt_slots();
        }
    }

    /// The thread's TLS block goes where it is not followed: offsets that are added to it there
    /// are not known.
    pub(super) fn lose_block(&mut self, at: u32) {
        self.flow.uncertain_thread_local.get_or_insert(at);
    }

    /// What a call sees and may change.
    pub(super) fn hand_over(&mut self, state: &mut State, at: u32) {
        for register in ARGUMENTS {
            self.seen.frame |= frame(state.get(register)).is_some();
        }
        let mut kept = NON_VOLATILE.iter().map(|r| state.get(*r));
        self.seen.block |= kept.any(|v| v == Value::TlsBlock) || state.keeps(Value::TlsBlock);
        self.doubt_slots(state, at);
    }

    /// What 64 bits of memory may hold, at a place of the frame or elsewhere.
    pub(super) fn reloaded(&self, state: &State, place: Option<FramePlace>) -> Value {
        let seen = self.seen;
        let value = match place {
            Some(place) => state.slot(place),
            None if seen.escaped => Value::MayBeImageBase(0),
            None => Value::Other,
        };
        let unsure = (state.lost || seen.frame) && (seen.escaped || seen.spilled);
        match (value, unsure && place.is_some()) {
            (Value::Other, true) => Value::MayBeImageBase(0),
            _ => value,
        }
    }

    fn loaded(&self, state: &State, i: &Instruction) -> Value {
        self.reloaded(state, self.place(state, i))
    }

    /// The place of the frame that a memory operand means.
    pub(super) fn place(&self, state: &State, i: &Instruction) -> Option<FramePlace> {
        if i.memory_index() != Register::None || i.is_ip_rel_memory_operand() {
            return None;
        }
        moved(state.get(i.memory_base()), i.memory_displacement64() as i32)
    }

    /// Whether a write of this register leaves no room for an image base: 32 bits, where the
    /// image is not loaded below 4 GB.
    pub(super) fn is_narrow(&self, register: Register) -> bool {
        register.is_gpr32() && self.image.image_base.0 >> 32 != 0
    }
}

fn is_immediate(i: &Instruction) -> bool {
    !matches!(i.op1_kind(), OpKind::Register | OpKind::Memory)
}

fn frame(value: Value) -> Option<FramePlace> {
    match value {
        Value::Frame(place) => Some(place),
        _ => None,
    }
}

fn moved(value: Value, distance: i32) -> Option<FramePlace> {
    let (from, offset) = frame(value)?;
    Some((from, offset.checked_add(distance)?))
}
