//! The effect of one instruction.

use iced_x86::{
    Code as Opcode, ConstantOffsets, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic,
    OpAccess, OpKind, Register, UsedRegister,
};

use super::base::{is_immediate, shifted};
use super::value::{State, Value};
use super::{FoundTable, Pass};
use crate::addr::Rva;
use crate::function::convention::VOLATILE;
use crate::image::SectionKind;
use crate::symbols::{SwitchEntry, SwitchTable};

/// Offset of `ThreadLocalStoragePointer` in the x64 TEB.
const TEB_TLS_ARRAY: u64 = 0x58;

/// How many instructions behind the `lea` of block and index the offset may be added.
const NEAR: usize = 4;

impl Pass<'_> {
    /// Applies one instruction to the state and notes what it shows.
    pub(super) fn step(
        &mut self,
        state: &mut State,
        i: &Instruction,
        offsets: &ConstantOffsets,
        at: u32,
    ) {
        self.memory_operand(state, i, offsets, at);
        self.distances(state, i, at);
        if self.stack(state, i, at) {
            return;
        }
        if i.is_jmp_near_indirect() {
            self.jump(state, i, at);
        }
        if matches!(
            i.flow_control(),
            FlowControl::Call | FlowControl::IndirectCall
        ) {
            self.hand_over(state, at);
            VOLATILE.iter().for_each(|r| state.set(*r, Value::Other));
            return;
        }
        match self.result(state, i, offsets, at) {
            Some(value) => {
                if let Value::Target(table, false) = value {
                    push_once(&mut self.flow.lookups, table);
                }
                state.set(i.op0_register(), value);
            }
            None => self.overwrite(state, i, at),
        }
    }

    /// The value that an understood instruction gives to its first operand.
    fn result(
        &mut self,
        state: &State,
        i: &Instruction,
        offsets: &ConstantOffsets,
        at: u32,
    ) -> Option<Value> {
        if i.op_count() == 0 || i.op0_kind() != OpKind::Register {
            return None;
        }
        match i.mnemonic() {
            Mnemonic::Lea => Some(self.address(state, i)),
            Mnemonic::Mov | Mnemonic::Movsxd | Mnemonic::Movzx | Mnemonic::Movsx => {
                match i.op1_kind() {
                    OpKind::Memory => self.load(state, i),
                    OpKind::Register => self.copy(state, i),
                    _ if i.mnemonic() == Mnemonic::Mov && offsets.immediate_size() == 4 => {
                        Some(Value::Constant {
                            value: i.immediate32(),
                            field: at + offsets.immediate_offset() as u32,
                        })
                    }
                    _ => None,
                }
            }
            Mnemonic::Add if offsets.immediate_size() == 4 && !self.is_narrow(i.op0_register()) => {
                let field = at + offsets.immediate_offset() as u32;
                if state.get(i.op0_register()) == Value::TlsBlock {
                    push_once(
                        &mut self.flow.thread_local,
                        (field, i.immediate32to64() as u32),
                    );
                    return Some(Value::Other);
                }
                let base = state.get(i.op0_register());
                self.sum_of_base(base, i.immediate32(), field, at)
                    .or_else(|| shifted(base, i))
            }
            Mnemonic::Add | Mnemonic::Sub | Mnemonic::Inc | Mnemonic::Dec
                if i.op_count() == 1 || is_immediate(i) =>
            {
                let wide = !self.is_narrow(i.op0_register());
                shifted(state.get(i.op0_register()), i).filter(|_| wide)
            }
            Mnemonic::Add if i.op1_kind() == OpKind::Register => {
                let pair = (state.get(i.op0_register()), state.get(i.op1_register()));
                self.pair(pair, (i.op0_register(), i.op1_register()), at);
                if let (Value::TlsBlock, other) | (other, Value::TlsBlock) = pair {
                    return Some(self.sum_of_block(other));
                }
                sum(pair.0, pair.1)
                    .or_else(|| sum(pair.1, pair.0))
                    .or_else(|| self.constant_and_base(pair, at))
            }
            _ => None,
        }
    }

    /// A register added to the TLS block: the offset, or an index, which the offset is still to
    /// be added to.
    fn sum_of_block(&mut self, other: Value) -> Value {
        let Value::Constant { value, field } = other else {
            return Value::TlsBlock;
        };
        push_once(&mut self.flow.thread_local, (field, value));
        Value::Other
    }

    fn copy(&self, state: &State, i: &Instruction) -> Option<Value> {
        let value = state.get(i.op1_register());
        match i.code() {
            Opcode::Mov_r64_rm64 | Opcode::Mov_rm64_r64 => Some(value),
            // A 32-bit copy keeps what has 32 bits.
            Opcode::Mov_r32_rm32 | Opcode::Mov_rm32_r32 | Opcode::Movsxd_r64_rm32 => match value {
                Value::EntryOfImage(_) | Value::EntryOfTable(_) | Value::TlsIndex => Some(value),
                Value::Constant { .. } => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// `lea`: the address of a place, or of something relative to a known base.
    fn address(&self, state: &State, i: &Instruction) -> Value {
        if let Some(place) = self.place(state, i) {
            return Value::Frame(place);
        }
        if i.is_ip_rel_memory_operand() {
            let target = Rva(i.ip_rel_memory_address() as u32);
            return if target.0 == 0 {
                Value::ImageBase
            } else {
                Value::Address(target)
            };
        }
        let base = state.get(i.memory_base());
        let index = state.get(i.memory_index());
        let displacement = i.memory_displacement64();
        if i.memory_index() == Register::None {
            match (base, u32::try_from(displacement)) {
                (value, Ok(0)) => return value,
                (Value::ImageBase, Ok(rva)) if self.could_be_rva(rva) => {
                    return Value::Address(Rva(rva));
                }
                (value, _) if value.may_be_base() => return value.biased(displacement as i32),
                _ => {}
            }
        } else if displacement == 0 && i.memory_index_scale() == 1 {
            let target = sum(base, index).or_else(|| sum(index, base));
            if let Some(target) = target {
                return target;
            }
        }
        if base.may_be_base() || index.may_be_base() {
            let bias = base.bias().or(index.bias()).unwrap_or(0);
            Value::MayBeImageBase(bias.wrapping_add(displacement as i32))
        } else {
            Value::Other
        }
    }

    /// A load: of the TLS array, index or block, or of a table's entry.
    fn load(&self, state: &State, i: &Instruction) -> Option<Value> {
        if i.memory_segment() == Register::GS && i.memory_displacement64() == TEB_TLS_ARRAY {
            return Some(Value::TlsArray);
        }
        if i.is_ip_rel_memory_operand() {
            let target = Rva(i.ip_rel_memory_address() as u32);
            let is_index = self.image.tls.as_ref().is_some_and(|t| t.index == target);
            if i.code() == Opcode::Movsxd_r64_rm32 {
                let section = self.image.section_at(target);
                let constant = section.is_some_and(|s| s.kind() == SectionKind::ReadOnly);
                return constant.then_some(Value::EntryOfTable(target));
            }
            if i.code() == Opcode::Mov_r64_rm64 && self.image.holds_base(target) {
                return Some(Value::ImageBase);
            }
            return is_index.then_some(Value::TlsIndex);
        }
        let base = state.get(i.memory_base());
        let index = state.get(i.memory_index());
        let indexed = i.memory_index() != Register::None;
        let pair = (base, index);
        if pair == (Value::TlsArray, Value::TlsIndex) || pair == (Value::TlsArray, Value::Other) {
            // The index is read from `_tls_index`, or known to be 0 in an executable.
            return Some(Value::TlsBlock);
        }
        if base == Value::TlsArray && !indexed {
            return Some(Value::TlsBlock);
        }
        let displacement = u32::try_from(i.memory_displacement64()).ok();
        match (i.code(), displacement) {
            (Opcode::Mov_r32_rm32, Some(table)) if table != 0 && indexed => {
                let relative = base == Value::ImageBase || index == Value::ImageBase;
                if relative {
                    return Some(Value::EntryOfImage(Rva(table)));
                }
            }
            // A displacement is part of the index: the first entry may have another number.
            (Opcode::Movsxd_r64_rm32, _) if indexed => {
                for value in [base, index] {
                    if let Value::Address(table) = value {
                        return Some(Value::EntryOfTable(table));
                    }
                }
                if matches!(i.memory_index_scale(), 1 | 4) {
                    return Some(Value::EntryBehind(i.memory_base().full_register()));
                }
            }
            (Opcode::Movsxd_r64_rm32, _) => {
                return Some(match base {
                    Value::Address(table) => Value::EntryOfTable(table),
                    _ => Value::EntryBehind(Register::None),
                });
            }
            _ => {}
        }
        // A load may bring back what was stored.
        let value = self.reloaded(state, self.place(state, i));
        Some(match i.code() {
            Opcode::Mov_r64_rm64 => value,
            _ if self.is_narrow(i.op0_register()) => Value::Other,
            _ => value.merge(Value::Other),
        })
    }

    /// An instruction that is not understood: what it writes is derived from what it reads.
    fn overwrite(&mut self, state: &mut State, i: &Instruction, at: u32) {
        let info = self.info.info(i);
        let writes = |access: OpAccess| {
            matches!(
                access,
                OpAccess::Write
                    | OpAccess::CondWrite
                    | OpAccess::ReadWrite
                    | OpAccess::ReadCondWrite
            )
        };
        let reads = |r: &UsedRegister| r.access() != OpAccess::Write;
        let registers = || info.used_registers().iter();
        let from_vector = registers().any(|r| reads(r) && r.register().is_vector_register());
        let reloads = i.op_count() > 1 && i.op1_kind() == OpKind::Memory;
        let bias = registers().find_map(|r| state.get(r.register()).bias().filter(|_| reads(r)));
        let derived = registers().any(|r| reads(r) && state.get(r.register()).may_be_base())
            || (from_vector && self.seen.vector)
            || (reloads && (self.seen.escaped || self.seen.spilled) && is_wide(i));
        let written: Vec<Register> = info
            .used_registers()
            .iter()
            .filter(|r| writes(r.access()))
            .map(|r| r.register())
            .collect();
        let clears = matches!(i.mnemonic(), Mnemonic::Xor | Mnemonic::Sub)
            && i.op_count() == 2
            && i.op1_kind() == OpKind::Register
            && i.op0_kind() == OpKind::Register
            && i.op0_register() == i.op1_register();
        let is_block = |n: u32| {
            let reads = !matches!(info.op_access(n), OpAccess::None | OpAccess::Write);
            i.op_kind(n) == OpKind::Register
                && reads
                && state.get(i.op_register(n)) == Value::TlsBlock
        };
        let takes_block = !written.is_empty() && (0..i.op_count()).any(is_block);
        if takes_block && !clears {
            self.lose_block(at);
        }
        for register in written {
            self.seen.vector |= derived && register.is_vector_register();
            let value = if derived && !clears && !self.is_narrow(register) {
                Value::MayBeImageBase(bias.unwrap_or(0))
            } else {
                Value::Other
            };
            state.set(register, value);
        }
    }

    /// The displacement of a memory operand, where a register says what it means.
    fn memory_operand(
        &mut self,
        state: &State,
        i: &Instruction,
        offsets: &ConstantOffsets,
        at: u32,
    ) {
        let has_memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        // A sum of 32 bits is no address.
        let is_sum = i.mnemonic() == Mnemonic::Lea && self.is_narrow(i.op0_register());
        if !has_memory
            || is_sum
            || i.is_ip_rel_memory_operand()
            || i.memory_segment() == Register::GS
        {
            return;
        }
        let values = [state.get(i.memory_base()), state.get(i.memory_index())];
        let field = at + offsets.displacement_offset() as u32;
        let wide = offsets.displacement_size() == 4;
        let displacement = i.memory_displacement64() as u32;
        if displacement == 0 && i.memory_index_scale() == 1 {
            let _ = self.constant_and_base((values[0], values[1]), at);
        }
        if values.contains(&Value::TlsBlock) {
            self.tls_operand(&values, wide, field, displacement, (i, at));
        }
        let base_twice = values.iter().filter(|v| v.may_be_base()).count() > 1;
        let exact = values.contains(&Value::ImageBase) && !base_twice;
        let bias = values.iter().find_map(|v| v.bias()).unwrap_or(0);
        let place = displacement.wrapping_add(bias as u32);
        if wide && exact {
            self.note_image_relative(field, Rva(displacement));
        } else if wide && values.iter().any(|v| v.may_be_base()) && self.could_be_rva(place) {
            self.flow.uncertain.get_or_insert(at);
            push_once(&mut self.flow.possible, (field, Rva(place)));
        }
    }

    /// `[block+disp32]`, or `[block+register]` with a constant in the register.
    fn tls_operand(
        &mut self,
        values: &[Value; 2],
        wide: bool,
        field: u32,
        displacement: u32,
        (i, at): (&Instruction, u32),
    ) {
        let constant = values.iter().find_map(|v| match v {
            Value::Constant { value, field } => Some((*value, *field)),
            _ => None,
        });
        match constant {
            Some((value, field)) => push_once(&mut self.flow.thread_local, (field, value)),
            None if wide => push_once(&mut self.flow.thread_local, (field, displacement)),
            None => match self.offset_behind(i, at) {
                Some(offset) => push_once(&mut self.flow.thread_local, offset),
                None => {
                    self.flow.uncertain_thread_local.get_or_insert(at);
                }
            },
        }
    }

    /// The offset that is added to the block and an index right behind the `lea` that added
    /// those two, before anything is done with the sum.
    fn offset_behind(&mut self, i: &Instruction, at: u32) -> Option<(u32, u32)> {
        if i.mnemonic() != Mnemonic::Lea || i.memory_displacement64() != 0 {
            return None;
        }
        let register = i.op0_register();
        let from = at as usize + i.len();
        let mut decoder = Decoder::new(64, self.bytes.get(from..)?, DecoderOptions::NONE);
        for _ in 0..NEAR {
            let start = decoder.position();
            let next = decoder.can_decode().then(|| decoder.decode())?;
            let offsets = decoder.get_constant_offsets(&next);
            let is_own = next.op_count() == 2 && next.op0_kind() == OpKind::Register;
            if next.mnemonic() == Mnemonic::Add
                && is_own
                && next.op0_register() == register
                && offsets.immediate_size() == 4
            {
                let field = from + start + offsets.immediate_offset();
                return Some((field as u32, next.immediate32to64() as u32));
            }
            let used = self.info.info(&next).used_registers().iter();
            let mut used = used.map(|r| r.register().full_register());
            if next.flow_control() != FlowControl::Next || used.any(|r| r == register) {
                return None;
            }
        }
        None
    }

    pub(super) fn note_image_relative(&mut self, field: u32, target: Rva) {
        push_once(&mut self.flow.image_relative, (field, target));
        let own = self.rva.0..self.rva.0 + self.bytes.len() as u32;
        if own.contains(&target.0) {
            self.end_code(target);
        }
    }

    /// A table inside the function: code ends where the first one begins.
    fn end_code(&mut self, table: Rva) {
        let offset = table.0 - self.rva.0;
        let end = self.flow.code_end.map_or(offset, |e| e.min(offset));
        self.flow.code_end = Some(end);
    }

    /// Whether a displacement could be an RVA of this image.
    pub(super) fn could_be_rva(&self, displacement: u32) -> bool {
        let first = self.image.sections.first().map_or(0, |s| s.rva.0);
        (first..self.image.size_of_image).contains(&displacement)
    }

    fn jump(&mut self, state: &State, i: &Instruction, at: u32) {
        if i.op0_kind() != OpKind::Register {
            return;
        }
        let Value::Target(table, image_relative) = state.get(i.op0_register()) else {
            return;
        };
        let found = FoundTable {
            table: SwitchTable {
                base: if image_relative { Rva(0) } else { table },
                branch: Rva(self.rva.0 + at),
                table,
                entries: 0,
                entry: if image_relative {
                    SwitchEntry::Unsigned(4)
                } else {
                    SwitchEntry::Signed(4)
                },
            },
            image_relative,
        };
        let own = self.rva.0..self.rva.0 + self.bytes.len() as u32;
        if own.contains(&table.0) {
            self.end_code(table);
        }
        push_once(&mut self.flow.tables, found);
    }
}

/// Entry plus base gives the address of a case.
pub(super) fn sum(entry: Value, base: Value) -> Option<Value> {
    match (entry, base) {
        (Value::EntryOfImage(table), Value::ImageBase) => Some(Value::Target(table, true)),
        (Value::EntryOfTable(table), Value::Address(address)) if table == address => {
            Some(Value::Target(table, false))
        }
        _ => None,
    }
}

/// Whether an instruction reads as much as an address has.
fn is_wide(i: &Instruction) -> bool {
    i.memory_size().size() >= 8
}

pub(super) fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
