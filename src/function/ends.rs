//! Where execution goes on that runs off the end of a function.

use iced_x86::{Decoder, DecoderOptions, Mnemonic};

use super::{FunctionIndex, Place, Program, Reference, ReferenceKind};
use crate::addr::Rva;

/// Padding between two functions, at most.
const MAX_PADDING: usize = 256;

/// The code that a function falls through into: right behind it, or behind nops. `None`
/// where its end is not reached, or where execution stops there.
pub fn falls_into(program: &Program<'_>, function: FunctionIndex) -> Option<Rva> {
    match program.code_of(function).open_end {
        true => behind_padding(program, program.function(function).end()),
        false => None,
    }
}

/// The code that execution comes to from a place in padding.
fn behind_padding(program: &Program<'_>, from: Rva) -> Option<Rva> {
    let rest = program.image.rest_of_section(from)?;
    let rest = &rest[..rest.len().min(MAX_PADDING)];
    let mut decoder = Decoder::with_ip(64, rest, from.0.into(), DecoderOptions::NONE);
    loop {
        let at = Rva(decoder.ip() as u32);
        if program.function_at(at).is_some() {
            return Some(at);
        }
        if !decoder.can_decode() || decoder.decode().mnemonic() != Mnemonic::Nop {
            return None;
        }
    }
}

/// Whether a short branch leads out of what the object file contributed. The object format has
/// no relocation for it (PE Format, "x64 Processors" of the type indicators), so that it is
/// none, but part of a table between code.
pub fn is_too_far(program: &Program<'_>, function: FunctionIndex, branch: &Reference) -> bool {
    let own = program
        .symbols
        .contribution_at(program.function(function).rva);
    let outside = own.is_some_and(|c| {
        let inside = c.rva.0..c.rva.0.saturating_add(c.size);
        !inside.contains(&branch.target.0)
    });
    branch.kind == ReferenceKind::Branch8 && outside
}

/// Branches into the padding before a function lead to that function.
pub fn lead_branches_on(program: &mut Program<'_>) {
    for function in program.function_indices() {
        for at in 0..program.code_of(function).references.len() {
            let reference = &program.code_of(function).references[at];
            let branches = matches!(
                reference.kind,
                ReferenceKind::Branch8 | ReferenceKind::Branch32
            );
            if branches
                && !is_too_far(program, function, reference)
                && program.place(reference.target) == Place::Nowhere
                && let Some(target) = behind_padding(program, reference.target)
            {
                program.code[function.0 as usize].references[at].target = target;
            }
        }
    }
}
