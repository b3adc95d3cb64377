//! Jumps in the dead padding of moved code, for one-byte branches that are too far from its end
//! to reach a jump behind it (see [`stubs`](super::stubs)).
//!
//! Assemblers fill up to the next loop with nops, also behind a jump or a return, where nothing
//! runs. Such a place is taken where no branch, no table and no pointer leads into it.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic};

use super::closure::Closure;
use super::unwind::entries_in;
use super::{Fixup, FixupKind, Hazard};
use crate::addr::Rva;
use crate::function::{FunctionIndex, Program, Reference, decode_out};

/// `jmp rel32`
const LENGTH: u32 = 5;

/// The jumps of one function.
#[derive(Default)]
pub struct Islands {
    /// Offsets of free padding and its length in bytes; `None` until it is looked for.
    free: Option<Vec<(u32, u32)>>,
    /// Offsets and targets of the jumps.
    taken: Vec<(u32, Rva)>,
}

impl Islands {
    /// The distance from a one-byte branch to a jump that leads on to its target. `None` where
    /// no padding is in reach.
    pub fn reach(
        &mut self,
        program: &Program<'_>,
        function: FunctionIndex,
        branch: &Reference,
    ) -> Option<i8> {
        let from = i64::from(branch.at + 1 + u32::from(branch.trailing));
        let distance = |at: u32| i8::try_from(i64::from(at) - from).ok();
        let mut known = self.taken.iter().filter(|(_, t)| *t == branch.target);
        if let Some(distance) = known.find_map(|(at, _)| distance(*at)) {
            return Some(distance);
        }
        let free = self.free.get_or_insert_with(|| dead(program, function));
        let place = free.iter().position(|(at, _)| distance(*at).is_some())?;
        let (at, _) = free.remove(place);
        self.taken.push((at, branch.target));
        distance(at)
    }

    /// The jumps: offset in the function, and target.
    pub fn jumps(&self) -> impl Iterator<Item = (u32, Rva)> + '_ {
        self.taken.iter().copied()
    }
}

/// Padding in a function that is never run, and that has room for a jump: offset and length.
fn dead(program: &Program<'_>, function: FunctionIndex) -> Vec<(u32, u32)> {
    let f = program.function(function);
    let bytes = program.bytes_of(function);
    let code = program.code_of(function);
    let Some(behind) = prologue(program, function) else {
        return Vec::new();
    };
    let is_field = |at: u32| code.references.iter().any(|r| r.at == at);
    let mut decoder = Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE);
    let mut entered: Vec<Rva> = Vec::new();
    let mut found: Vec<(u32, u32)> = Vec::new();
    // Where what follows a jump or a return begins.
    let mut open: Option<u32> = None;
    let mut i = Instruction::default();
    while decoder.can_decode() {
        let at = decoder.position() as u32;
        // A reference without an opcode begins the switch tables behind the code.
        if is_field(at) {
            break;
        }
        decode_out(&mut decoder, bytes, &mut i);
        if i.is_invalid() {
            return Vec::new();
        }
        if i.mnemonic() != Mnemonic::Nop
            && let Some(start) = open.take()
        {
            found.push((start, at - start));
        }
        let ends = matches!(
            i.flow_control(),
            FlowControl::UnconditionalBranch | FlowControl::Return
        );
        if ends {
            open = Some(at + i.len() as u32);
        }
        if i.near_branch_target() != 0 {
            entered.push(Rva(i.near_branch_target() as u32));
        }
    }
    let of_code = program.code.iter().flat_map(|c| &c.references);
    entered.extend(
        of_code
            .map(|r| r.target)
            .filter(|t| t.0.wrapping_sub(f.rva.0) < f.size),
    );
    let tables = program.switch_tables.iter();
    entered.extend(tables.flat_map(|t| program.image.switch_targets(t).unwrap_or_default()));
    entered.extend(program.labels_of(function));
    let is_free = |(start, len): &(u32, u32)| {
        let jump = f.rva.0 + start..f.rva.0 + start + LENGTH;
        *len >= LENGTH
            && *start >= behind
            && !entered.iter().any(|e| jump.contains(&e.0))
            && program
                .image
                .relocations_in(Rva(jump.start), LENGTH)
                .is_empty()
    };
    found.retain(is_free);
    found
}

/// The length of the prologue, behind which a thread is unwound in padding as where the branch
/// is: the function has no frame, or one range of unwind information, in which a jump out of the
/// function is known for the end of an epilogue.
fn prologue(program: &Program<'_>, function: FunctionIndex) -> Option<u32> {
    let f = program.function(function);
    match entries_in(program, f.rva, f.end()) {
        [] => Some(0),
        [one] if (one.begin, one.end) == (f.rva, f.end()) => {
            let info = program.image.unwind_info(one.info).ok()?;
            (info.version == 1).then_some(info.prologue.into())
        }
        _ => None,
    }
}

impl Closure<'_> {
    /// Writes a jump into padding.
    pub(super) fn add_island(
        &mut self,
        at: u32,
        target: Rva,
        bytes: &mut [u8],
        fixups: &mut Vec<Fixup>,
    ) -> Result<(), Hazard> {
        let (target, addend) = self.resolve(target, None)?;
        fixups.push(Fixup {
            at: at + 1,
            kind: FixupKind::Relative(0),
            target,
            addend,
        });
        fixups.sort_by_key(|f| f.at);
        bytes[at as usize..(at + LENGTH) as usize].copy_from_slice(&[0xe9, 0, 0, 0, 0]);
        Ok(())
    }
}
