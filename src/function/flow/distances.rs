//! Tables of distances: entries that are added to the address of their own table.
//!
//! LLVM makes one of every constant table of pointers to constants of the same file. The
//! sum is formed by `add` or `lea`, or by the memory operand that reads what the entry leads
//! to: `movsxd rax,[rcx+rax*4]; mov eax,[rcx+rax+4]`.

use iced_x86::{Instruction, OpKind, Register};

use super::Pass;
use super::step::{push_once, sum};
use super::value::{State, Value};
use crate::addr::Rva;
use crate::image::SectionKind;

impl Pass<'_> {
    /// Notes what an instruction does with entries and with the addresses of tables.
    pub(super) fn distances(&mut self, state: &State, i: &Instruction, at: u32) {
        let has_memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        if has_memory && !i.is_ip_rel_memory_operand() && i.memory_segment() != Register::GS {
            let registers = (i.memory_base(), i.memory_index());
            let values = (state.get(registers.0), state.get(registers.1));
            if registers.1.is_vector_register() {
                // The index may hold entries.
                self.suspect(values.0, at);
            } else if registers.1 != Register::None && i.memory_index_scale() == 1 {
                self.pair(values, registers, at);
            }
        }
        let to_register = |n: u32| i.op_kind(n) == OpKind::Register;
        if i.op_count() < 2 {
            return;
        }
        let last = i.op_count() - 1;
        for n in (1..=last).filter(|n| to_register(*n)) {
            let value = state.get(i.op_register(n));
            let wide = i.op_register(n).is_gpr64();
            // What is kept in memory or in a vector register is lost sight of.
            if wide && i.op0_kind() == OpKind::Memory && matches!(value, Value::EntryOfTable(_)) {
                self.suspect(value, at);
            }
            if wide && to_register(0) && i.op0_register().is_vector_register() {
                self.suspect(value, at);
            }
        }
    }

    /// Two registers that are added. Certain is the sum of an entry and the address of its
    /// table. The sum of an entry and a register that held its table, which is not known to
    /// hold the address of one, may be one as well: it may have been kept on the stack
    /// meanwhile. So too the sum of a number that was read through a pointer, which may go
    /// from entry to entry, and of an address.
    pub(super) fn pair(
        &mut self,
        values: (Value, Value),
        registers: (Register, Register),
        at: u32,
    ) {
        for (entry, base) in [values, (values.1, values.0)] {
            if let Some(Value::Target(table, false)) = sum(entry, base) {
                return push_once(&mut self.flow.lookups, table);
            }
            if let (Value::EntryOfTable(inside), Value::Address(table)) = (entry, base)
                && self.is_entry(inside, table)
            {
                push_once(&mut self.flow.entries, inside);
                return push_once(&mut self.flow.lookups, table);
            }
        }
        let is = |value, register: Register| {
            register != Register::None && value == Value::EntryBehind(register.full_register())
        };
        let walked = |entry, base| {
            entry == Value::EntryBehind(Register::None) && matches!(base, Value::Address(_))
        };
        if is(values.0, registers.1)
            || is(values.1, registers.0)
            || walked(values.0, values.1)
            || walked(values.1, values.0)
        {
            self.flow.uncertain_table.get_or_insert(at);
        }
        for (value, other) in [values, (values.1, values.0)] {
            let known = matches!(other, Value::Constant { .. } | Value::ImageBase);
            let alone = matches!(value, Value::EntryOfTable(_)) || !known;
            if alone {
                self.suspect(value, at);
            }
        }
    }

    /// Whether a place can be an entry of a table.
    fn is_entry(&self, inside: Rva, table: Rva) -> bool {
        const MAX_BYTES: u32 = 1 << 18;
        let constant = |rva: Rva| {
            let section = self.image.section_at(rva);
            section.is_some_and(|s| s.kind() == SectionKind::ReadOnly)
        };
        inside > table
            && inside.0 - table.0 < MAX_BYTES
            && (inside.0 - table.0).is_multiple_of(4)
            && constant(table)
    }

    /// What is done with the address or an entry of a table is not understood.
    fn suspect(&mut self, value: Value, at: u32) {
        if let Value::Address(table) | Value::EntryOfTable(table) = value
            && !self.flow.suspects.iter().any(|(known, _)| *known == table)
        {
            self.flow.suspects.push((table, at));
        }
    }
}
