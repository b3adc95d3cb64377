//! The entry of an old function: whether a redirect fits, and the gate behind it.
//!
//! The gate's way back into the old function runs the instructions that the redirect
//! covers, copied. A short conditional jump among them is widened, since its target is
//! far away then.

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register,
};

use super::{Fixup, FixupKind, FixupTarget, unwind};
use crate::addr::Rva;
use crate::finding::{Finding, Rule, rules::code};
use crate::function::{
    FunctionIndex, Handler, Program, Reference, ReferenceKind, length_without_padding,
};
use crate::payload::names::REDIRECT_LEN;

/// The displaced instructions of an old function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The instructions under the redirect, and the jump to what follows them.
    pub bytes: Vec<u8>,
    /// Fields in `bytes` that hold places.
    pub fixups: Vec<Fixup>,
    /// `UNWIND_INFO` of the old function, which holds for its displaced start as well.
    pub unwind: Option<Vec<u8>>,
    /// How many bytes from the entry on the redirect covers.
    pub covered: u32,
}

/// Plans the redirect of an old function.
///
/// # Errors
/// The hazard that makes it impossible.
pub fn plan(program: &Program<'_>, function: FunctionIndex) -> Result<Gate, Finding> {
    plan_given(program, function, || branch_into_entry(program, function))
}

/// As [`plan`], with another way to find who leads into the bytes after the first.
pub fn plan_given(
    program: &Program<'_>,
    function: FunctionIndex,
    branch_into_entry: impl FnOnce() -> Option<String>,
) -> Result<Gate, Finding> {
    let f = program.function(function);
    let refuse =
        |rule: &'static Rule, detail: String| Err(Finding::about(rule, f.display_name(), detail));
    if let Some(room) = missing_room(program, function) {
        let detail = format!("the function and its padding have {room} bytes");
        return refuse(&code::TOO_SHORT, detail);
    }
    if let Some(from) = branch_into_entry() {
        let detail = format!("{from} leads into the first {REDIRECT_LEN} bytes");
        return refuse(&code::BRANCH_INTO_ENTRY, detail);
    }
    let decoded = program.code_of(function);
    if decoded
        .references
        .iter()
        .any(|r| r.kind == ReferenceKind::Absolute && r.at < REDIRECT_LEN)
    {
        let detail = "the first instructions hold an absolute address".to_owned();
        return refuse(&code::ENTRY_NOT_MOVABLE, detail);
    }
    let info = unwind::of_entry(program, f.rva);
    let safety = match &info {
        None => Unwinding::None,
        Some((_, None)) => Unwinding::Plain,
        // This one ignores everything but what C++ code throws.
        Some((_, Some(handler))) if program.handler_at(*handler) == Some(Handler::Gxx) => {
            Unwinding::Thrown
        }
        Some((_, Some(_))) => Unwinding::Handled,
    };
    let info = info.map(|(bytes, _)| bytes);
    match displace(program, function, safety) {
        Ok((bytes, fixups)) => Ok(Gate {
            bytes,
            fixups,
            unwind: info,
            covered: REDIRECT_LEN,
        }),
        Err(reason) => refuse(&code::ENTRY_NOT_MOVABLE, reason),
    }
}

/// How many bytes there are, where they are too few: the function itself and the padding
/// up to the next code.
fn missing_room(program: &Program<'_>, function: FunctionIndex) -> Option<u32> {
    let f = program.function(function);
    if f.size >= REDIRECT_LEN {
        return None;
    }
    let next = program.functions.get(function.0 as usize + 1);
    let limit = next.map_or(u32::MAX, |n| n.rva.0);
    let bytes = program.image.rest_of_section(f.end()).unwrap_or(&[]);
    let room = (limit.saturating_sub(f.end().0) as usize).min(bytes.len());
    // What is code there would be a function; int3 and nops of any length fill the gap.
    let is_padding = length_without_padding(&bytes[..room]) == 0;
    let padding = if is_padding { room as u32 } else { 0 };
    let total = f.size + padding;
    (total < REDIRECT_LEN).then_some(total)
}

