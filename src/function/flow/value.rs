//! What a register can hold, as far as it matters.

use iced_x86::Register;

use crate::addr::Rva;

/// The abstract value of a general-purpose register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing that layout hides in.
    Other,
    /// The address of the image.
    ImageBase,
    /// May be the address of the image, or derived from it.
    MayBeImageBase,
    /// The address of this place in the image.
    Address(Rva),
    /// A constant from the immediate field at this offset of the code.
    Constant {
        /// The value.
        value: u32,
        /// Offset of the 32-bit immediate.
        field: u32,
    },
    /// The thread's TLS array.
    TlsArray,
    /// The module's TLS index.
    TlsIndex,
    /// The module's TLS block of this thread.
    TlsBlock,
    /// An entry of the table at this place, relative to the image base.
    EntryOfImage(Rva),
    /// An entry of the table at this place, relative to the table.
    EntryOfTable(Rva),
    /// An entry of a table whose address was in this register, without it being known; no
    /// register where it was read through a pointer to one entry.
    EntryBehind(Register),
    /// The address that such an entry leads to; `true` for entries relative to the image.
    Target(Rva, bool),
}

impl Value {
    /// What is known where two paths meet.
    fn merge(self, other: Value) -> Value {
        if self == other {
            return self;
        }
        if self.may_be_base() || other.may_be_base() {
            Value::MayBeImageBase
        } else {
            Value::Other
        }
    }

    /// Whether it may be, or be derived from, the image base.
    pub fn may_be_base(self) -> bool {
        matches!(self, Value::ImageBase | Value::MayBeImageBase)
    }
}

/// Registers that calls and unwinding preserve (Microsoft x64 calling convention).
const NON_VOLATILE: [Register; 8] = [
    Register::RBX,
    Register::RBP,
    Register::RSI,
    Register::RDI,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// The sixteen general-purpose registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    registers: [Value; 16],
}

impl State {
    /// At the entry of a function: no caller passes an image base that RVAs are added to.
    pub fn entry() -> Self {
        State {
            registers: [Value::Other; 16],
        }
    }

    /// Where an exception handler goes on: registers that calls preserve may hold the image
    /// base, if the function puts it anywhere.
    pub fn after_exception() -> Self {
        let mut state = State::entry();
        for register in NON_VOLATILE {
            state.set(register, Value::MayBeImageBase);
        }
        state
    }

    /// Register by register.
    pub fn merge(&self, other: &State) -> State {
        let mut merged = *self;
        for (mine, theirs) in merged.registers.iter_mut().zip(other.registers) {
            *mine = mine.merge(theirs);
        }
        merged
    }

    /// The value of a register or a part of one.
    pub fn get(&self, register: Register) -> Value {
        match index(register) {
            Some(index) => self.registers[index],
            None => Value::Other,
        }
    }

    /// Sets a register.
    pub fn set(&mut self, register: Register, value: Value) {
        if let Some(index) = index(register) {
            self.registers[index] = value;
        }
    }
}

fn index(register: Register) -> Option<usize> {
    let full = register.full_register();
    full.is_gpr64().then(|| full.number())
}
