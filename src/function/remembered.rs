//! Answers about a program that take long to find and are asked for again and again.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::FunctionIndex;
use super::handler::Block;
use super::uses::{Base, Use};
use crate::addr::Rva;

/// What a function does with an address: the function, where it has the address from, and
/// where the object begins that may end there, with its size.
pub type UseQuestion = (FunctionIndex, Asked, Rva, u32);

/// Where a function has an address from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// The field at this offset of the function.
    Reference(u32),
    /// An entry of the table of distances at this address.
    Table(Rva),
}

/// What was found so far. It holds as long as the program is not changed.
#[derive(Debug, Default)]
pub struct Remembered {
    uses: RefCell<HashMap<UseQuestion, Use>>,
    extents: RefCell<HashMap<Rva, u32>>,
    bases: RefCell<Bases>,
    handler_tables: OnceCell<Vec<Block>>,
}

/// What functions do without an address that is followed through them.
#[derive(Debug, Default)]
struct Bases {
    of: HashMap<FunctionIndex, Option<Arc<Base>>>,
    /// How much memory they take, in states.
    weight: usize,
}

/// More states than these are not kept: some 100 MB.
const MAX_STATES: usize = 1 << 18;

impl Remembered {
    /// The tables of all handler data, ascending.
    pub fn handler_tables(&self, find: impl FnOnce() -> Vec<Block>) -> &[Block] {
        self.handler_tables.get_or_init(find)
    }

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

    /// What a function does without an address; `find` finds it where it is not known.
    pub fn base(
        &self,
        function: FunctionIndex,
        find: impl FnOnce() -> Option<Arc<Base>>,
    ) -> Option<Arc<Base>> {
        if let Some(known) = self.bases.borrow().of.get(&function) {
            return known.clone();
        }
        let found = find();
        let mut bases = self.bases.borrow_mut();
        if bases.weight > MAX_STATES {
            *bases = Bases::default();
        }
        bases.weight += found.as_ref().map_or(1, |base| base.weight());
        bases.of.insert(function, found.clone());
        found
    }
}
