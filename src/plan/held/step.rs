//! What one instruction does with the address of a constant.

use iced_x86::{Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};

use super::state::State;
use super::value::{HELD, UNSURE, Value};
use super::walk::Walk;
use crate::function::ReferenceKind;

/// One operand of an instruction.
fn operand(walk: &mut Walk<'_, '_>, i: &Instruction, n: u32, state: &State) -> Value {
    match i.op_kind(n) {
        OpKind::Register => state.get(i.op_register(n)),
        OpKind::Memory => {
            let place = walk.place_of(i, state);
            walk.extends = i.mnemonic() == Mnemonic::Movsxd;
            let value = walk.load(place, width(i), state);
            walk.extends = false;
            value
        }
        OpKind::Immediate64 => match walk.field(i, ReferenceKind::Absolute) {
            Some(rva) => walk.address(rva),
            None => Value::number(i.immediate(n) as i64),
        },
        _ => i
            .try_immediate(n)
            .map_or(Value::default(), |number| Value::number(number as i64)),
    }
}

fn width(i: &Instruction) -> u32 {
    i.memory_size().size().max(1) as u32
}

/// Writes the first operand.
fn put(walk: &mut Walk<'_, '_>, i: &Instruction, value: Value, state: &mut State) {
    match i.op0_kind() {
        OpKind::Register => {
            let register = i.op0_register();
            let ends_unknown = register == Register::RSP && value.at.is_none();
            state.set(register, value);
            if ends_unknown {
                state.set(register, Value { at: None, ..value });
            }
        }
        OpKind::Memory => {
            let place = walk.place_of(i, state);
            walk.store(place, width(i), value, state);
        }
        _ => {}
    }
}

/// Whether an instruction makes a number of a register and itself.
fn clears(i: &Instruction) -> bool {
    let last = i.op_count().saturating_sub(1);
    let same = |n: u32| {
        i.op_kind(n) == OpKind::Register
            && i.op_kind(last) == OpKind::Register
            && i.op_register(n) == i.op_register(last)
    };
    let of_itself = i.op_count() >= 2 && same(last.saturating_sub(1));
    of_itself
        && matches!(
            i.mnemonic(),
            Mnemonic::Xor
                | Mnemonic::Sub
                | Mnemonic::Sbb
                | Mnemonic::Pxor
                | Mnemonic::Xorps
                | Mnemonic::Xorpd
                | Mnemonic::Vpxor
                | Mnemonic::Vxorps
                | Mnemonic::Vxorpd
                | Mnemonic::Pcmpeqb
                | Mnemonic::Pcmpeqw
                | Mnemonic::Pcmpeqd
                | Mnemonic::Vpcmpeqd
                | Mnemonic::Vpcmpeqb
        )
}

/// Whether an instruction moves its second operand to its first as it is.
fn moves(i: &Instruction) -> bool {
    i.op_count() == 2
        && matches!(
            i.mnemonic(),
            Mnemonic::Mov
                | Mnemonic::Movsxd
                | Mnemonic::Movzx
                | Mnemonic::Movsx
                | Mnemonic::Movaps
                | Mnemonic::Movups
                | Mnemonic::Movapd
                | Mnemonic::Movupd
                | Mnemonic::Movdqa
                | Mnemonic::Movdqu
                | Mnemonic::Movq
                | Mnemonic::Movd
                | Mnemonic::Movss
                | Mnemonic::Movsd
                | Mnemonic::Movnti
                | Mnemonic::Movntdq
                | Mnemonic::Movntps
                | Mnemonic::Lddqu
                | Mnemonic::Vmovaps
                | Mnemonic::Vmovups
                | Mnemonic::Vmovapd
                | Mnemonic::Vmovupd
                | Mnemonic::Vmovdqa
                | Mnemonic::Vmovdqu
                | Mnemonic::Vmovq
                | Mnemonic::Vmovd
                | Mnemonic::Vmovss
                | Mnemonic::Vmovsd
        )
}

