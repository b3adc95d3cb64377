//! What a function does with an address that may be the start of one object or the end of the
//! one before it.
//!
//! * It reads or writes at the address, or behind it: the start is meant.
//! * It reads or writes before the address: the end is.
//! * It only compares it with pointers into the object before: the end is.
//! * It hands it to a function of the image: what that one does with its parameter counts.
//! * Everything else, such as storing it or handing it to others, leaves both open.
//!
//! The address may as well be loaded from a pointer that the compiler made to what another file
//! defines, or be an entry of a table of distances, which is added to the address of the table.
//!
//! A forward interpretation over registers and slots of the frame, of this one address only:
//! linear passes with a state per branch target, repeated until nothing changes. What holds
//! without the address is found once for all addresses; an address is followed from where it
//! is taken for as long as something holds it. Values are
//! sets of what a register may hold on some path, so that a loop's first round still shows
//! what its later ones do not. Where paths contradict each other, nothing is proven.

mod frame;
mod spread;
mod step;
mod value;
mod walk;

use std::cell::Cell;

use super::endings::End;
use super::remembered::Asked;
use super::{FunctionIndex, Place, Program, Reference};
use crate::addr::Rva;
use crate::function::convention::ARGUMENTS;
pub use spread::Base;
use value::State;
use walk::Walk;

/// What the uses of an address show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is the start of an object.
    Start,
    /// It is the end of the object before.
    End,
    /// It may be either, and serves only to read or write at places that are counted from it.
    Read,
    /// It may be either, and is only compared with other addresses.
    Compared,
    /// It may be either.
    Open,
}

/// Passes over the code until states are stable.
const MAX_PASSES: usize = 12;

/// Code that is longer than this is not followed.
const MAX_CODE: usize = 1 << 17;

/// The same of a function to which the address is handed.
const MAX_CALLEE: usize = 1 << 12;

/// Functions that hand the address on to each other.
const MAX_DEPTH: u32 = 3;

/// Bytes of code of all functions to which one address is handed.
const MAX_HANDED: usize = 1 << 13;

/// What a function does with the address that `reference` takes, where `end` may end there.
pub fn of(program: &Program<'_>, function: FunctionIndex, reference: &Reference, end: &End) -> Use {
    let start = Start {
        reference: Some(reference.at),
        loaded: program.import_pointer(reference.target).is_some(),
        table: None,
    };
    let asked = Asked::Reference(reference.at);
    remembered(program, function, (asked, start), end)
}

/// What a function does with an address that is an entry of the table of distances in a range,
/// where `end` may end there.
pub fn of_entries(
    program: &Program<'_>,
    function: FunctionIndex,
    table: (Rva, Rva),
    end: &End,
) -> Use {
    let start = Start {
        reference: None,
        loaded: false,
        table: Some(table),
    };
    remembered(program, function, (Asked::Table(table.0), start), end)
}

fn remembered(
    program: &Program<'_>,
    function: FunctionIndex,
    (asked, start): (Asked, Start),
    end: &End,
) -> Use {
    let question = (function, asked, end.start, end.len);
    program.remembered.used(question).unwrap_or_else(|| {
        let budget = Cell::new(MAX_HANDED);
        let followed = Followed {
            program,
            budget: &budget,
            start,
            before: (end.start, Rva(end.start.0 + end.len)),
            depth: 0,
        };
        let shown = followed.follow(function);
        let found = shown.map_or(Use::Open, Shown::verdict);
        program.remembered.note_use(question, found);
        found
    })
}

/// Where an address comes from.
#[derive(Clone, Copy, Default)]
struct Start {
    /// The field that holds it; `None` where the function is handed it.
    reference: Option<u32>,
    /// Whether that field leads to a pointer that holds the address (`.refptr.NAME`).
    loaded: bool,
    /// The table of distances that leads to it.
    table: Option<(Rva, Rva)>,
}

/// An address, on its way through one function.
#[derive(Clone, Copy)]
struct Followed<'f> {
    program: &'f Program<'f>,
    /// Bytes of code that may still be followed in functions to which it is handed.
    budget: &'f Cell<usize>,
    start: Start,
    /// The object before the address.
    before: (Rva, Rva),
    /// How many functions have handed it on.
    depth: u32,
}

impl Followed<'_> {
    /// What a function of at most `max` bytes shows that is entered with a state; `None` where
    /// that is not certain.
    fn through(self, function: FunctionIndex, entry: &State, max: usize) -> Option<Shown> {
        if self.program.bytes_of(function).len() > max {
            return None;
        }
        let mut walk = Walk::new(self, function);
        // What is called changes no state, so it is followed when all states are known.
        walk.settle(entry)?;
        walk.hands_on = true;
        walk.shown = Shown::default();
        walk.run(entry);
        Some(walk.shown)
    }

    /// What the function shows that begins at an address and is handed what the registers of
    /// arguments hold.
    fn handed_to(self, target: Rva, state: &State) -> Option<Shown> {
        let Place::Function(callee, 0) = self.program.place(target) else {
            return None;
        };
        let is_whole = self.program.function(callee).parts.is_empty()
            && self.program.falls_into(callee).is_none();
        if self.depth >= MAX_DEPTH || !is_whole {
            return None;
        }
        let size = self.program.bytes_of(callee).len();
        self.budget.set(self.budget.get().checked_sub(size)?);
        let mut entry = State::default();
        for register in ARGUMENTS {
            entry.set(register, state.get(register));
        }
        let inner = Followed {
            start: Start {
                table: self.start.table,
                ..Start::default()
            },
            depth: self.depth + 1,
            ..self
        };
        inner.through(callee, &entry, MAX_CALLEE)
    }
}

/// What was seen of an address so far.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    /// It was used to read or write at it or behind it.
    at_or_behind: bool,
    /// It was used to read or write before it.
    before: bool,
    /// It was used with an index of which no more is known.
    indexed: bool,
    /// It was compared with a pointer into the object before.
    compared: bool,
    /// It was compared with something else.
    with_others: bool,
    /// Something else was done with it.
    escaped: bool,
}

impl Shown {
    fn add(&mut self, other: Shown) {
        self.at_or_behind |= other.at_or_behind;
        self.before |= other.before;
        self.indexed |= other.indexed;
        self.compared |= other.compared;
        self.with_others |= other.with_others;
        self.escaped |= other.escaped;
    }

    fn verdict(self) -> Use {
        match (self.at_or_behind, self.before) {
            (true, false) => Use::Start,
            (false, true) => Use::End,
            (false, false) if self.escaped => Use::Open,
            (false, false) if self.with_others => match self.indexed || self.compared {
                true => Use::Open,
                false => Use::Compared,
            },
            (false, false) if self.compared && !self.indexed => Use::End,
            (false, false) if self.indexed && !self.compared => Use::Read,
            _ => Use::Open,
        }
    }
}
