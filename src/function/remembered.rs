//! Answers about a program that take long to find and are asked for again and again.

use std::cell::RefCell;
use std::collections::HashMap;

use super::FunctionIndex;
use super::uses::Use;
use crate::addr::Rva;

/// What a function does with an address: the function, the field that holds the address, and
/// where the object begins that may end there, with its size.
pub type UseQuestion = (FunctionIndex, u32, Rva, u32);

/// What was found so far. It holds as long as the program is not changed.
#[derive(Debug, Default)]
pub struct Remembered {
    uses: RefCell<HashMap<UseQuestion, Use>>,
    extents: RefCell<HashMap<Rva, u32>>,
}

impl Remembered {
    /// What a function does with an address.
    pub fn used(&self, question: UseQuestion) -> Option<Use> {
        self.uses.borrow().get(&question).copied()
    }

    /// Keeps what a function does with an address.
    pub fn note_use(&self, question: UseQuestion, found: Use) {
        self.uses.borrow_mut().insert(question, found);
    }

    /// How far an object without a symbol reaches, in bytes.
    pub fn extent(&self, rva: Rva) -> Option<u32> {
        self.extents.borrow().get(&rva).copied()
    }

    /// Keeps how far an object without a symbol reaches.
    pub fn note_extent(&self, rva: Rva, extent: u32) {
        self.extents.borrow_mut().insert(rva, extent);
    }
}
