//! Which compiler and linker switches would let more functions be patched.

use super::{AdviceReport, ReasonReport};
use crate::finding::{Rule, rules::code};
use crate::function::{Code, FunctionSource, Program};
use crate::image::SectionKind;

/// The advice for one build, most useful first.
pub fn advice(program: &Program<'_>, reasons: &[ReasonReport]) -> Vec<AdviceReport> {
    let count = |rules: &[&Rule]| -> usize {
        let found = reasons
            .iter()
            .filter(|r| rules.iter().any(|x| x.code == r.code));
        found.map(|r| r.functions).sum()
    };
    let mut advice = Vec::new();
    let mut add = |functions: usize, switches: &'static str, why: &str| {
        if functions > 0 {
            let why = format!("{} {why}", functions_text(functions));
            advice.push(AdviceReport { switches, why });
        }
    };
    add(
        count(&[
            &code::TOO_SHORT,
            &code::BRANCH_INTO_ENTRY,
            &code::ENTRY_NOT_MOVABLE,
        ]),
        "compile /hotpatch (clang: -fms-hotpatch), link /FUNCTIONPADMIN:6",
        "without room for a redirect: with these switches every function begins with an instruction of two bytes at least and has six bytes of padding before it",
    );
    add(
        count(&[&code::FOLDED]),
        "link /OPT:NOICF (ld.lld: --icf=none)",
        "sharing an address with others, which something holds: whom it means cannot be told",
    );
    add(
        count(&[&code::UNRESOLVED_REFERENCE, &code::IMAGE_BASE_RELATIVE]),
        "link /DEBUGTYPE:CV,FIXUP (or /PROFILE)",
        "with operands that could not be proven: the PDB then lists every relocation, and nothing has to be inferred from code",
    );
    add(
        count(&[&code::INDIRECT_JUMP, &code::UNDECODABLE]),
        "compile -fno-jump-tables (clang, gcc)",
        "with a jump through a table that is not described: without tables there is nothing to prove",
    );
    add(
        count(&[&code::SPLIT_FUNCTION]),
        "compile -fno-reorder-blocks-and-partition (gcc) or -mllvm -hot-cold-split=false (clang), link without /LTCG:PGO",
        "in several parts: cold code was moved away from them",
    );
    add(
        count(&[&code::NO_UNWIND_INFO]),
        ".seh_* directives in assembler sources (MASM: PROC FRAME)",
        "without unwind information",
    );
    add(
        count(&[&code::AMBIGUOUS]),
        "distinct names for static functions of one source file",
        "whose name others have as well",
    );
    add(
        inferred(program),
        "link /DEBUG:FULL with objects compiled /Z7 or /Zi (clang: -g -gcodeview)",
        "known only by a public name or from the function table: their exact extent is in no procedure record",
    );
    add(
        crowded(program),
        "compile /Gy (clang, gcc: -ffunction-sections)",
        "in sections of several functions: in a section of its own a function moves alone, and the linker pads it",
    );
    advice
}

/// A number of functions in words.
pub fn functions_text(count: usize) -> String {
    match count {
        1 => "1 function".into(),
        n => format!("{n} functions"),
    }
}

fn inferred(program: &Program<'_>) -> usize {
    let functions = program.functions.iter();
    let is_inferred = |f: &crate::function::Function| f.source == FunctionSource::Inferred;
    functions
        .zip(&program.code)
        .filter(|(f, code)| is_inferred(f) && !f.names.is_empty() && !is_thunk(code))
        .count()
}

/// An import thunk: one jump through a slot. The linker makes it, no compiler describes it.
fn is_thunk(code: &Code) -> bool {
    code.indirect_jumps.first().is_some_and(|(at, _)| *at == 0)
}

/// Functions that share an object file's contribution with others; 0 where they are few,
/// as those of assembler sources are.
fn crowded(program: &Program<'_>) -> usize {
    let mut crowded = 0;
    for c in &program.symbols.contributions {
        let kind = program.image.section_at(c.rva).map(|s| s.kind());
        if kind != Some(SectionKind::Code) {
            continue;
        }
        let end = c.rva.0.saturating_add(c.size);
        let first = program.functions.partition_point(|f| f.rva < c.rva);
        let behind = program.functions.partition_point(|f| f.rva.0 < end);
        if behind.saturating_sub(first) > 1 {
            crowded += behind - first;
        }
    }
    let are_few = crowded * 10 < program.functions.len();
    if are_few { 0 } else { crowded }
}
