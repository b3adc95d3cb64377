//! The entry of an old function: whether a redirect fits, and the gate behind it.
//!
//! The gate's way back into the old function runs the instructions that the redirect
//! covers, copied. Where five bytes do not fit, or must not be overwritten, two may do: they
//! jump to a relay in padding nearby. A short conditional jump among them is widened, since its target is
//! far away then.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};

use super::relays::Relays;
use super::{Fixup, FixupKind, FixupTarget, unwind};
use crate::addr::Rva;
use crate::finding::{Finding, Rule, rules::code};
use crate::function::{
    Event, FunctionIndex, Guarded, Program, Reference, ReferenceKind, decode_out,
    length_without_padding,
};
use crate::image::UnwindInfo;
use crate::payload::names::{REDIRECT_LEN, SHORT_REDIRECT_LEN};

/// The displaced instructions of an old function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The instructions under the redirect, and the jump to what follows them.
    pub bytes: Vec<u8>,
    /// Fields in `bytes` that hold places.
    pub fixups: Vec<Fixup>,
    /// `UNWIND_INFO` of the old function, which holds for its displaced start as well.
    pub unwind: Option<Vec<u8>>,
    /// How many bytes from the entry on the redirect covers: five, or two where it leads to
    /// a relay.
    pub covered: u32,
    /// Where the relay goes.
    pub relay: Option<Rva>,
    /// Where it may go instead: see [`Relays::padding`].
    pub padding: Vec<(Rva, u32)>,
}

/// Plans the redirect of an old function.
///
/// # Errors
/// The hazard that makes it impossible.
pub fn plan(
    program: &Program<'_>,
    function: FunctionIndex,
    relays: &Relays,
) -> Result<Gate, Finding> {
    plan_given(program, function, relays, |length| {
        branch_into_entry(program, function, length)
    })
}

/// As [`plan`], with another way to find who leads into the bytes after the first.
pub fn plan_given(
    program: &Program<'_>,
    function: FunctionIndex,
    relays: &Relays,
    branch_into_entry: impl Fn(u32) -> Option<String>,
) -> Result<Gate, Finding> {
    let long = redirect(program, function, REDIRECT_LEN, &branch_into_entry);
    let Err(problem) = long else {
        return long;
    };
    // Two bytes may do where five do not.
    let short = redirect(program, function, SHORT_REDIRECT_LEN, &branch_into_entry).ok();
    let entry = program.function(function).rva;
    match (short, relays.near(entry)) {
        (Some(gate), Some(relay)) => Ok(Gate {
            relay: Some(relay),
            padding: relays.padding(entry),
            ..gate
        }),
        _ => Err(problem),
    }
}

fn redirect(
    program: &Program<'_>,
    function: FunctionIndex,
    length: u32,
    branch_into_entry: impl Fn(u32) -> Option<String>,
) -> Result<Gate, Finding> {
    let f = program.function(function);
    let refuse =
        |rule: &'static Rule, detail: String| Err(Finding::about(rule, f.display_name(), detail));
    if let Some(room) = missing_room(program, function, length) {
        let detail = format!("the function and its padding have {room} bytes");
        return refuse(&code::TOO_SHORT, detail);
    }
    if let Some(from) = branch_into_entry(length) {
        let detail = format!("{from} leads into the first {length} bytes");
        return refuse(&code::BRANCH_INTO_ENTRY, detail);
    }
    let decoded = program.code_of(function);
    if decoded
        .references
        .iter()
        .any(|r| r.kind == ReferenceKind::Absolute && r.at < length)
    {
        let detail = "the first instructions hold an absolute address".to_owned();
        return refuse(&code::ENTRY_NOT_MOVABLE, detail);
    }
    let info = unwind::of_entry(program, f.rva);
    match displace(program, function, length, info.as_ref()) {
        Ok(displaced) => Ok(Gate {
            unwind: info.map(|info| displaced.unwind(&info).to_bytes()),
            bytes: displaced.bytes,
            fixups: displaced.fixups,
            covered: length,
            relay: None,
            padding: Vec::new(),
        }),
        Err(reason) => refuse(&code::ENTRY_NOT_MOVABLE, reason),
    }
}

