//! The proof that differing numbers are line numbers, out of both line tables.

use std::collections::BTreeSet;

use iced_x86::{Instruction, Register};

use super::callees::{self, Callees};
use super::held::{self, Holder, Passing, Switches};
use super::{LineNumber, Number, Side, decode, passed};
use crate::addr::Rva;
use crate::function::{FunctionIndex, Program, ReferenceKind};
use crate::symbols::{Lines, SourceLine};

/// A macro call reaches over at most this many lines.
pub(super) const MAX_STATEMENT: u32 = 64;
/// Longest path that is looked for.
const MAX_PATH: usize = 1024;

/// A pair of lines, old and new, in a file of one name.
type LinePair = (String, u32, u32);

/// The numbers as line numbers; `None` where one of them is not proven to be one. The
/// arguments are the pieces of code of the function and the numbers in each.
pub fn prove(
    (old, new): (Side<'_>, Side<'_>),
    (of_old, of_new): (&Callees, &Callees),
    pairs: &[(FunctionIndex, FunctionIndex)],
    numbers: &[Vec<Number>],
) -> Option<Vec<LineNumber>> {
    let builds: Vec<(Build<'_>, Build<'_>)> = pairs
        .iter()
        .map(|(f, g)| (Build::new(old, of_old, *f), Build::new(new, of_new, *g)))
        .collect();
    let moved: BTreeSet<LinePair> = builds.iter().flat_map(|(o, n)| moved_lines(o, n)).collect();
    let mut proven = Vec::new();
    for ((old, new), numbers) in builds.iter().zip(numbers) {
        proven.extend(prove_piece(old, new, &moved, numbers)?);
    }
    Some(proven)
}

/// The numbers of one piece of code.
fn prove_piece(
    old: &Build<'_>,
    new: &Build<'_>,
    moved: &BTreeSet<LinePair>,
    numbers: &[Number],
) -> Option<Vec<LineNumber>> {
    let calls: Vec<Option<usize>> = numbers
        .iter()
        .map(|n| passed::call_of(&old.code, n.index))
        .collect();
    let passings: Vec<Option<Vec<Passing>>> = numbers
        .iter()
        .map(|n| held::passings(&old.code, n.index, &old.switches))
        .collect();
    let mut proven = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let alone = || calls.iter().filter(|c| **c == calls[at]).count() == 1;
        let by_call = calls[at].and_then(|call| {
            exact(old, new, number, call).or_else(|| {
                let spread = alone().then(|| over_several_lines(old, new, number, call));
                spread.flatten()
            })
        });
        let by_flow = || {
            let own = passings[at].as_ref()?;
            // Every other number must be known not to get there.
            let is_known = passings.iter().all(Option::is_some);
            let calls: Vec<usize> = own.iter().map(|(call, _)| *call).collect();
            is_known.then(|| between(old, new, moved, number, &calls))?
        };
        if has_rival(numbers, &passings, at)
            || has_double((old, new), numbers, (&calls, &passings), at)
            || is_refuted((old, new), number, (calls[at], passings[at].as_deref()))
        {
            return None;
        }
        let file = by_call.or_else(by_flow)?;
        proven.push(LineNumber {
            at: (old.code[number.index].ip() as u32).wrapping_sub(old.start.0),
            file,
            old: number.old,
            new: number.new,
        });
    }
    Some(proven)
}

/// Whether another number goes to a call that this one goes to as well: one of them at most
/// is the line.
fn has_rival(numbers: &[Number], passings: &[Option<Vec<Passing>>], at: usize) -> bool {
    let values = |n: &Number| (n.old, n.new);
    let own = passings[at].iter().flatten();
    let others = numbers.iter().zip(passings);
    let mut others = others.filter(|(other, _)| values(other) != values(&numbers[at]));
    others.any(|(_, theirs)| {
        let mut theirs = theirs.iter().flatten();
        theirs.any(|(call, holder)| own.clone().any(|(c, h)| c == call && h != holder))
    })
}