/// Who branches or points into the bytes after the first that the redirect covers.
fn branch_into_entry(program: &Program<'_>, function: FunctionIndex) -> Option<String> {
    let f = program.function(function);
    let inside = |rva: Rva| rva > f.rva && rva.0 < f.rva.0 + REDIRECT_LEN;
    let own = program.code_of(function).lowest_branch_target;
    if own.is_some_and(|offset| inside(Rva(f.rva.0 + offset))) {
        return Some("a branch of the function itself".into());
    }
    for (index, other) in program.code.iter().enumerate() {
        if other.references.iter().any(|r| inside(r.target)) {
            return Some(program.functions[index].display_name());
        }
    }
    let pointers = program.image.base_relocations.iter();
    let mut targets = pointers.filter_map(|p| program.image.pointer_at(*p));
    if targets.any(inside) {
        return Some("a pointer in the image".into());
    }
    let mut tables = program.switch_tables.iter();
    tables
        .any(|t| {
            program
                .image
                .switch_targets(t)
                .is_some_and(|list| list.into_iter().any(inside))
        })
        .then(|| "a switch table".into())
}

type Displaced = (Vec<u8>, Vec<Fixup>);

/// What is known about unwinding through displaced instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unwinding {
    /// The function has no unwind information.
    None,
    /// It has, without a handler.
    Plain,
    /// It has a handler for exceptions of C++ alone.
    Thrown,
    /// It has a handler for every kind of exception.
    Handled,
}

/// Whether an exception can come out of what an instruction calls.
fn may_throw(instruction: &Instruction) -> bool {
    matches!(
        instruction.flow_control(),
        FlowControl::Call
            | FlowControl::IndirectCall
            | FlowControl::Interrupt
            | FlowControl::Exception
    )
}

/// Whether an instruction itself can raise an exception: by memory other than the stack and
/// the image's own, or by arithmetic.
fn may_fault(instruction: &Instruction) -> bool {
    let touches = (0..instruction.op_count()).any(|n| instruction.op_kind(n) == OpKind::Memory);
    let own = [Register::RSP, Register::RIP].contains(&instruction.memory_base());
    let harmless = matches!(instruction.mnemonic(), Mnemonic::Lea | Mnemonic::Nop);
    let divides = matches!(instruction.mnemonic(), Mnemonic::Div | Mnemonic::Idiv);
    divides || (touches && !own && !harmless)
}

/// Copies instructions until the redirect is covered, and adds the jump to the rest.
fn displace(
    program: &Program<'_>,
    function: FunctionIndex,
    unwinding: Unwinding,
) -> Result<Displaced, String> {
    let f = program.function(function);
    let source = program.bytes_of(function);
    let references = &program.code_of(function).references;
    let mut decoder = Decoder::with_ip(64, source, f.rva.0.into(), DecoderOptions::NONE);
    let (mut bytes, mut fixups) = (Vec::new(), Vec::new());
    let mut widened_at = None;
    let mut ends = false;
    let mut instruction = Instruction::default();
    while decoder.position() < REDIRECT_LEN as usize && decoder.can_decode() && !ends {
        let start = decoder.position();
        decoder.decode_out(&mut instruction);
        let end = decoder.position();
        let original = &source[start..end];
        match instruction.flow_control() {
            FlowControl::Call | FlowControl::IndirectCall if unwinding == Unwinding::None => {
                return Err(format!("a call at +{start:#x} could not be unwound"));
            }
            // The handlers of the old code are not there for what is displaced.
            _ if (unwinding >= Unwinding::Thrown && may_throw(&instruction))
                || (unwinding == Unwinding::Handled && may_fault(&instruction)) =>
            {
                return Err(format!("an exception at +{start:#x} could not be handled"));
            }
            FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch
                if is_inner(&instruction, f.rva, f.size) =>
            {
                let target = Rva(instruction.near_branch_target() as u32);
                widened_at.get_or_insert(start);
                widen(&instruction, original, target, &mut bytes, &mut fixups)?;
            }
            _ => {
                copy(original, start, references, &mut bytes, &mut fixups)?;
            }
        }
        ends = matches!(
            instruction.flow_control(),
            FlowControl::Return | FlowControl::UnconditionalBranch | FlowControl::IndirectBranch
        );
    }
    if let Some(at) = widened_at {
        // Unwind codes count from the entry; they must not count across what was widened.
        let prologue_ends = prologue_length(program, f.rva);
        if prologue_ends > at as u32 {
            return Err(format!("the branch at +{at:#x} lies inside the prologue"));
        }
    }
    if !ends {
        let rest = Rva(f.rva.0 + decoder.position() as u32);
        jump(&mut bytes, &mut fixups, &[0xe9], rest);
    }
    Ok((bytes, fixups))
}