/// How many bytes there are, where they are too few: the function itself and the padding
/// up to the next code.
fn missing_room(program: &Program<'_>, function: FunctionIndex, length: u32) -> Option<u32> {
    let f = program.function(function);
    if f.size >= length {
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
    (total < length).then_some(total)
}

/// Who branches or points into the bytes after the first that the redirect covers.
fn branch_into_entry(
    program: &Program<'_>,
    function: FunctionIndex,
    length: u32,
) -> Option<String> {
    let f = program.function(function);
    let inside = |rva: Rva| rva > f.rva && rva.0 < f.rva.0 + length;
    let own = program.code_of(function).lowest_branch_target;
    if own.is_some_and(|offset| inside(Rva(f.rva.0 + offset))) {
        return Some("a branch of the function itself".into());
    }
    for (index, other) in program.code.iter().enumerate() {
        if other.references.iter().any(|r| inside(r.target)) {
            return Some(program.functions[index].display_name());
        }
    }
    if program.image.pointers().any(|(_, to)| inside(to)) {
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

/// Instructions under the redirect, copied.
#[derive(Default)]
struct Displaced {
    bytes: Vec<u8>,
    fixups: Vec<Fixup>,
    /// The end of each instruction: in the function, and in the copy.
    ends: Vec<(u8, u8)>,
}

impl Displaced {
    fn unwind(&self, info: &UnwindInfo) -> UnwindInfo {
        info.of_copy(|end| {
            let found = self.ends.iter().find(|(from, _)| *from == end);
            found.map(|(_, to)| *to)
        })
    }
}

/// What is known about unwinding through displaced instructions.
struct Unwinding {
    entry: Rva,
    /// Offset of the end of the prologue, up to which no handler is in force.
    prologue: u32,
    /// The function has unwind information.
    described: bool,
    /// Where its handler does anything, if it has one.
    guarded: Option<Guarded>,
}

impl Unwinding {
    fn of(program: &Program<'_>, entry: Rva, info: Option<&UnwindInfo>) -> Self {
        let handler = info.and_then(|i| i.handler);
        let guarded = handler.map(|(handler, at)| {
            let known = program.handler_at(handler);
            let data = known.and_then(|form| form.read(program.image, at));
            data.map(|d| d.guarded).unwrap_or_default()
        });
        Unwinding {
            entry,
            prologue: info.map_or(0, |i| i.prologue.into()),
            described: info.is_some(),
            guarded,
        }
    }

    /// Why an instruction cannot be displaced that is at these offsets.
    fn forbids(&self, instruction: &Instruction, at: (u32, u32)) -> Option<&'static str> {
        let calls = matches!(
            instruction.flow_control(),
            FlowControl::Call | FlowControl::IndirectCall
        );
        if !self.described && calls {
            return Some("could not be unwound");
        }
        let acts = |event| {
            let guarded = self.guarded.as_ref();
            at.0 >= self.prologue && guarded.is_some_and(|g| g.acts(self.entry, at, event))
        };
        let handled = (may_throw(instruction) && acts(Event::Call))
            || (may_fault(instruction) && acts(Event::Fault));
        // The handlers of the old code are not there for what is displaced.
        handled.then_some("could not be handled")
    }
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
    length: u32,
    info: Option<&UnwindInfo>,
) -> Result<Displaced, String> {
    let f = program.function(function);
    let source = program.bytes_of(function);
    let references = &program.code_of(function).references;
    let unwinding = Unwinding::of(program, f.rva, info);
    let mut decoder = Decoder::with_ip(64, source, f.rva.0.into(), DecoderOptions::NONE);
    let mut displaced = Displaced::default();
    let mut ends = false;
    let mut instruction = Instruction::default();
    while decoder.position() < length as usize && decoder.can_decode() && !ends {
        let start = decoder.position();
        decode_out(&mut decoder, source, &mut instruction);
        if instruction.is_invalid() {
            return Err(format!("there is no instruction at +{start:#x}"));
        }
        let end = decoder.position();
        let original = &source[start..end];
        let at = (start as u32, end as u32);
        if let Some(reason) = unwinding.forbids(&instruction, at) {
            return Err(format!("an exception at +{start:#x} {reason}"));
        }
        if is_inner(&instruction, f.rva, f.size)
            || instruction.is_jcc_short()
            || instruction.is_jmp_short()
        {
            let target = Rva(instruction.near_branch_target() as u32);
            widen(&instruction, original, target, &mut displaced)?;
        } else {
            copy(original, start, references, &mut displaced)?;
        }
        displaced
            .ends
            .push((end as u8, displaced.bytes.len() as u8));
        ends = matches!(
            instruction.flow_control(),
            FlowControl::Return | FlowControl::UnconditionalBranch | FlowControl::IndirectBranch
        );
    }
    if !ends {
        let rest = Rva(f.rva.0 + decoder.position() as u32);
        jump(&mut displaced, &[0xe9], rest);
    }
    Ok(displaced)
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
    displaced: &mut Displaced,
) -> Result<(), String> {
    let Displaced { bytes, fixups, .. } = displaced;
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
        let Some(field_bytes) = bytes.get_mut(field..field + 4) else {
            return Err(format!("a reference at +{at:#x} is not in one instruction"));
        };
        field_bytes.fill(0);
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
    displaced: &mut Displaced,
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
    jump(displaced, &opcode, target);
    Ok(())
}

fn jump(displaced: &mut Displaced, opcode: &[u8], target: Rva) {
    let Displaced { bytes, fixups, .. } = displaced;
    bytes.extend_from_slice(opcode);
    fixups.push(Fixup {
        at: bytes.len() as u32,
        kind: FixupKind::Relative(0),
        target: FixupTarget::Old(target),
        addend: 0,
    });
    bytes.extend_from_slice(&[0; 4]);
}
