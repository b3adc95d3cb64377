//! What the instructions around an `lea` say of the object whose address is taken: numbers
//! that may be its length, and how it is accessed.

use iced_x86::{FlowControl, Instruction, Mnemonic, OpKind, Register};

use super::code::Use;
use crate::addr::Rva;
use crate::function::convention::{ARGUMENTS, PRESERVED};

/// How far from the `lea` a number may be, in instructions.
const NEAR: u32 = 12;
/// Lengths above this are not looked for.
const MAX_LENGTH: u64 = 1 << 20;

/// Collects uses in one pass over the instructions of a function.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// What was found: the address that is taken, and the use.
    pub found: Vec<(Rva, Use)>,
    /// Memory some way behind or before such an address is accessed.
    pub displaces: bool,
    count: u32,
    /// Addresses that were taken a short while ago, into which register, and when.
    taken: Vec<(Rva, Register, u32)>,
    /// Numbers that were met a short while ago, and when.
    numbers: Vec<(Number, u32)>,
    /// Registers that hold such addresses.
    holders: Vec<(Register, Rva)>,
}

impl Uses {
    pub fn instruction(&mut self, i: &Instruction) {
        self.count += 1;
        let near = |at: u32| self.count - at <= NEAR;
        self.taken.retain(|(_, _, at)| near(*at));
        self.numbers.retain(|(_, at)| near(*at));
        if let Some(number) = Number::of(i) {
            let taken = self.taken.iter();
            self.found
                .extend(taken.map(|(rva, holder, _)| (*rva, number.beside(*holder))));
            self.numbers.push((number, self.count));
        }
        self.access(i);
        self.write(i);
        if i.mnemonic() == Mnemonic::Lea && i.is_ip_rel_memory_operand() {
            let target = Rva(i.ip_rel_memory_address() as u32);
            let register = i.op0_register().full_register();
            let numbers = self.numbers.iter();
            self.found
                .extend(numbers.map(|(n, _)| (target, n.beside(register))));
            self.taken.push((target, register, self.count));
            self.holders.push((register, target));
        }
    }

    /// A memory operand whose base or index holds an address.
    fn access(&mut self, i: &Instruction) {
        let has_memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        if !has_memory || i.is_ip_rel_memory_operand() {
            return;
        }
        let (base, index) = (i.memory_base(), i.memory_index());
        let size = i.memory_size().size() as u32;
        for &(register, target) in &self.holders {
            if register == base.full_register() && index == Register::None {
                self.displaces |= i.memory_displacement64() != 0;
                let end = i.memory_displacement64().saturating_add(size.into());
                if end <= MAX_LENGTH && size > 0 {
                    self.found.push((target, Use::Reaches(end as u32)));
                }
            } else if register == base.full_register()
                || (register == index.full_register() && i.memory_index_scale() == 1)
            {
                let element = match i.memory_index_scale() {
                    1 => size.min(u8::MAX.into()) as u8,
                    scale => scale as u8,
                };
                self.found.push((target, Use::Elements(element)));
            }
        }
    }

    /// Forgets what an instruction overwrites.
    fn write(&mut self, i: &Instruction) {
        if matches!(
            i.flow_control(),
            FlowControl::Call | FlowControl::IndirectCall
        ) {
            // What was in the other registers was for this call.
            let survives = |r: &Register| *r == Register::None || PRESERVED.contains(r);
            self.holders.retain(|(r, _)| survives(r));
            self.taken.retain(|(_, r, _)| survives(r));
            self.numbers.retain(|(n, _)| survives(&n.register));
            return;
        }
        if i.op_count() == 0
            || i.op0_kind() != OpKind::Register
            || matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test)
        {
            return;
        }
        let written = i.op0_register().full_register();
        let copied = (i.mnemonic() == Mnemonic::Mov && i.op1_kind() == OpKind::Register)
            .then(|| i.op1_register().full_register());
        let held: Vec<Rva> = self
            .holders
            .iter()
            .filter(|(r, _)| Some(*r) == copied)
            .map(|(_, target)| *target)
            .collect();
        self.holders.retain(|(r, _)| *r != written);
        self.holders
            .extend(held.into_iter().map(|target| (written, target)));
    }
}

