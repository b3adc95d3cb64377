//! The effect of one instruction.

use iced_x86::{FlowControl, Instruction, Mnemonic, OpAccess, OpKind, Register, UsedMemory};

use super::frame;
use super::value::{Numbers, Others, State, Value, index};
use super::walk::Walk;
use crate::addr::Rva;
use crate::function::convention::{ARGUMENTS, VOLATILE};

impl Walk<'_> {
    /// Applies one instruction to the state and notes what it shows.
    pub(super) fn step(&mut self, state: &mut State, i: &Instruction, at: u32) {
        if matches!(i.mnemonic(), Mnemonic::Nop | Mnemonic::Endbr64) {
            return;
        }
        let takes = self
            .followed
            .start
            .reference
            .is_some_and(|field| (at..at + i.len() as u32).contains(&field));
        self.note_memory(state, i, takes);
        if matches!(
            i.flow_control(),
            FlowControl::Call | FlowControl::IndirectCall
        ) {
            if ARGUMENTS.iter().any(|r| state.get(*r).holds()) {
                self.hand_over(state, i);
            }
            VOLATILE.iter().for_each(|r| state.set(*r, Value::any()));
            return;
        }
        if self.compare(state, i, takes) || self.store(state, i) {
            return;
        }
        if let Some(value) = self.result(state, i, takes) {
            let register = i.op0_register();
            if register.is_gpr64() || register.is_gpr32() {
                return state.set(register, value);
            }
        }
        // It may load the address and do anything with it.
        self.shown.escaped |= takes && self.followed.start.loaded;
        self.otherwise(state, i);
    }

    /// A call that is handed the address.
    fn hand_over(&mut self, state: &State, i: &Instruction) {
        if !self.hands_on {
            return;
        }
        let target = Rva(i.near_branch_target() as u32);
        let is_direct = i.flow_control() == FlowControl::Call;
        let shown = is_direct.then(|| self.followed.handed_to(target, state));
        match shown.flatten() {
            // In the frame there may be further arguments.
            Some(shown) if !state.holds_in_frame() => self.shown.add(shown),
            _ => self.shown.escaped = true,
        }
    }

    /// What the memory that an instruction reads or writes shows.
    fn note_memory(&mut self, state: &State, i: &Instruction, takes: bool) {
        if !takes && !state.holds_in_registers() && self.followed.start.table.is_none() {
            return;
        }
        let memory: Vec<UsedMemory> = self.info.info(i).used_memory().to_vec();
        for operand in memory {
            if operand.access() == OpAccess::NoMemAccess {
                continue;
            }
            if i.is_ip_rel_memory_operand() {
                // The address itself is the operand.
                self.shown.at_or_behind |= takes && !self.followed.start.loaded;
                self.shown.escaped |= self.reads_table(i) && i.mnemonic() != Mnemonic::Movsxd;
                continue;
            }
            let mut address = match operand.base() {
                Register::None => Value::known(0),
                base => state.get(base),
            };
            if operand.index() != Register::None {
                let index = state.get(operand.index());
                address = address.sum(&scaled(&index, operand.scale()));
            }
            // Whatever else is read of a table of distances is not followed.
            let in_table = address.on_the_way.table || address.on_the_way.entry;
            self.shown.escaped |= in_table && i.mnemonic() != Mnemonic::Movsxd;
            let displacement = operand.displacement() as i64;
            let this = if takes {
                // The displacement is the address: `[image base + index * 4 + address]`.
                let index = match operand.index() {
                    Register::None => Value::known(0),
                    index => scaled(&state.get(index), operand.scale()),
                };
                index.number
            } else {
                let others = match displacement < 0 {
                    true => Others::Any,
                    false => address.this.others,
                };
                address.this.map(|d| d.checked_add(displacement), others)
            };
            self.note_access(&this, state, &operand, takes);
        }
    }

    fn note_access(&mut self, this: &Numbers, state: &State, operand: &UsedMemory, takes: bool) {
        self.shown.at_or_behind |= this.exact.iter().any(|d| *d >= 0);
        self.shown.before |= this.exact.iter().any(|d| *d < 0);
        // An index of which no more is known, on the address itself.
        let exact = |register: Register| {
            register != Register::None && !state.get(register).this.exact.is_empty()
        };
        let indexed = operand.index() != Register::None;
        let counted = takes || exact(operand.base()) || exact(operand.index());
        if indexed && counted {
            match this.others {
                Others::None => {}
                Others::NotNegative => self.shown.at_or_behind = true,
                Others::Any => self.shown.indexed = true,
            }
        } else if !this.is_none() {
            self.shown.indexed |= this.exact.is_empty();
        }
    }

    /// Comparisons write nothing but flags.
    fn compare(&mut self, state: &State, i: &Instruction, takes: bool) -> bool {
        if !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test) {
            return false;
        }
        let value = |n: u32| match i.op_kind(n) {
            OpKind::Register => state.get(i.op_register(n)),
            OpKind::Memory => self.load(state, i, takes),
            _ => Value::any(),
        };
        let (a, b) = (value(0), value(1));
        self.note_comparison(&a, &b);
        true
    }

    fn note_comparison(&mut self, a: &Value, b: &Value) {
        for (one, other) in [(a, b), (b, a)] {
            self.shown.escaped |= one.leads();
            if one.holds() && other.is_before() {
                self.shown.compared = true;
            } else if one.holds() {
                self.shown.with_others = true;
            }
        }
    }

    /// `mov` and the like to memory.
    fn store(&mut self, state: &mut State, i: &Instruction) -> bool {
        if i.op_count() == 0 || i.op0_kind() != OpKind::Memory {
            return false;
        }
        let slot = frame::slot(i).filter(|_| self.slots);
        let stored = match i.op_count() {
            1 => Value::any(),
            _ if i.op1_kind() == OpKind::Register => state.get(i.op1_register()),
            _ => Value::any(),
        };
        let size = i.memory_size().size() as i64;
        let Some(place) = slot else {
            self.shown.escaped |= stored.holds();
            return true;
        };
        let old = state.slot(place);
        let value = match i.mnemonic() {
            Mnemonic::Mov if size == 8 => match i.op1_kind() {
                OpKind::Register => stored,
                _ => immediate(i),
            },
            Mnemonic::Add if size == 8 => match i.op1_kind() {
                OpKind::Register => old.sum(&stored),
                _ => old.sum(&immediate(i)),
            },
            Mnemonic::Sub if size == 8 && i.op1_kind() != OpKind::Register => {
                old.sum(&negated(&immediate(i)))
            }
            _ => {
                self.shown.escaped |=
                    stored.holds() || old.holds() && i.mnemonic() != Mnemonic::Mov;
                Value::any()
            }
        };
        state.store(place, size, value);
        true
    }

    fn load(&self, state: &State, i: &Instruction, takes: bool) -> Value {
        if takes && self.followed.start.loaded {
            return this();
        }
        if i.is_ip_rel_memory_operand() {
            let place = Rva(i.ip_rel_memory_address() as u32);
            let target = self.followed.program.import_pointer(place);
            return target.map_or_else(Value::any, |target| self.address_of(target));
        }
        match frame::slot(i) {
            Some(place) if self.slots && i.memory_size().size() == 8 => state.slot(place),
            _ => Value::any(),
        }
    }

    /// The value that an understood instruction gives to its first operand.
    fn result(&mut self, state: &State, i: &Instruction, takes: bool) -> Option<Value> {
        if i.op_count() < 1 || i.op0_kind() != OpKind::Register {
            return None;
        }
        let own = state.get(i.op0_register());
        let wide = i.op0_register().is_gpr64();
        let narrow = i.op0_register().is_gpr32();
        if !wide && !narrow {
            return None;
        }
        if i.op_count() == 1 {
            let step = match i.mnemonic() {
                Mnemonic::Inc => 1,
                Mnemonic::Dec => -1,
                Mnemonic::Neg if !own.holds() => {
                    let mut value = Value::any();
                    if own.number.others == Others::None && !own.before && wide {
                        value.number = own.number.map(i64::checked_neg, Others::Any);
                    }
                    return Some(value);
                }
                Mnemonic::Pop => return Some(Value::any()),
                _ => return None,
            };
            return wide.then(|| own.sum(&Value::known(step)));
        }
        let second = match i.op1_kind() {
            OpKind::Register => state.get(i.op1_register()),
            OpKind::Memory => self.load(state, i, takes),
            _ if takes => this(),
            _ => immediate(i),
        };
        let is_memory = i.op1_kind() == OpKind::Memory;
        match i.mnemonic() {
            Mnemonic::Lea if wide => Some(self.address(state, i, takes)),
            Mnemonic::Mov if wide => Some(second),
            Mnemonic::Mov if is_memory => Some(Value::number(Others::NotNegative)),
            Mnemonic::Mov if !second.holds() => Some(narrowed(&second)),
            Mnemonic::Movzx => {
                (is_memory || !second.holds()).then(|| Value::number(Others::NotNegative))
            }
            Mnemonic::Movsxd if is_memory && self.loads_distance(state, i) => {
                Some(Value::distance())
            }
            Mnemonic::Movsxd if !is_memory && !second.holds() => {
                let mut value = Value::any();
                if second.number.others == Others::None && !second.before {
                    let small = |n: i64| i32::try_from(n).ok().map(i64::from);
                    value.number = second.number.map(small, Others::Any);
                }
                Some(value)
            }
            Mnemonic::Xor
                if i.op1_kind() == OpKind::Register && i.op0_register() == i.op1_register() =>
            {
                Some(Value::known(0))
            }
            Mnemonic::Add if wide => Some(own.sum(&second)),
            Mnemonic::Sub if wide => Some(self.difference(&own, &second)),
            Mnemonic::And if !own.holds() && !second.holds() => {
                let mask =
                    i.op1_kind() != OpKind::Register && !is_memory && is_natural(&immediate(i));
                let number = if narrow || mask || is_natural(&own) || is_natural(&second) {
                    Others::NotNegative
                } else {
                    Others::Any
                };
                Some(Value::number(number))
            }
            Mnemonic::Shl if wide && !own.holds() && is_number(&second) => {
                let by = second.number.exact.first().copied().unwrap_or(64);
                let mut value = Value::any();
                if by < 32 && !own.before {
                    let others = own.number.others;
                    value.number = own.number.map(|n| n.checked_mul(1 << by), others);
                }
                Some(value)
            }
            Mnemonic::Shr if wide && !own.holds() => Some(Value::number(Others::NotNegative)),
            _ if wide && is_move_if(i.mnemonic()) => {
                let mut either = own;
                either.join(&second);
                Some(either)
            }
            _ if narrow && !own.holds() && !second.holds() => {
                Some(Value::number(Others::NotNegative))
            }
            _ => None,
        }
    }

    /// A pointer less a number is a pointer, less a pointer it is a comparison.
    fn difference(&mut self, own: &Value, second: &Value) -> Value {
        if second.holds() || second.before {
            if own.holds() || second.holds() {
                self.note_comparison(own, second);
                // What becomes of a distance from elsewhere is not followed.
                self.shown.escaped |= self.shown.with_others;
            }
            return Value::any();
        }
        own.sum(&negated(second))
    }

    /// `lea`.
    fn address(&self, state: &State, i: &Instruction, takes: bool) -> Value {
        if takes {
            return this();
        }
        if i.is_ip_rel_memory_operand() {
            return self.address_of(Rva(i.ip_rel_memory_address() as u32));
        }
        let mut value = match i.memory_base() {
            Register::None => Value::known(0),
            base => state.get(base),
        };
        if i.memory_index() != Register::None {
            let index = state.get(i.memory_index());
            value = value.sum(&scaled(&index, i.memory_index_scale()));
        }
        value.sum(&Value::known(i.memory_displacement64() as i64))
    }

    /// Whether an operand that counts from the instruction lies in the table of distances.
    fn reads_table(&self, i: &Instruction) -> bool {
        let place = Rva(i.ip_rel_memory_address() as u32);
        let table = self.followed.start.table;
        table.is_some_and(|(from, to)| (from..to).contains(&place))
    }

    /// Whether the memory that an instruction reads is an entry of the table of distances.
    fn loads_distance(&self, state: &State, i: &Instruction) -> bool {
        if i.is_ip_rel_memory_operand() {
            return self.reads_table(i);
        }
        let address = self.address(state, i, false);
        address.on_the_way.table || address.on_the_way.entry
    }

    /// Another address than the one that is followed.
    fn address_of(&self, target: Rva) -> Value {
        if self
            .followed
            .start
            .table
            .is_some_and(|(from, _)| from == target)
        {
            return Value::table();
        }
        match (self.followed.before.0..self.followed.before.1).contains(&target) {
            true => Value {
                before: true,
                ..Value::default()
            },
            false => Value::any(),
        }
    }

    /// Whatever else an instruction does: it reads registers, and writes what is not known.
    fn otherwise(&mut self, state: &mut State, i: &Instruction) {
        let info = self.info.info(i);
        let registers: Vec<(Register, OpAccess)> = info
            .used_registers()
            .iter()
            .map(|r| (r.register(), r.access()))
            .collect();
        // An operand that is only written may be a register of the address as well.
        let operands: Vec<Register> = (0..i.op_count())
            .filter(|n| i.op_kind(*n) == OpKind::Register)
            .filter(|n| info.op_access(*n) != OpAccess::Write)
            .map(|n| i.op_register(n))
            .collect();
        let addresses = [i.memory_base(), i.memory_index()];
        for (register, access) in &registers {
            let reads = !matches!(access, OpAccess::Write | OpAccess::CondWrite);
            let by_address = addresses
                .iter()
                .any(|a| *a != Register::None && index(*a) == index(*register));
            let as_operand = operands.iter().any(|o| index(*o) == index(*register));
            if reads && index(*register).is_some() && (as_operand || !by_address) {
                self.shown.escaped |= state.get(*register).holds();
            }
        }
        for (register, access) in registers {
            if matches!(
                access,
                OpAccess::Write
                    | OpAccess::CondWrite
                    | OpAccess::ReadWrite
                    | OpAccess::ReadCondWrite
            ) {
                let value = if register.is_gpr32() && access == OpAccess::Write {
                    Value::number(Others::NotNegative)
                } else {
                    Value::any()
                };
                state.set(register, value);
            }
        }
    }
}

