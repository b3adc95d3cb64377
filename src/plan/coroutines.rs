//! Coroutines of C++ that may be waiting when the patch is applied.
//!
//! What a coroutine keeps while it waits lies in a frame that the compiler lays out for each
//! build anew, with the number of the point at which it waits. Nothing describes the frame of
//! optimised code. That it is the same shows only in the code: the function that makes the
//! frame did not change, and the one that goes on reads and writes the same places in it in
//! the same order.

use std::collections::BTreeMap;

use iced_x86::{
    Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register,
};

use crate::diff::Diff;
use crate::finding::{Finding, rules};
use crate::function::{FunctionIndex, Program, ReferenceKind};

/// How Microsoft's compiler names the functions that go on with a coroutine, or end it.
const MICROSOFT: [&str; 2] = ["$_ResumeCoro$", "$_DestroyCoro$"];

/// The changed functions in which a coroutine goes on whose frame may be another one.
pub fn findings(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> Vec<Finding> {
    if diff.is_identity() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut by_name: Option<BTreeMap<String, Vec<FunctionIndex>>> = None;
    let is_changed = |f: FunctionIndex| diff.functions.changed.iter().any(|c| c.old == f);
    for change in &diff.functions.changed {
        let name = old.function(change.old).display_name();
        let by_name = by_name.get_or_insert_with(|| namesakes(old));
        let list = by_name.get(base_of(&name)).map_or(&[][..], Vec::as_slice);
        let mut makers = list.iter().copied();
        let Some(maker) = makers.find(|f| makes(old, *f, list, change.old)) else {
            continue;
        };
        let same = !is_changed(maker)
            && frame_accesses(old, change.old) == frame_accesses(new, change.new);
        if !same {
            let detail = "it goes on with a coroutine, and that the frame of one that waits is \
                          what the new code takes it for could not be proven";
            let rule = &rules::code::COROUTINE;
            found.push(Finding::about(rule, name, detail.to_owned()));
        }
    }
    found
}

/// The name of the coroutine that a function belongs to.
fn base_of(name: &str) -> &str {
    let end = name.find("$_").filter(|_| name.contains("Coro$"));
    &name[..end.unwrap_or(name.len())]
}

/// The functions of one name where several have it.
fn namesakes(program: &Program<'_>) -> BTreeMap<String, Vec<FunctionIndex>> {
    let mut all: BTreeMap<String, Vec<FunctionIndex>> = BTreeMap::new();
    for function in program.function_indices() {
        let f = program.function(function);
        if let Some(name) = f.names.first() {
            let list = all.entry(base_of(&name.name).to_owned()).or_default();
            list.push(function);
        }
    }
    all.retain(|_, list| list.len() > 1);
    all
}

/// Whether a function makes the frame with which another one goes on: it takes the addresses
/// of that one, and of another of its name, which is the one that ends the coroutine.
fn makes(
    program: &Program<'_>,
    maker: FunctionIndex,
    namesakes: &[FunctionIndex],
    part: FunctionIndex,
) -> bool {
    if maker == part {
        return false;
    }
    let module = |f: FunctionIndex| program.function(f).names.first().and_then(|n| n.module);
    let references = &program.code_of(maker).references;
    let takes = |f: &FunctionIndex| {
        let rva = program.function(*f).rva;
        let mut all = references.iter();
        all.any(|r| r.target == rva && r.kind != ReferenceKind::Branch32)
    };
    let others = namesakes.iter().filter(|f| **f != maker && **f != part);
    let name = program.function(part).display_name();
    let by_name = MICROSOFT.iter().any(|n| name.contains(n));
    module(maker) == module(part) && (by_name || (takes(&part) && others.into_iter().any(takes)))
}

/// A place behind a pointer that code reads or writes.
#[derive(PartialEq, Eq)]
struct Access {
    displacement: u64,
    size: usize,
    scale: u32,
    writes: bool,
    /// The number that is written or compared, as that of the point where it waits is.
    number: Option<u64>,
}

/// What a function reads and writes behind pointers, in the order of its code.
fn frame_accesses(program: &Program<'_>, function: FunctionIndex) -> Vec<Access> {
    let bytes = program.bytes_of(function);
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut factory = InstructionInfoFactory::new();
    let mut i = Instruction::default();
    let mut all = Vec::new();
    while decoder.can_decode() {
        decoder.decode_out(&mut i);
        let memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        let base = i.memory_base();
        let computes = i.mnemonic() == Mnemonic::Lea;
        if !memory || computes || i.is_ip_rel_memory_operand() || base == Register::RSP {
            continue;
        }
        let used = factory.info(&i);
        let writes = used.used_memory().iter().any(|m| {
            let reads = matches!(m.access(), OpAccess::Read | OpAccess::CondRead);
            !reads && m.access() != OpAccess::NoMemAccess
        });
        let last = i.op_count().saturating_sub(1);
        all.push(Access {
            displacement: i.memory_displacement64(),
            size: i.memory_size().size(),
            scale: match i.memory_index() {
                Register::None => 0,
                _ => i.memory_index_scale(),
            },
            writes,
            number: i.try_immediate(last).ok(),
        });
    }
    all
}
