//! Takes one frame off.

use super::{Context, Lookup, Memory, RSP, codes, epilog};

/// Why a walk could not go on. Addresses are absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// An instruction pointer outside of all known code.
    NoCode(u64),
    /// A function in the middle of the stack that has no unwind information.
    NoInfo(u64),
    /// Unwind information that isn't understood.
    Info(u64),
    /// Memory that can't be read.
    Unreadable(u64),
    /// The stack pointer left the stack, or moved the wrong way.
    OffStack(u64),
    /// A return address that no call instruction precedes.
    NoCall(u64),
    /// No end in sight.
    Endless,
}

/// Takes the innermost frame off. `stopped`: the instruction pointer is where the thread
/// stopped or was interrupted; otherwise it is a return address. Says which of these it is
/// afterwards.
pub(super) fn step<M: Memory + ?Sized>(
    memory: &M,
    context: &mut Context,
    stopped: bool,
) -> Result<bool, Stuck> {
    let rip = context.rip;
    if !stopped && !follows_call(memory, rip) {
        return Err(Stuck::NoCall(rip));
    }
    match memory.entry(context.inside(stopped)) {
        Lookup::NoCode => return Err(Stuck::NoCode(rip)),
        Lookup::Leaf if stopped => {}
        Lookup::Leaf => return Err(Stuck::NoInfo(rip)),
        Lookup::Function(entry) => {
            if stopped && epilog::finish(memory, entry, context)? {
                return Ok(false);
            }
            if codes::undo(memory, entry, context)? {
                return Ok(true);
            }
        }
    }
    let rsp = context.rsp();
    context.rip = memory.word(rsp).ok_or(Stuck::Unreadable(rsp))?;
    context.registers[RSP] = rsp.wrapping_add(8);
    Ok(false)
}

/// Whether the bytes before a return address can be a call.
fn follows_call<M: Memory + ?Sized>(memory: &M, address: u64) -> bool {
    let mut b = [0; 8];
    if memory.read(address.wrapping_sub(8), &mut b).is_none() {
        return false;
    }
    // call rel32
    if b[3] == 0xe8 {
        return true;
    }
    // call r/m64 (ff /2) with 0, 1, 4 or 5 bytes of SIB and displacement.
    [6, 5, 4, 2, 1].into_iter().any(|at| {
        let modrm = b[at + 1];
        let (mode, rm) = (modrm >> 6, modrm & 7);
        let sib = usize::from(mode != 3 && rm == 4);
        let displacement = match mode {
            0 if rm == 5 || (sib == 1 && at + 2 < 8 && b[at + 2] & 7 == 5) => 4,
            1 => 1,
            2 => 4,
            _ => 0,
        };
        b[at] == 0xff && modrm & 0x38 == 0x10 && at + 2 + sib + displacement == 8
    })
}