/// The number that is the second operand.
fn immediate(i: &Instruction) -> Value {
    match i.try_immediate(1) {
        Ok(number) => Value::known(number as i64),
        Err(_) => Value::any(),
    }
}

/// A number with the other sign.
fn negated(value: &Value) -> Value {
    let others = match value.number.others {
        Others::None => Others::None,
        _ => Others::Any,
    };
    Value {
        number: value.number.map(i64::checked_neg, others),
        ..Value::default()
    }
}

/// The address itself.
fn this() -> Value {
    Value {
        this: Numbers::one(0),
        ..Value::default()
    }
}

/// A value times a scale; a pointer times more than one is none.
fn scaled(value: &Value, scale: u32) -> Value {
    if scale <= 1 {
        return value.clone();
    }
    if value.holds() || value.before {
        return Value::any();
    }
    Value {
        number: value
            .number
            .map(|n| n.checked_mul(scale.into()), value.number.others),
        ..Value::default()
    }
}

/// The lower half of a number, extended by zeros.
fn narrowed(value: &Value) -> Value {
    let mut narrow = Value::number(Others::NotNegative);
    if value.number.others == Others::None && !value.before {
        let low = |n: i64| Some(i64::from(n as u32));
        narrow.number = value.number.map(low, Others::NotNegative);
    }
    narrow
}

fn is_number(value: &Value) -> bool {
    value.this.is_none() && !value.before && value.number.others == Others::None
}

fn is_natural(value: &Value) -> bool {
    value.this.is_none()
        && !value.before
        && value.number.others != Others::Any
        && value.number.exact.iter().all(|n| *n >= 0)
}

fn is_move_if(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Cmova
            | Mnemonic::Cmovae
            | Mnemonic::Cmovb
            | Mnemonic::Cmovbe
            | Mnemonic::Cmove
            | Mnemonic::Cmovne
            | Mnemonic::Cmovg
            | Mnemonic::Cmovge
            | Mnemonic::Cmovl
            | Mnemonic::Cmovle
            | Mnemonic::Cmovs
            | Mnemonic::Cmovns
            | Mnemonic::Cmovo
            | Mnemonic::Cmovno
            | Mnemonic::Cmovp
            | Mnemonic::Cmovnp
    )
}
