//! Names for what an operand refers to.

use iced_x86::{ConstantOffsets, Instruction, OpKind};

use crate::diff::place_text;
use crate::function::{Place, Program, Reference, ReferenceKind};

/// How much of a string literal is shown.
const SHOWN: usize = 40;
/// The widest constant that is shown by its value, in bytes.
const MAX_VALUE: u16 = 16;

/// The number that the formatter asks a name for, where the field at this offset of the
/// instruction holds a reference.
pub fn address(instruction: &Instruction, offsets: &ConstantOffsets, field: u32) -> Option<u64> {
    if offsets.has_displacement() && offsets.displacement_offset() as u32 == field {
        return Some(if instruction.is_ip_rel_memory_operand() {
            instruction.ip_rel_memory_address()
        } else {
            instruction.memory_displacement64()
        });
    }
    if !offsets.has_immediate() || offsets.immediate_offset() as u32 != field {
        return None;
    }
    let mut operands = 0..instruction.op_count();
    operands.find_map(|operand| match instruction.op_kind(operand) {
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
            Some(instruction.near_branch_target())
        }
        OpKind::Register | OpKind::Memory => None,
        _ => instruction.try_immediate(operand).ok(),
    })
}

/// What a reference leads to, as it stands in an operand.
pub fn name(program: &Program<'_>, reference: &Reference) -> String {
    if reference.kind == ReferenceKind::ThreadLocal {
        return format!("thread-local+{:#x}", reference.target.0);
    }
    match program.place(reference.target) {
        Place::Constant => constant(program, reference),
        Place::SwitchTable(_) => "switch table".into(),
        Place::Variable => "unnamed variable".into(),
        Place::Headers(0) => "image base".into(),
        _ => place_text(program, reference.target),
    }
}

fn constant(program: &Program<'_>, reference: &Reference) -> String {
    let bytes = program.image.rest_of_section(reference.target);
    let bytes = bytes.unwrap_or(&[]);
    if let ReferenceKind::Access(size @ 1..=MAX_VALUE) = reference.kind
        && let Some(value) = bytes.get(..usize::from(size))
        && (program.image.relocations_in(reference.target, size.into())).is_empty()
    {
        let digits: String = value.iter().rev().map(|b| format!("{b:02x}")).collect();
        return format!("const 0x{digits}");
    }
    let text = bytes.iter().take(256).position(|b| *b == 0);
    match text {
        Some(length) if length > 0 && bytes[..length].iter().all(is_printable) => {
            let text = String::from_utf8_lossy(&bytes[..length.min(SHOWN)]);
            let more = if length > SHOWN { "…" } else { "" };
            format!("{text:?}{more}")
        }
        _ => "const".into(),
    }
}

fn is_printable(byte: &u8) -> bool {
    (0x20..0x7f).contains(byte) || matches!(byte, b'\n' | b'\t' | b'\r')
}