/// A number in an instruction that may be a length or a count.
#[derive(Clone, Copy, Debug)]
struct Number {
    value: u32,
    /// It is only compared with, or counted by.
    compared: bool,
    /// Where it is put.
    register: Register,
}

impl Number {
    fn of(i: &Instruction) -> Option<Number> {
        let stack = |r: Register| matches!(r.full_register(), Register::RSP | Register::RBP);
        let value = match i.mnemonic() {
            Mnemonic::Add | Mnemonic::Sub if stack(i.op0_register()) => return None,
            Mnemonic::Mov | Mnemonic::Cmp | Mnemonic::Push | Mnemonic::Add | Mnemonic::Sub => {
                (0..i.op_count()).find_map(|n| i.try_immediate(n).ok())?
            }
            // `lea edx,[rax+14]` where rax is known to hold 0.
            Mnemonic::Lea
                if !i.is_ip_rel_memory_operand()
                    && i.memory_index() == Register::None
                    && !stack(i.memory_base()) =>
            {
                i.memory_displacement64()
            }
            _ => return None,
        };
        let register = match i.op_count() > 0 && i.op0_kind() == OpKind::Register {
            true => i.op0_register().full_register(),
            false => Register::None,
        };
        // What is added to 32 bits is added to no address, and is no length of its own.
        let added = matches!(i.mnemonic(), Mnemonic::Add | Mnemonic::Sub) && !register_is_wide(i);
        (2..=MAX_LENGTH).contains(&value).then_some(Number {
            value: value as u32,
            compared: i.mnemonic() == Mnemonic::Cmp || added,
            register,
        })
    }

    /// What the number may be to an object whose address is in a register. Of arguments, the
    /// length is the next one.
    fn beside(self, holder: Register) -> Use {
        let argument = |r: Register| ARGUMENTS.iter().position(|a| *a == r);
        let next = match (argument(holder), argument(self.register)) {
            (Some(pointer), Some(number)) => number == pointer + 1,
            _ => true,
        };
        match next && !self.compared {
            true => Use::Length(self.value),
            false => Use::Count(self.value),
        }
    }
}

fn register_is_wide(i: &Instruction) -> bool {
    i.op0_kind() == OpKind::Register && i.op0_register().is_gpr64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use iced_x86::{Decoder, DecoderOptions};

    fn uses_of(bytes: &[u8]) -> Vec<(Rva, Use)> {
        let mut uses = Uses::default();
        for i in Decoder::with_ip(64, bytes, 0x1000, DecoderOptions::NONE) {
            uses.instruction(&i);
        }
        uses.found.sort_unstable();
        uses.found
    }

    #[test]
    fn a_length_handed_over_beside_the_address_counts() {
        // lea rcx,[rip+0x100]; mov edx,14
        let code = [0x48, 0x8d, 0x0d, 0, 1, 0, 0, 0xba, 14, 0, 0, 0];
        assert_eq!(uses_of(&code), [(Rva(0x1107), Use::Length(14))]);
    }

    #[test]
    fn accesses_through_the_register_count_until_it_is_overwritten() {
        // lea rcx,[rip+0x100]; mov eax,[rcx+8]; mov eax,[rcx+rdx*4]; mov ecx,[rcx]; mov al,[rcx+64]
        let code = [
            0x48, 0x8d, 0x0d, 0, 1, 0, 0, 0x8b, 0x41, 8, 0x8b, 0x04, 0x91, 0x8b, 0x09, 0x8a, 0x41,
            64,
        ];
        let at = Rva(0x1107);
        assert_eq!(
            uses_of(&code),
            [
                (at, Use::Reaches(4)),
                (at, Use::Reaches(12)),
                (at, Use::Elements(4)),
            ]
        );
    }
}