/// Whether an equal number goes to the same call in another place, so that it is open which of
/// them is the line: unless all callers show that both are.
fn has_double(
    (old, new): (&Build<'_>, &Build<'_>),
    numbers: &[Number],
    (calls, passings): (&[Option<usize>], &[Option<Vec<Passing>>]),
    at: usize,
) -> bool {
    let values = |n: &Number| (n.old, n.new);
    let shown = |n: usize| {
        let index = numbers[n].index;
        calls[n].is_some_and(|c| old.takes_line(index, c) && new.takes_line(index, c))
    };
    let own = passings[at].iter().flatten();
    let two_places = own.clone().any(|(call, holder)| {
        let mut others = own.clone();
        others.any(|(c, h)| c == call && h != holder)
    });
    let double = |other: usize| {
        let by_flow = passings[other].iter().flatten().any(|(call, holder)| {
            let mut own = own.clone();
            own.any(|(c, h)| c == call && h != holder)
        });
        let one_call = calls[at].is_some() && calls[at] == calls[other];
        let places = (at, other);
        let registers =
            [places.0, places.1].map(|n| callees::parameter_register(&old.code[numbers[n].index]));
        by_flow || one_call && registers[0] != registers[1]
    };
    let mut equal =
        (0..numbers.len()).filter(|n| *n != at && values(&numbers[*n]) == values(&numbers[at]));
    two_places || equal.any(|other| double(other) && !(shown(at) && shown(other)))
}

/// Whether another call shows that a number is no line where it is passed.
fn is_refuted(
    (old, new): (&Build<'_>, &Build<'_>),
    number: &Number,
    (call, passings): (Option<usize>, Option<&[Passing]>),
) -> bool {
    let mut places: Vec<(usize, Register)> = passings
        .unwrap_or_default()
        .iter()
        .filter_map(|(call, holder)| match holder {
            Holder::Register(register) => Some((*call, *register)),
            Holder::Slot(..) => None,
        })
        .collect();
    let set = &old.code[number.index];
    places.extend(call.zip(callees::parameter_register(set)));
    let refutes = |build: &Build<'_>, (call, register): (usize, Register)| {
        let call = build.code.get(call);
        call.is_some_and(|call| build.callees.refutes(call, register))
    };
    let mut places = places.into_iter();
    places.any(|place| refutes(old, place) || refutes(new, place))
}

/// The lines of instructions that both builds have, at the same depth of inlining.
fn moved_lines(old: &Build<'_>, new: &Build<'_>) -> BTreeSet<LinePair> {
    let mut pairs = BTreeSet::new();
    for index in 0..old.code.len().min(new.code.len()) {
        let (a, b) = (old.chain(index), new.chain(index));
        if a.len() == b.len() {
            let lines = a.iter().zip(&b);
            let of_one_file = lines.filter(|(a, b)| a.file_name() == b.file_name());
            pairs.extend(of_one_file.map(|(a, b)| (a.file_name().to_owned(), a.line, b.line)));
        }
    }
    pairs
}

/// Both numbers lie between two lines of the same file, near them, that moved by as much,
/// and every call that gets the number is given the file's name as well.
fn between(
    old: &Build<'_>,
    new: &Build<'_>,
    moved: &BTreeSet<LinePair>,
    number: &Number,
    calls: &[usize],
) -> Option<String> {
    let files: BTreeSet<&String> = moved.iter().map(|(file, _, _)| file).collect();
    let shift = |before: u32, after: u32| i64::from(after) - i64::from(before);
    let own = shift(number.old, number.new);
    let fits = |file: &&&String| {
        let of_file = || moved.iter().filter(|(f, _, _)| f == **file);
        // The nearest lines must be the same two in both builds.
        let below = of_file()
            .filter(|(_, a, _)| *a <= number.old)
            .max_by_key(|p| p.1);
        let below_new = of_file()
            .filter(|(_, _, b)| *b <= number.new)
            .max_by_key(|p| p.2);
        let above = of_file()
            .filter(|(_, a, _)| *a >= number.old)
            .min_by_key(|p| p.1);
        let above_new = of_file()
            .filter(|(_, _, b)| *b >= number.new)
            .min_by_key(|p| p.2);
        let (Some(low), Some(high)) = (below, above) else {
            return false;
        };
        let moves = |line: &LinePair| {
            let mut same = of_file().filter(|p| p.1 == line.1 || p.2 == line.2);
            same.all(|p| shift(p.1, p.2) == own)
        };
        (below, above) == (below_new, above_new)
            && number.old - low.1 <= MAX_STATEMENT
            && high.1 - number.old <= MAX_STATEMENT
            && moves(low)
            && moves(high)
            && calls
                .iter()
                .all(|call| old.passes_file_name(*call, file) && new.passes_file_name(*call, file))
    };
    files.iter().find(fits).map(|file| (**file).clone())
}

