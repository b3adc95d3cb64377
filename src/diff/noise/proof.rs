//! The proof that differing numbers are line numbers, out of both line tables.

use iced_x86::Instruction;

use super::{LineNumber, Number, Side, decode, passed};
use crate::addr::Rva;
use crate::diff::ChangedFunction;
use crate::function::{Program, ReferenceKind};
use crate::symbols::{Lines, SourceLine};

/// A macro call reaches over at most this many lines.
const MAX_STATEMENT: u32 = 64;
/// The file name of a macro is loaded at most this many instructions before its call.
const MAX_SETUP: usize = 24;
/// Longest path that is looked for.
const MAX_PATH: usize = 1024;

/// The numbers as line numbers; `None` where one of them is not proven to be one.
pub fn prove(
    old: Side<'_>,
    new: Side<'_>,
    change: &ChangedFunction,
    numbers: &[Number],
) -> Option<Vec<LineNumber>> {
    let old = Build::new(old, change.old);
    let new = Build::new(new, change.new);
    let calls: Vec<usize> = numbers
        .iter()
        .map(|n| passed::call_of(&old.code, n.index))
        .collect::<Option<_>>()?;
    let mut proven = Vec::with_capacity(numbers.len());
    for (number, call) in numbers.iter().zip(&calls) {
        let alone = calls.iter().filter(|c| *c == call).count() == 1;
        let file = exact(&old, &new, number, *call).or_else(|| {
            let spread = alone.then(|| over_several_lines(&old, &new, number, *call));
            spread.flatten()
        })?;
        proven.push(LineNumber {
            at: (old.code[number.index].ip() as u32).wrapping_sub(old.start.0),
            file,
            old: number.old,
            new: number.new,
        });
    }
    Some(proven)
}

/// One build's side of a changed function.
struct Build<'b> {
    program: &'b Program<'b>,
    lines: &'b Lines,
    start: Rva,
    code: Vec<Instruction>,
    function: crate::function::FunctionIndex,
}

impl<'b> Build<'b> {
    fn new((program, lines): Side<'b>, function: crate::function::FunctionIndex) -> Self {
        Build {
            program,
            lines,
            start: program.function(function).rva,
            code: decode(program, function),
            function,
        }
    }

    fn chain(&self, index: usize) -> Vec<SourceLine<'b>> {
        let rva = self.code.get(index).map_or(0, |i| i.ip() as u32);
        self.lines.chain(Rva(rva))
    }

    /// Whether the function has code of a line of this file from `first` to `last`.
    fn has_code_between(&self, file: &str, first: u32, last: u32) -> bool {
        let mut all = self.lines.of_range(self.start);
        all.any(|l| l.file == file && (first..=last).contains(&l.line))
    }

    /// Whether the instructions before a call load the address of this file's name.
    fn passes_file_name(&self, call: usize, number: usize, file_name: &str) -> bool {
        let first = number.min(call).saturating_sub(MAX_SETUP);
        let offset = |index: usize| {
            let instruction = self.code.get(index);
            instruction.map_or(0, |i| (i.ip() as u32).wrapping_sub(self.start.0))
        };
        // Set before the number, or between the number and the call; a jump to a shared
        // call leaves only what is before.
        let last = if call > number { call } else { number };
        let range = offset(first)..=offset(last);
        let references = &self.program.code_of(self.function).references;
        references
            .iter()
            .filter(|r| r.kind == ReferenceKind::Address && range.contains(&r.at))
            .any(|r| self.is_file_name(r.target, file_name))
    }

    /// Whether the text at an address, narrow or wide, is a path to a file of this name.
    fn is_file_name(&self, rva: Rva, file_name: &str) -> bool {
        let bytes = self.program.image.rest_of_section(rva).unwrap_or(&[]);
        let narrow = bytes.iter().take(MAX_PATH).take_while(|b| **b != 0);
        let narrow: Vec<u8> = narrow.copied().collect();
        let units = bytes.chunks_exact(2).take(MAX_PATH);
        let wide = units.map(|u| u16::from_le_bytes([u[0], u[1]]));
        let wide: Vec<u16> = wide.take_while(|u| *u != 0).collect();
        [
            String::from_utf8_lossy(&narrow).into_owned(),
            String::from_utf16_lossy(&wide),
        ]
        .iter()
        .filter_map(|text| text.rsplit(['/', '\\']).next())
        .any(|name| !file_name.is_empty() && name.eq_ignore_ascii_case(file_name))
    }
}

/// Lines of both builds at the same depth of inlining, in files of one name.
fn line_pairs<'l>(
    old: &'l Build<'_>,
    new: &'l Build<'_>,
    number: &Number,
    call: usize,
) -> Vec<(SourceLine<'l>, SourceLine<'l>)> {
    let mut pairs = Vec::new();
    for index in [number.index, call] {
        let (a, b) = (old.chain(index), new.chain(index));
        if a.len() == b.len() {
            pairs.extend(a.into_iter().zip(b));
        }
    }
    pairs.retain(|(a, b)| a.file_name() == b.file_name());
    pairs
}

/// Both numbers are the lines of the instruction or of its call.
fn exact(old: &Build<'_>, new: &Build<'_>, number: &Number, call: usize) -> Option<String> {
    line_pairs(old, new, number, call)
        .into_iter()
        .find(|(a, b)| (a.line, b.line) == (number.old, number.new))
        .map(|(a, _)| a.file_name().to_owned())
}

/// Both numbers are as far from those lines, within one statement, and the call is given
/// the file's name as well.
fn over_several_lines(
    old: &Build<'_>,
    new: &Build<'_>,
    number: &Number,
    call: usize,
) -> Option<String> {
    let same_distance = |(a, b): &(SourceLine<'_>, SourceLine<'_>)| {
        let distance = number.old.checked_sub(a.line);
        let in_reach = distance.is_some_and(|d| (1..=MAX_STATEMENT).contains(&d));
        in_reach
            && distance == number.new.checked_sub(b.line)
            && !old.has_code_between(a.file, a.line + 1, number.old)
            && !new.has_code_between(b.file, b.line + 1, number.new)
            && old.passes_file_name(call, number.index, a.file_name())
            && new.passes_file_name(call, number.index, b.file_name())
    };
    line_pairs(old, new, number, call)
        .into_iter()
        .find(same_distance)
        .map(|(a, _)| a.file_name().to_owned())
}
