//! The effect of one instruction on numbers and addresses.

use iced_x86::{
    Code as Opcode, ConditionCode, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpAccess, OpKind, Register,
};

use super::interval::Interval;
use crate::function::convention::VOLATILE;

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(Interval),
    /// The place of a reference (its offset in the code), and a number of bytes from there.
    Address(u32, Interval),
}

impl Value {
    fn number(self) -> Interval {
        match self {
            Value::Number(interval) => interval,
            Value::Address(..) => Interval::ALL,
        }
    }

    fn combine(self, other: Value, with: impl Fn(Interval, Interval) -> Interval) -> Value {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => Value::Number(with(a, b)),
            (Value::Address(r, a), Value::Address(s, b)) if r == s => Value::Address(r, with(a, b)),
            _ => Value::Number(Interval::ALL),
        }
    }
}

/// The general-purpose registers, and the last comparison of one with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    registers: [Value; 16],
    compared: Option<(Register, i64)>,
}

impl State {
    /// Nothing is known.
    pub fn unknown() -> Self {
        State {
            registers: [Value::Number(Interval::ALL); 16],
            compared: None,
        }
    }

    /// What holds on both of two ways.
    pub fn join(&self, other: &State) -> State {
        self.each(other, Interval::join)
    }

    /// The same, where bounds that still move are given up.
    pub fn widen(&self, next: &State) -> State {
        self.each(next, Interval::widen)
    }

    fn each(&self, other: &State, with: impl Fn(Interval, Interval) -> Interval + Copy) -> State {
        let mut state = self.clone();
        for (mine, theirs) in state.registers.iter_mut().zip(other.registers) {
            *mine = mine.combine(theirs, with);
        }
        if self.compared != other.compared {
            state.compared = None;
        }
        state
    }

    pub fn get(&self, register: Register) -> Value {
        let full = register.full_register();
        if !full.is_gpr64() {
            return Value::Number(Interval::exactly(0));
        }
        let value = self.registers[full.number()];
        match register {
            _ if register.is_gpr64() => value,
            _ if register.is_gpr32() => Value::Number(value.number().narrow()),
            _ => Value::Number(Interval::ALL),
        }
    }

    fn set(&mut self, register: Register, value: Value) {
        let full = register.full_register();
        if !full.is_gpr64() {
            return;
        }
        self.registers[full.number()] = match register {
            _ if register.is_gpr64() => value,
            _ if register.is_gpr32() => Value::Number(value.number().narrow()),
            // A part of the register.
            _ => Value::Number(Interval::ALL),
        };
        if self
            .compared
            .is_some_and(|(r, _)| r.full_register() == full)
        {
            self.compared = None;
        }
    }

    /// The state on the way of a conditional jump that is taken, or not taken.
    pub fn after_jump(&self, i: &Instruction, taken: bool) -> State {
        let mut state = self.clone();
        let Some((register, number)) = self.compared else {
            return state;
        };
        let mut jump = *i;
        if !taken {
            jump.negate_condition_code();
        }
        let condition = jump.condition_code();
        let value = state.get(register).number();
        let most = match register.is_gpr32() {
            true => i64::from(i32::MAX),
            false => i64::MAX,
        };
        // Compared without a sign, a number that may have one is only known to be below.
        let known = match condition {
            ConditionCode::a if number >= 0 && value.low >= 0 => {
                Interval::new(number.saturating_add(1), i64::MAX)
            }
            ConditionCode::ae if number >= 0 && value.low >= 0 => Interval::new(number, i64::MAX),
            ConditionCode::b if number > 0 => Interval::new(0, number - 1),
            ConditionCode::be if number >= 0 => Interval::new(0, number),
            ConditionCode::e => Interval::exactly(number),
            ConditionCode::ne if value.low == number => {
                Interval::new(number.saturating_add(1), i64::MAX)
            }
            ConditionCode::g if number >= -1 => Interval::new(number.saturating_add(1), most),
            ConditionCode::ge if number >= 0 => Interval::new(number, most),
            ConditionCode::l if value.low >= 0 && value.high <= most => {
                Interval::new(i64::MIN, number.saturating_sub(1))
            }
            ConditionCode::le if value.low >= 0 && value.high <= most => {
                Interval::new(i64::MIN, number)
            }
            _ => return state,
        };
        // A comparison of 32 bits says nothing about the upper half.
        let whole = self.registers[register.full_register().number()].number();
        if register.is_gpr64() || whole.is_within(Interval::WORD) {
            let compared = state.compared;
            state.set(register, Value::Number(value.meet(known)));
            state.compared = compared;
        }
        state
    }

