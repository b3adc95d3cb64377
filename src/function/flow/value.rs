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
    /// May be the address of the image, or derived from it: this number was added, as far as
    /// that is known, and others may have been.
    MayBeImageBase(i32),
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
    /// The address of this place of the function's own stack frame.
    Frame(FramePlace),
}

/// A place of the stack frame: the instruction that set the stack pointer to an unknown
/// address (none: the entry), and the distance from there.
pub type FramePlace = (u32, i32);

impl Value {
    /// What is known where two paths meet.
    pub fn merge(self, other: Value) -> Value {
        if self == other {
            return self;
        }
        if self.may_be_base() || other.may_be_base() {
            Value::MayBeImageBase(self.bias().or(other.bias()).unwrap_or(0))
        } else {
            Value::Other
        }
    }

    /// Whether it may be, or be derived from, the image base.
    pub fn may_be_base(self) -> bool {
        matches!(self, Value::ImageBase | Value::MayBeImageBase(_))
    }

    /// The number that was added to what may be the address of the image; `None` where none
    /// is known.
    pub fn bias(self) -> Option<i32> {
        match self {
            Value::MayBeImageBase(bias) if bias != 0 => Some(bias),
            _ => None,
        }
    }

    /// What may be the address of the image, with this number added.
    pub fn biased(self, by: i32) -> Value {
        Value::MayBeImageBase(self.bias().unwrap_or(0).wrapping_add(by))
    }
}

/// Registers that calls and unwinding preserve (Microsoft x64 calling convention).
pub const NON_VOLATILE: [Register; 8] = [
    Register::RBX,
    Register::RBP,
    Register::RSI,
    Register::RDI,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// The sixteen general-purpose registers, and what the function keeps in its stack frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    registers: [Value; 16],
    /// Eight bytes each that hold something else than [`Value::Other`], ascending.
    slots: Vec<(FramePlace, Value)>,
    /// What is in the frame is not known.
    pub lost: bool,
}

impl State {
    /// At the entry of a function: no caller passes an image base that RVAs are added to.
    pub fn entry() -> Self {
        let mut state = State {
            registers: [Value::Other; 16],
            slots: Vec::new(),
            lost: false,
        };
        state.set(Register::RSP, Value::Frame((0, 0)));
        state
    }

    /// Where an exception handler goes on: registers that calls preserve may hold the image
    /// base, if the function puts it anywhere, and so may its frame.
    pub fn after_exception() -> Self {
        let mut state = State::entry();
        for register in NON_VOLATILE {
            state.set(register, Value::MayBeImageBase(0));
        }
        state.set(Register::RSP, Value::Other);
        state.lost = true;
        state
    }

    /// Register by register, slot by slot.
    pub fn merge(&self, other: &State) -> State {
        let mut merged = self.clone();
        for (mine, theirs) in merged.registers.iter_mut().zip(other.registers) {
            *mine = mine.merge(theirs);
        }
        let places = self
            .slots
            .iter()
            .chain(&other.slots)
            .map(|(place, _)| *place);
        for place in places.collect::<Vec<_>>() {
            merged.store(place, self.slot(place).merge(other.slot(place)));
        }
        merged.lost |= other.lost;
        merged
    }

    /// What eight bytes of the frame hold.
    pub fn slot(&self, place: FramePlace) -> Value {
        let at = self.slots.binary_search_by_key(&place, |(p, _)| *p);
        at.map_or(Value::Other, |at| self.slots[at].1)
    }

    /// Overwrites eight bytes of the frame, and whatever shares a byte with them.
    pub fn store(&mut self, place: FramePlace, value: Value) {
        let shares = |p: FramePlace| p.0 == place.0 && (p.1 - place.1).abs() < 8;
        self.slots.retain(|(p, _)| !shares(*p));
        if value != Value::Other {
            let at = self.slots.partition_point(|(p, _)| *p < place);
            self.slots.insert(at, (place, value));
        }
    }

    /// Whether a place of the frame holds a value.
    pub fn keeps(&self, value: Value) -> bool {
        self.slots.iter().any(|(_, kept)| *kept == value)
    }

    /// What the frame holds may have been overwritten by others.
    pub fn doubt_slots(&mut self) {
        for (_, value) in &mut self.slots {
            *value = value.merge(Value::Other);
        }
        self.slots.retain(|(_, value)| *value != Value::Other);
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