fn prologue_length(program: &Program<'_>, rva: Rva) -> u32 {
    let entry = program.image.runtime_function_at(rva);
    let info = entry.and_then(|e| program.image.unwind_info(e.info).ok());
    info.map_or(0, |i| i.prologue.into())
}

/// Whether a branch leads to another place of its own function.
fn is_inner(instruction: &Instruction, entry: Rva, size: u32) -> bool {
    let target = instruction.near_branch_target();
    let start = u64::from(entry.0);
    let direct = instruction.is_jmp_short_or_near()
        || instruction.is_jcc_short_or_near()
        || instruction.is_jcx_short()
        || instruction.is_loop()
        || instruction.is_loopcc();
    direct && (start..start + u64::from(size)).contains(&target)
}

/// Copies an instruction with its references.
fn copy(
    original: &[u8],
    start: usize,
    references: &[Reference],
    bytes: &mut Vec<u8>,
    fixups: &mut Vec<Fixup>,
) -> Result<(), String> {
    let from = bytes.len();
    bytes.extend_from_slice(original);
    for reference in references {
        let at = reference.at as usize;
        if at < start || at >= start + original.len() {
            continue;
        }
        if reference.kind == ReferenceKind::Branch8 {
            return Err(format!(
                "a one-byte branch at +{start:#x} leaves the function"
            ));
        }
        let field = from + at - start;
        bytes[field..field + 4].fill(0);
        fixups.push(Fixup {
            at: field as u32,
            kind: FixupKind::Relative(reference.trailing),
            target: FixupTarget::Old(reference.target),
            addend: 0,
        });
    }
    Ok(())
}

/// Writes a branch within the function with a 32-bit displacement.
fn widen(
    instruction: &Instruction,
    original: &[u8],
    target: Rva,
    bytes: &mut Vec<u8>,
    fixups: &mut Vec<Fixup>,
) -> Result<(), String> {
    let opcode: Vec<u8> = if instruction.is_jmp_short_or_near() {
        vec![0xe9]
    } else if instruction.is_jcc_short_or_near() {
        // 70+cc rel8 and 0F 80+cc rel32 have the condition in the low four bits.
        let condition = match original {
            [short @ 0x70..=0x7f, _] => short & 0xf,
            [0x0f, near @ 0x80..=0x8f, ..] => near & 0xf,
            _ => return Err(format!("a conditional jump with prefixes: {original:02x?}")),
        };
        vec![0x0f, 0x80 | condition]
    } else {
        return Err("a loop or jrcxz has no form with a 32-bit displacement".into());
    };
    jump(bytes, fixups, &opcode, target);
    Ok(())
}

fn jump(bytes: &mut Vec<u8>, fixups: &mut Vec<Fixup>, opcode: &[u8], target: Rva) {
    bytes.extend_from_slice(opcode);
    fixups.push(Fixup {
        at: bytes.len() as u32,
        kind: FixupKind::Relative(0),
        target: FixupTarget::Old(target),
        addend: 0,
    });
    bytes.extend_from_slice(&[0; 4]);
}
