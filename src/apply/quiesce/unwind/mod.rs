//! Walks a stopped thread's stack frame by frame, with the unwind information that x64
//! programs must have (`.pdata`, `.xdata`).
//!
//! Pure: memory comes from a [`Memory`]. A walk is either complete, from the instruction
//! pointer to the thread's first frame, or it says where it got stuck. Nothing is guessed:
//! a walk that got stuck proves nothing.
//!
//! Not suitable for 32-bit code, or for code made at run time whose unwind information is
//! known to the system alone.

mod codes;
mod epilog;
mod map;
mod step;
#[cfg(test)]
mod tests;

use crate::apply::target::Registers;
pub use map::CodeMap;
pub use step::Stuck;

/// Memory and code of a stopped process.
pub trait Memory {
    /// Fills `buffer` from `at`; `None` where any byte can't be read.
    fn read(&self, at: u64, buffer: &mut [u8]) -> Option<()>;

    /// The unwind table entry that covers `address`.
    fn entry(&self, address: u64) -> Lookup;

    /// The word at `at`.
    fn word(&self, at: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        self.read(at, &mut bytes)?;
        Some(u64::from_le_bytes(bytes))
    }
}

/// What the unwind tables say about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is in no code that is known.
    NoCode,
    /// It is in code that has no entry: a function that neither calls nor moves the stack
    /// pointer.
    Leaf,
    /// It is in a function with this entry.
    Function(Entry),
}

/// An entry of an unwind table (`RUNTIME_FUNCTION`), absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the addresses of the table are relative to.
    pub base: u64,
    /// First byte of the function.
    pub begin: u64,
    /// First byte after it.
    pub end: u64,
    /// Its unwind information.
    pub info: u64,
}

/// More frames than any thread has with the stack that Windows gives it by default.
const MAX_FRAMES: usize = 100_000;

/// Registers while frames are taken off, by their x64 numbers; 4 is the stack pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    rip: u64,
    registers: [u64; 16],
}

const RSP: usize = 4;

impl Context {
    fn new(registers: &Registers) -> Self {
        let mut all = [0; 16];
        all[..RSP].copy_from_slice(&registers.integer[..RSP]);
        all[RSP] = registers.rsp;
        all[RSP + 1..].copy_from_slice(&registers.integer[RSP..]);
        Context {
            rip: registers.rip,
            registers: all,
        }
    }

    fn rsp(&self) -> u64 {
        self.registers[RSP]
    }

    /// An address in the function that is executed. A return address may be that of the next
    /// function: a call may be the last instruction of its own.
    fn inside(&self, stopped: bool) -> u64 {
        match stopped {
            true => self.rip,
            false => self.rip.wrapping_sub(1),
        }
    }
}

/// A walk that came to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Where all callers of a thread's function are, the nearest first: an address inside of
    /// the call that each is making, or of the instruction at which it was interrupted.
    pub callers: Vec<u64>,
    /// First address that belongs to no frame. Of what is there or above, the walk says
    /// nothing: it ends at a return address of 0, and code that lies about its frame can make
    /// it find one.
    pub end: u64,
}

/// Takes all frames off a thread's stack, which ends at `stack_base`.
///
/// # Errors
/// Where a frame can't be taken off, or the walk leaves the stack.
pub fn walk<M: Memory + ?Sized>(
    memory: &M,
    registers: &Registers,
    stack_base: u64,
) -> Result<Walk, Stuck> {
    let mut callers = Vec::new();
    let end = walk_into(memory, registers, stack_base, &mut callers)?;
    Ok(Walk { callers, end })
}

/// [`walk`], which leaves the callers that it came upon in `callers` however it ends.
///
/// # Errors
/// As for [`walk`].
pub(super) fn walk_into<M: Memory + ?Sized>(
    memory: &M,
    registers: &Registers,
    stack_base: u64,
    callers: &mut Vec<u64>,
) -> Result<u64, Stuck> {
    let mut context = Context::new(registers);
    let mut stopped = true;
    for _ in 0..MAX_FRAMES {
        let before = context.rsp();
        stopped = step::step(memory, &mut context, stopped)?;
        // Every frame holds at least its return address.
        if context.rsp() <= before || context.rsp() > stack_base {
            return Err(Stuck::OffStack(context.rsp()));
        }
        // The first function of a thread has nowhere to return to.
        if context.rip == 0 {
            return Ok(context.rsp());
        }
        callers.push(context.inside(stopped));
    }
    Err(Stuck::Endless)
}