/// One build's side of a changed function.
struct Build<'b> {
    program: &'b Program<'b>,
    lines: &'b Lines,
    start: Rva,
    code: Vec<Instruction>,
    switches: Switches,
    function: FunctionIndex,
    callees: &'b Callees,
}

impl<'b> Build<'b> {
    fn new((program, lines): Side<'b>, callees: &'b Callees, function: FunctionIndex) -> Self {
        let code = decode(program, function);
        Build {
            program,
            lines,
            start: program.function(function).rva,
            switches: switches(program, &code),
            code,
            function,
            callees,
        }
    }

    /// Whether the other callers show that a parameter of this call is a line.
    fn takes_line(&self, set: usize, call: usize) -> bool {
        self.callees.takes_line(&self.code[set], &self.code[call])
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

    /// Whether a call may be given the address of this file's name.
    fn passes_file_name(&self, call: usize, file_name: &str) -> bool {
        let references = &self.program.code_of(self.function).references;
        references
            .iter()
            .filter(|r| {
                r.kind == ReferenceKind::Address && is_file_name(self.program, r.target, file_name)
            })
            .filter_map(|r| {
                // The field is in the instruction before the next one.
                let at = u64::from(self.start.0 + r.at);
                self.code.partition_point(|i| i.ip() <= at).checked_sub(1)
            })
            .any(|load| held::receivers(&self.code, load, &self.switches).contains(&call))
    }
}

/// Whether a function takes the address of this file's name.
pub(super) fn takes_name(program: &Program<'_>, function: FunctionIndex, file_name: &str) -> bool {
    let references = program.code_of(function).references.iter();
    let mut addresses = references.filter(|r| r.kind == ReferenceKind::Address);
    addresses.any(|r| is_file_name(program, r.target, file_name))
}

/// Whether the text at an address, narrow or wide, is a path to a file of this name.
fn is_file_name(program: &Program<'_>, rva: Rva, file_name: &str) -> bool {
    let bytes = program.image.rest_of_section(rva).unwrap_or(&[]);
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

/// Where the switches of a function lead to.
fn switches(program: &Program<'_>, code: &[Instruction]) -> Switches {
    let mut switches = Switches::new();
    for table in &program.switch_tables {
        let Some(jump) = passed::index_of(code, table.branch.0.into()) else {
            continue;
        };
        let targets = program.image.switch_targets(table).unwrap_or_default();
        let inner = targets.iter().map(|t| passed::index_of(code, t.0.into()));
        if let Some(inner) = inner.collect::<Option<Vec<_>>>() {
            switches.insert(jump, inner);
        }
    }
    switches
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

/// Both numbers are the lines of the instruction or of its call, and the call is given the
/// file's name as well, or its other callers show that it is given lines.
fn exact(old: &Build<'_>, new: &Build<'_>, number: &Number, call: usize) -> Option<String> {
    let is_said = |(a, _): &(SourceLine<'_>, SourceLine<'_>)| {
        let name = a.file_name();
        let by_name = old.passes_file_name(call, name) && new.passes_file_name(call, name);
        by_name || (old.takes_line(number.index, call) && new.takes_line(number.index, call))
    };
    line_pairs(old, new, number, call)
        .into_iter()
        .filter(|(a, b)| (a.line, b.line) == (number.old, number.new))
        .find(is_said)
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
            && old.passes_file_name(call, a.file_name())
            && new.passes_file_name(call, b.file_name())
    };
    line_pairs(old, new, number, call)
        .into_iter()
        .find(same_distance)
        .map(|(a, _)| a.file_name().to_owned())
}
