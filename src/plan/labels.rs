//! Labels of a replaced function whose addresses the running program may have.
//!
//! GNU C takes the address of a label (`&&label`) and goes to it later (`goto *p`). Who has
//! stored one goes on in the middle of the old code, for only the entry is redirected. A label
//! that the code uses up by itself, in registers and in its own frame, moves with the code.

use std::collections::BTreeSet;

use iced_x86::{Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, Register};

use super::held;
use crate::addr::Rva;
use crate::diff::place_text;
use crate::function::{FunctionIndex, Place, Program, Reference, ReferenceKind};

/// Who may go on in the middle of a function of the old build, in words.
pub fn kept(program: &Program<'_>, function: FunctionIndex) -> Option<String> {
    let parts = program.parts_of(function);
    let pieces: Vec<FunctionIndex> = std::iter::once(function).chain(parts).collect();
    let code = pieces.iter().map(|f| program.code_of(*f));
    let references: Vec<&Reference> = code.flat_map(|code| &code.references).collect();
    let constant = |at: Rva| {
        let used = |target: Rva| match program.place(target) {
            Place::Data(d, _) => {
                let item = program.datum(d);
                let inside = (item.rva..=Rva(item.rva.0 + item.size)).contains(&at);
                (inside && !item.writable).then_some(item.rva)
            }
            Place::Constant => {
                let inside = at.0.wrapping_sub(target.0) < program.anonymous_extent(target);
                inside.then_some(target)
            }
            _ => None,
        };
        references.iter().find_map(|r| used(r.target))
    };
    let (mut tables, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for at in pieces.iter().flat_map(|f| program.labels_of(*f)) {
        // A table that the function uses itself moves with it; all its labels fare alike.
        match constant(at) {
            None => return Some(format!("the pointer at {at} leads into the middle of it")),
            Some(table) if is_switch(program, at) || !tables.insert(table) => {}
            Some(_) => labels.extend(program.image.pointer_at(at)),
        }
    }
    let all = program.pieces_of(function);
    labels.extend(taken(program, function, function));
    labels.extend(all.iter().flat_map(|f| taken(program, function, *f)));
    labels.into_iter().find_map(|label| {
        let who = held::holder_of(program, (label, 1))?;
        let label = place_text(program, label);
        Some(format!(
            "{label} in the middle of it has its address taken, and {who}"
        ))
    })
}

/// Whether a pointer is in the table of a switch, from which it is only jumped to.
fn is_switch(program: &Program<'_>, at: Rva) -> bool {
    let mut tables = program.switch_tables.iter();
    tables.any(|t| at.0.wrapping_sub(t.table.0) < t.entries.saturating_mul(t.entry.width()))
}

/// The places in the middle of a function whose addresses a piece of it takes.
fn taken(program: &Program<'_>, function: FunctionIndex, piece: FunctionIndex) -> Vec<Rva> {
    let mut own = program.pieces_of(function);
    own.push(function);
    let is_label = |r: &&Reference| match program.place(r.target) {
        Place::Function(f, offset) => {
            r.kind == ReferenceKind::Address
                && own.contains(&f)
                && (offset > 0 || program.is_part(f))
                && program.instruction_starts(f).contains(&offset)
                && !(in_funclet(program, function, piece, r) && goes_on_there(program, piece, r))
        }
        _ => false,
    };
    let references = program.code_of(piece).references.iter();
    references.filter(is_label).map(|r| r.target).collect()
}

/// Whether the code that refers has an entry of its own in the function table, as funclets have,
/// with or without a symbol.
fn in_funclet(
    program: &Program<'_>,
    function: FunctionIndex,
    piece: FunctionIndex,
    reference: &Reference,
) -> bool {
    let at = Rva(program.function(piece).rva.0 + reference.at);
    let table = &program.image.runtime_functions;
    let after = table.partition_point(|e| e.begin <= at);
    let entry = after.checked_sub(1).map(|i| table[i].begin);
    entry.is_some_and(|begin| begin != program.function(function).rva)
}

/// Whether a funclet returns the address, and does nothing else with it: the run-time library
/// goes on there at once (Microsoft, "x64 exception handling": the continuation of a catch block).
fn goes_on_there(program: &Program<'_>, funclet: FunctionIndex, reference: &Reference) -> bool {
    let bytes = program.bytes_of(funclet);
    let decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut info = InstructionInfoFactory::new();
    let from = |i: &Instruction| i.next_ip() <= u64::from(reference.at);
    let mut rest = decoder.into_iter().skip_while(from);
    let takes =
        |i: &Instruction| i.mnemonic() == Mnemonic::Lea && i.op0_register() == Register::RAX;
    if !rest.next().is_some_and(|i| takes(&i)) {
        return false;
    }
    for i in rest {
        if i.mnemonic() == Mnemonic::Ret {
            return true;
        }
        let mut used = info.info(&i).used_registers().iter();
        if i.is_invalid() || used.any(|r| r.register().full_register() == Register::RAX) {
            return false;
        }
    }
    false
}
