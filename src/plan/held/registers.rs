//! Which registers have to do with the address of a constant.

use iced_x86::Register;

use crate::function::convention::{ARGUMENTS, VOLATILE};

/// The first vector register that a call preserves.
const FIRST_PRESERVED_VECTOR: usize = 6;

/// Which registers hold the address, and which lead to an object in a frame that holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Registers {
    held: u16,
    /// Those of them that hold the address of a constant that leads to the one.
    containers: u16,
    leading: u16,
    /// Those that may hold a number of the code.
    numbers: u16,
    vectors: u32,
    /// Arguments on the stack that hold the address.
    arguments: u8,
}

impl Registers {
    /// Whether none has to do with it.
    pub fn is_empty(self) -> bool {
        self.held == 0 && self.leading == 0 && self.vectors == 0 && self.arguments == 0
    }

    pub fn add(&mut self, other: Registers) {
        self.held |= other.held;
        self.containers |= other.containers;
        self.leading |= other.leading;
        self.numbers |= other.numbers;
        self.vectors |= other.vectors;
    }

    /// Whether a register, of any kind, holds the address.
    pub fn holds(self, register: Register) -> bool {
        self.held & bit(register) != 0 || self.vectors & vector_bit(register) != 0
    }

    /// Whether what a register holds is the address of a constant that leads to the one.
    pub fn is_container(self, register: Register) -> bool {
        self.containers & bit(register) != 0
    }

    /// Whether a register leads to an object that holds it.
    pub fn leads(self, register: Register) -> bool {
        self.leading & bit(register) != 0
    }

    pub fn set_held(&mut self, register: Register, value: bool) {
        self.held &= !bit(register);
        self.containers &= !bit(register);
        self.vectors &= !vector_bit(register);
        if value {
            self.held |= bit(register);
            self.vectors |= vector_bit(register);
        }
    }

    /// Notes that a register holds the address of a constant that leads to the one.
    pub fn set_container(&mut self, register: Register) {
        self.containers |= bit(register) & self.held;
    }

    pub fn set_leading(&mut self, register: Register, value: bool) {
        self.leading &= !bit(register);
        if value {
            self.leading |= bit(register);
        }
    }

    /// Whether what a register holds may be a number of the code, and no other address.
    pub fn may_be_number(self, register: Register) -> bool {
        self.numbers & bit(register) != 0
    }

    pub fn set_number(&mut self, register: Register, value: bool) {
        self.numbers &= !bit(register);
        if value {
            self.numbers |= bit(register);
        }
    }

    /// Whether an argument on the stack holds the address, by its number among those.
    pub fn is_argument(self, number: u32) -> bool {
        self.arguments & (1 << number) != 0
    }

    pub fn set_argument(&mut self, number: u32) {
        self.arguments |= 1 << number;
    }

    /// What a function that is called gets of it in registers.
    pub fn handed(self) -> Registers {
        let arguments = ARGUMENTS.into_iter().fold(0, |all, r| all | bit(r));
        Registers {
            held: self.held & arguments,
            containers: self.containers & arguments,
            leading: self.leading & arguments,
            ..Registers::default()
        }
    }

    /// What is left of it after a call.
    pub fn after_call(&mut self) {
        for register in VOLATILE {
            self.set_held(register, false);
            self.set_leading(register, false);
            self.set_number(register, false);
        }
        self.vectors &= u32::MAX << FIRST_PRESERVED_VECTOR;
    }
}

fn bit(register: Register) -> u16 {
    let full = register.full_register();
    match full.is_gpr64() {
        true => 1 << full.number(),
        false => 0,
    }
}

fn vector_bit(register: Register) -> u32 {
    match register.is_vector_register() {
        true => 1 << register.number(),
        false => 0,
    }
}
