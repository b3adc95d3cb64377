//! Tables and texts that assembler files keep between their code, which reads as instructions.

use crate::function::{FunctionIndex, FunctionSource, Place, Program, Reference, ReferenceKind};

/// How far behind itself a reference leads, if what reads as a field is none; it is then a
/// number, and the same where the distance is.
pub fn distance(
    program: &Program<'_>,
    function: FunctionIndex,
    reference: &Reference,
) -> Option<u32> {
    let at = program.function(function).rva.0.wrapping_add(reference.at);
    is_no_field(program, function, reference).then(|| reference.target.0.wrapping_sub(at))
}

/// Whether what reads as a field of an instruction is none, but part of a table between code:
///
/// * a branch to where no code is,
/// * a short branch out of what the object file contributed,
/// * in code without a procedure record, an operand far outside of the image.
fn is_no_field(program: &Program<'_>, function: FunctionIndex, reference: &Reference) -> bool {
    let f = program.function(function);
    match reference.kind {
        ReferenceKind::Branch8 | ReferenceKind::Branch32 => {
            program.place(reference.target) == Place::Nowhere
                || program.branches_too_far(function, reference)
        }
        ReferenceKind::Address | ReferenceKind::Access(_) => {
            let end = program.image.sections.last().map_or(0, |s| s.end().0);
            // Before the image is far behind it, as numbers of 32 bits.
            let far = end.saturating_mul(2)..end.wrapping_neg();
            f.source == FunctionSource::Inferred && far.contains(&reference.target.0)
        }
        _ => false,
    }
}