    /// Applies one instruction. `field` finds the reference that a displacement of the
    /// instruction is.
    pub fn step(&mut self, i: &Instruction, field: Option<u32>, info: &mut InstructionInfoFactory) {
        if matches!(
            i.flow_control(),
            FlowControl::Call | FlowControl::IndirectCall
        ) {
            for register in VOLATILE {
                self.set(register, Value::Number(Interval::ALL));
            }
            self.compared = None;
            return;
        }
        if self.comparison(i) {
            return;
        }
        let value = self.result(i, field);
        if i.rflags_modified() != 0 {
            self.compared = None;
        }
        let result = i.op0_register();
        for used in info.info(i).used_registers() {
            let register = used.register();
            match (used.access(), value) {
                (OpAccess::Read | OpAccess::CondRead | OpAccess::None, _) => {}
                (_, Some(value)) if register.full_register() == result.full_register() => {
                    self.set(result, value);
                }
                _ => self.set(register, Value::Number(Interval::ALL)),
            }
        }
    }

    fn comparison(&mut self, i: &Instruction) -> bool {
        let of_register = i.op_count() == 2 && i.op0_kind() == OpKind::Register;
        match i.mnemonic() {
            Mnemonic::Cmp if of_register && is_immediate(i) && is_whole(i.op0_register()) => {
                self.compared = Some((i.op0_register(), i.immediate(1) as i64));
            }
            Mnemonic::Test
                if of_register
                    && i.op1_kind() == OpKind::Register
                    && i.op0_register() == i.op1_register()
                    && is_whole(i.op0_register()) =>
            {
                self.compared = Some((i.op0_register(), 0));
            }
            Mnemonic::Cmp | Mnemonic::Test => self.compared = None,
            _ => return false,
        }
        true
    }