/// Follows the address through an instruction that does not branch.
pub(super) fn step(walk: &mut Walk<'_, '_>, i: &Instruction, state: &mut State) {
    let elsewhere = walk.search.leads_elsewhere;
    if clears(i) {
        put(walk, i, Value::number(0), state);
        return;
    }
    if moves(i) {
        let mut value = operand(walk, i, 1, state);
        let registers = i.op0_kind() == OpKind::Register && i.op1_kind() == OpKind::Register;
        if registers && matches!(i.mnemonic(), Mnemonic::Movss | Mnemonic::Movsd) {
            value = value.or(state.get(i.op0_register()));
        }
        put(walk, i, value, state);
        return;
    }
    match i.mnemonic() {
        Mnemonic::Cmp
        | Mnemonic::Test
        | Mnemonic::Bt
        | Mnemonic::Ucomiss
        | Mnemonic::Ucomisd
        | Mnemonic::Comiss
        | Mnemonic::Comisd
        | Mnemonic::Ptest => {
            for n in 0..i.op_count() {
                let value = operand(walk, i, n, state);
                walk.uses(value);
            }
        }
        Mnemonic::Nop
        | Mnemonic::Endbr64
        | Mnemonic::Vzeroupper
        | Mnemonic::Prefetchnta
        | Mnemonic::Prefetcht0
        | Mnemonic::Prefetcht1
        | Mnemonic::Prefetcht2
        | Mnemonic::Prefetchw => {}
        Mnemonic::Lea => {
            let place = walk.place_of(i, state);
            if place.regions != 0
                && let Some(at) = place.at
            {
                walk.objects.insert(at);
            }
            walk.uses(place);
            state.set(i.op0_register(), place);
        }
        Mnemonic::Push => {
            let value = operand(walk, i, 0, state);
            let place = state.get(Register::RSP).plus(Value::number(-8), false);
            state.set(Register::RSP, place);
            walk.store(place, 8, value, state);
        }
        Mnemonic::Pop => {
            let place = state.get(Register::RSP);
            let value = walk.load(place, 8, state);
            state.set(Register::RSP, place.plus(Value::number(8), false));
            put(walk, i, value, state);
        }
        Mnemonic::Leave => {
            let place = state.get(Register::RBP);
            let value = walk.load(place, 8, state);
            state.set(Register::RSP, place.plus(Value::number(8), false));
            state.set(Register::RBP, value);
        }
        Mnemonic::Xchg => {
            let (a, b) = (operand(walk, i, 0, state), operand(walk, i, 1, state));
            put(walk, i, b, state);
            match i.op1_kind() {
                OpKind::Register => state.set(i.op1_register(), a),
                _ => {
                    let place = walk.place_of(i, state);
                    walk.store(place, width(i), a, state);
                }
            }
        }
        Mnemonic::Add | Mnemonic::Sub | Mnemonic::Inc | Mnemonic::Dec | Mnemonic::Neg => {
            let own = operand(walk, i, 0, state);
            let other = match i.op_count() {
                2 => operand(walk, i, 1, state),
                _ => Value::number(1),
            };
            walk.uses(own);
            walk.uses(other);
            let value = match i.mnemonic() {
                Mnemonic::Add | Mnemonic::Inc => own.plus(other, elsewhere),
                Mnemonic::Neg => Value::number(0).minus(own),
                _ => own.minus(other),
            };
            put(walk, i, value, state);
        }
        // A frame that is aligned lies somewhere below.
        Mnemonic::And if i.op0_kind() == OpKind::Register && i.op0_register() == Register::RSP => {
            let own = state.get(Register::RSP);
            let by = i.try_immediate(1).map_or(0, |n| n as i64);
            state.set(Register::RSP, own.plus(Value::number(by), false));
        }
        _ if is_string(i) => string(walk, i, state),
        _ if is_set(i) => put(walk, i, Value::default(), state),
        _ if is_conditional_move(i) => {
            let (own, other) = (operand(walk, i, 0, state), operand(walk, i, 1, state));
            put(walk, i, own.or(other), state);
        }
        _ => any(walk, i, state),
    }
}

fn is_set(i: &Instruction) -> bool {
    i.condition_code() != iced_x86::ConditionCode::None && i.op_count() == 1
}

fn is_conditional_move(i: &Instruction) -> bool {
    i.condition_code() != iced_x86::ConditionCode::None && i.op_count() == 2
}

