//! Numbers that are added to the address of the image: an RVA makes a place of it, any other
//! one leads beside it, and is to be made up for by the displacements that follow.

use iced_x86::{Instruction, Mnemonic, OpKind};

use super::Pass;
use super::step::push_once;
use super::value::Value;
use crate::addr::Rva;

impl Pass<'_> {
    /// A number added to what is, or may be, the image base.
    pub(super) fn sum_of_base(
        &mut self,
        base: Value,
        number: u32,
        field: u32,
        at: u32,
    ) -> Option<Value> {
        let number = number.wrapping_add(base.bias().unwrap_or(0) as u32);
        if !base.may_be_base() || !self.could_be_rva(number) {
            return None;
        }
        if base == Value::ImageBase {
            self.note_image_relative(field, Rva(number));
            return Some(Value::Address(Rva(number)));
        }
        self.flow.uncertain.get_or_insert(at);
        push_once(&mut self.flow.possible, (field, Rva(number)));
        None
    }

    /// A number in a register, added to what is, or may be, the image base.
    pub(super) fn constant_and_base(&mut self, pair: (Value, Value), at: u32) -> Option<Value> {
        match pair {
            (base, Value::Constant { value, field }) | (Value::Constant { value, field }, base) => {
                self.sum_of_base(base, value, field, at)
            }
            _ => None,
        }
    }
}

/// Whether the second operand of an instruction is a number.
pub(super) fn is_immediate(i: &Instruction) -> bool {
    i.op_count() == 2 && !matches!(i.op1_kind(), OpKind::Register | OpKind::Memory)
}

/// What may be the address of the image, and a number that is no RVA added or taken away.
pub(super) fn shifted(base: Value, i: &Instruction) -> Option<Value> {
    let by = match i.mnemonic() {
        Mnemonic::Inc => 1,
        Mnemonic::Dec => -1,
        Mnemonic::Sub => (i.immediate(1) as i32).wrapping_neg(),
        _ => i.immediate(1) as i32,
    };
    base.may_be_base().then(|| base.biased(by))
}