    /// What an understood instruction writes to its first operand.
    fn result(&self, i: &Instruction, field: Option<u32>) -> Option<Value> {
        if i.op_count() == 0 || i.op0_kind() != OpKind::Register {
            return None;
        }
        let own = self.get(i.op0_register());
        let number = Value::Number;
        let other = || match i.op1_kind() {
            OpKind::Register => self.get(i.op1_register()),
            OpKind::Memory => number(Interval::ALL),
            _ => number(Interval::exactly(i.immediate(1) as i64)),
        };
        let is_zeroed = i.op1_kind() == OpKind::Register && i.op0_register() == i.op1_register();
        let count = || (i.op_count() == 2 && is_immediate(i)).then(|| i.immediate(1) as u32);
        Some(match i.mnemonic() {
            Mnemonic::Lea => self.sum_of_operand(i, field)?,
            Mnemonic::Mov => other(),
            Mnemonic::Movzx => number(part(i, 0, 255, 65535)),
            Mnemonic::Movsxd if i.op1_kind() == OpKind::Register => {
                let value = self.get(i.op1_register()).number();
                match value.is_within(Interval::new(0, i64::from(i32::MAX))) {
                    true => number(value),
                    false => number(Interval::ALL),
                }
            }
            Mnemonic::Xor | Mnemonic::Sub if is_zeroed => number(Interval::exactly(0)),
            Mnemonic::And => number(own.number().and(other().number())),
            Mnemonic::Or => number(own.number().or(other().number())),
            Mnemonic::Xor => number(own.number().xor(other().number())),
            Mnemonic::Add => plus(own, other()),
            Mnemonic::Sub if is_immediate(i) => {
                let number = (i.immediate(1) as i64).checked_neg()?;
                plus(own, Value::Number(Interval::exactly(number)))
            }
            Mnemonic::Inc => plus(own, number(Interval::exactly(1))),
            Mnemonic::Dec => plus(own, number(Interval::exactly(-1))),
            Mnemonic::Shr => number(own.number().shifted_right(count()? & 63)),
            Mnemonic::Shl => {
                let value = own.number();
                let bits = count()? & 31;
                match value.low >= 0 && value.high <= i64::MAX >> bits {
                    true => number(value.times(1 << bits)),
                    false => return None,
                }
            }
            Mnemonic::Imul if i.op_count() == 3 && i.op1_kind() == OpKind::Register => {
                let (value, factor) = (self.get(i.op1_register()).number(), i.immediate(2) as i64);
                let most = i64::MAX.checked_div(factor).unwrap_or(0);
                match factor > 0 && value.low >= 0 && value.high <= most {
                    true => number(value.times(factor)),
                    false => return None,
                }
            }
            Mnemonic::Bsf
            | Mnemonic::Bsr
            | Mnemonic::Tzcnt
            | Mnemonic::Lzcnt
            | Mnemonic::Popcnt => number(Interval::new(0, 64)),
            _ if i.mnemonic() as u32 != 0 && is_conditional_move(i) => {
                own.combine(other(), Interval::join)
            }
            _ => return None,
        })
    }

    /// The address that a memory operand means: of a reference, and how far from it.
    pub fn sum_of_operand(&self, i: &Instruction, field: Option<u32>) -> Option<Value> {
        if i.is_ip_rel_memory_operand() {
            return Some(Value::Address(field?, Interval::exactly(0)));
        }
        let base = self.get(i.memory_base());
        let scale = i64::from(i.memory_index_scale());
        let index = match self.get(i.memory_index()) {
            Value::Number(index) => Value::Number(index.times(scale)),
            address if scale == 1 => address,
            _ => Value::Number(Interval::ALL),
        };
        if let Some(field) = field {
            // The displacement is an RVA: what is added to it is not the image base.
            let offset = match (base, index) {
                (Value::Address(..), Value::Number(index)) => index,
                (Value::Number(base), Value::Address(..)) => base,
                _ => Interval::ALL,
            };
            return Some(Value::Address(field, offset));
        }
        let displacement = match i.memory_displ_size() {
            0 => 0,
            _ => i.memory_displacement64() as i64,
        };
        Some(plus(
            plus(base, index),
            Value::Number(Interval::exactly(displacement)),
        ))
    }
}

fn plus(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Value::Number(a.plus(b)),
        (Value::Address(r, a), Value::Number(b)) | (Value::Number(b), Value::Address(r, a)) => {
            Value::Address(r, a.plus(b))
        }
        _ => Value::Number(Interval::ALL),
    }
}

fn is_immediate(i: &Instruction) -> bool {
    i.op_count() == 2 && !matches!(i.op1_kind(), OpKind::Register | OpKind::Memory)
}

fn is_whole(register: Register) -> bool {
    register.is_gpr32() || register.is_gpr64()
}

fn is_conditional_move(i: &Instruction) -> bool {
    i.condition_code() != ConditionCode::None && i.op_count() == 2 && is_whole(i.op0_register())
}

/// What a part of a register or of memory can hold without a sign.
fn part(i: &Instruction, low: i64, of_byte: i64, of_word: i64) -> Interval {
    let is_byte = matches!(
        i.code(),
        Opcode::Movzx_r16_rm8 | Opcode::Movzx_r32_rm8 | Opcode::Movzx_r64_rm8
    );
    Interval::new(low, if is_byte { of_byte } else { of_word })
}