fn is_string(i: &Instruction) -> bool {
    let kind = |n: u32| matches!(i.op_kind(n), OpKind::MemoryESRDI | OpKind::MemorySegRSI);
    (0..i.op_count()).any(kind)
}

/// Instructions that go on from one element to the next.
fn string(walk: &mut Walk<'_, '_>, i: &Instruction, state: &mut State) {
    let (from, to) = (state.get(Register::RSI), state.get(Register::RDI));
    let size = i64::from(width(i));
    let repeats = i.has_rep_prefix() || i.has_repne_prefix();
    let count = state.get(Register::RCX);
    let bytes = match repeats {
        true => count.at.filter(|_| count.is_plain()).map(|n| n * size),
        false => Some(size),
    };
    match i.mnemonic() {
        Mnemonic::Movsb | Mnemonic::Movsw | Mnemonic::Movsd | Mnemonic::Movsq => {
            walk.copy((to, from), bytes, state);
        }
        Mnemonic::Stosb | Mnemonic::Stosw | Mnemonic::Stosd | Mnemonic::Stosq => {
            let value = state.get(Register::RAX);
            let place = match repeats {
                true => Value { at: None, ..to },
                false => to,
            };
            walk.store(place, size as u32, value, state);
        }
        Mnemonic::Lodsb | Mnemonic::Lodsw | Mnemonic::Lodsd | Mnemonic::Lodsq => {
            let value = walk.load(from, size as u32, state);
            state.set(i.op0_register(), value);
        }
        _ => {
            walk.uses(from);
            walk.uses(to);
        }
    }
    let moved = |value: Value| Value { at: None, ..value };
    for register in [Register::RSI, Register::RDI] {
        state.set(register, moved(state.get(register)));
    }
    if repeats {
        state.set(Register::RCX, Value::default());
    }
}

/// All that is read goes into all that is written.
fn any(walk: &mut Walk<'_, '_>, i: &Instruction, state: &mut State) {
    let mut factory = std::mem::replace(&mut walk.factory, InstructionInfoFactory::new());
    let info = factory.info(i);
    let reads = |access: OpAccess| {
        matches!(
            access,
            OpAccess::Read | OpAccess::CondRead | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        )
    };
    let writes = |access: OpAccess| {
        matches!(
            access,
            OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        )
    };
    let explicit = |register: Register| {
        (0..i.op_count()).any(|n| {
            i.op_kind(n) == OpKind::Register
                && i.op_register(n).full_register() == register.full_register()
        })
    };
    let leads = |register: Register| {
        let full = register.full_register();
        full == i.memory_base().full_register() || full == i.memory_index().full_register()
    };
    let mut input: Option<Value> = None;
    let mut add = |value: Value| input = Some(input.map_or(value, |all| all.or(value)));
    let mut written: Vec<Register> = Vec::new();
    let mut stored = false;
    let accesses: Vec<OpAccess> = (0..i.op_count()).map(|n| info.op_access(n)).collect();
    let used: Vec<(Register, OpAccess)> = info
        .used_registers()
        .iter()
        .map(|used| (used.register(), used.access()))
        .collect();
    for (n, access) in (0..).zip(accesses) {
        match i.op_kind(n) {
            OpKind::Register if reads(access) => add(state.get(i.op_register(n))),
            OpKind::Memory if reads(access) => add(operand(walk, i, n, state)),
            _ => {}
        }
        match i.op_kind(n) {
            OpKind::Register if writes(access) => written.push(i.op_register(n)),
            OpKind::Memory if writes(access) => stored = true,
            _ => {}
        }
    }
    for (register, access) in used {
        if explicit(register) || register.full_register() == Register::RSP {
            continue;
        }
        if reads(access) && !leads(register) {
            add(state.get(register));
        }
        if writes(access) {
            written.push(register);
        }
    }
    walk.factory = factory;
    let input = input.unwrap_or_default();
    walk.uses(input);
    let mut value = input.mixed();
    if input.regions != 0 && value.taint & HELD == 0 {
        // A part of a frame's address leads nowhere that could be told.
        value.taint |= UNSURE;
    }
    for register in written {
        state.set(register, value);
    }
    if stored {
        let place = walk.place_of(i, state);
        walk.store(place, width(i), value, state);
    }
}
