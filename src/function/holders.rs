//! Who branches to a function, and who holds its address.
//!
//! A branch means the function that is called there. An address that is held (a pointer, an
//! RVA, a table of virtual functions, an export) may have been copied to where nobody sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::by_hand::TAGS;
use super::{FunctionIndex, Item, Place, Program, ReferenceKind};
use crate::addr::Rva;
use crate::image::{ExportTarget, SectionKind};

/// How far from the start of a function an address may be that is counted from it, in bytes.
pub const MAX_BIAS: u32 = 64;

/// Where the address of a function is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Code of this function has it as an operand, at this offset.
    Code(FunctionIndex, u32),
    /// A relocated pointer is here.
    Pointer(Rva),
    /// A 32-bit word in data, here, has its RVA as its value.
    Word(Rva),
    /// It is exported under this name or ordinal.
    Export(String),
    /// It is where the image is entered.
    EntryPoint,
}

/// What is known of one function.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Functions that branch to its first byte, or have it called when they are unwound,
    /// ascending, once each.
    pub callers: Vec<FunctionIndex>,
    /// Where its address is held, in no order that means something.
    pub holders: Vec<Holder>,
    /// Whether something leads into the middle of it from outside.
    pub entered_inside: bool,
}

/// Who refers to some functions of a build.
#[derive(Debug)]
pub struct Holders(BTreeMap<FunctionIndex, Known>);

impl Holders {
    /// Looks through the whole build once.
    pub fn of(program: &Program<'_>, wanted: &BTreeSet<FunctionIndex>) -> Self {
        let known = wanted.iter().map(|f| (*f, Known::default()));
        let mut found = Holders(known.collect());
        if !wanted.is_empty() {
            found.look_at_code(program);
            found.look_at_pointers(program);
            found.look_at_image(program);
            let handled = found.look_at_handlers(program);
            found.look_at_words(program, &handled);
            for known in found.0.values_mut() {
                known.callers.sort_unstable();
                known.callers.dedup();
            }
        }
        found
    }

    /// What is known of a function that was asked for.
    pub fn known(&self, function: FunctionIndex) -> &Known {
        const NOTHING: &Known = &Known {
            callers: Vec::new(),
            holders: Vec::new(),
            entered_inside: false,
        };
        self.0.get(&function).unwrap_or(NOTHING)
    }

    fn at(&mut self, program: &Program<'_>, target: Rva) -> Option<(&mut Known, u32)> {
        match program.place(target) {
            Place::Function(f, offset) => Some((self.0.get_mut(&f)?, offset)),
            _ => None,
        }
    }

    fn look_at_code(&mut self, program: &Program<'_>) {
        let own = |target, by| match program.place(target) {
            Place::Function(f, _) => f == by || program.pieces_of(f).contains(&by),
            _ => false,
        };
        for function in program.function_indices() {
            for reference in &program.code_of(function).references {
                if reference.kind == ReferenceKind::ThreadLocal {
                    continue;
                }
                let branches = matches!(
                    reference.kind,
                    ReferenceKind::Branch8 | ReferenceKind::Branch32
                );
                if !branches && !own(reference.target, function) {
                    let holder = Holder::Code(function, reference.at);
                    self.look_beside(program, reference.target, &holder);
                }
                let Some((known, offset)) = self.at(program, reference.target) else {
                    continue;
                };
                if offset != 0 {
                    // Labels of its own, and tables that lie between its instructions.
                    known.entered_inside |= !own(reference.target, function);
                    continue;
                }
                match branches {
                    true if known.callers.last() == Some(&function) => {}
                    true => known.callers.push(function),
                    false => known.holders.push(Holder::Code(function, reference.at)),
                }
            }
            if let Some(next) = program.falls_into(function)
                && let Some((known, _)) = self.at(program, next)
            {
                known.entered_inside = true;
            }
            self.look_at_raw_code(program, function);
        }
    }

    /// Behind an instruction that is not known, each four bytes may be the distance of a branch.
    fn look_at_raw_code(&mut self, program: &Program<'_>, function: FunctionIndex) {
        let Some(from) = program.code_of(function).undecodable else {
            return;
        };
        let start = program.function(function).rva.0;
        let raw = program.bytes_of(function);
        for (at, field) in (from..).zip(raw.get(from as usize..).unwrap_or(&[]).windows(4)) {
            let distance = u32::from_le_bytes([field[0], field[1], field[2], field[3]]);
            let target = Rva(start.wrapping_add(at + 4).wrapping_add(distance));
            if let Some((known, _)) = self.at(program, target) {
                known.holders.push(Holder::Code(function, at));
            }
        }
    }

    fn look_at_pointers(&mut self, program: &Program<'_>) {
        for (place, target) in program.image.pointers() {
            // Those in code are operands.
            if program.function_at(place).is_some() {
                continue;
            }
            self.look_beside(program, target, &Holder::Pointer(place));
            if let Some((known, _)) = self.at(program, target) {
                known.holders.push(Holder::Pointer(place));
            }
        }
    }

    /// An address at which no function begins may be that of one near it, with a bias.
    fn look_beside(&mut self, program: &Program<'_>, target: Rva, holder: &Holder) {
        if matches!(program.place(target), Place::Function(_, 0)) {
            return;
        }
        let (from, to) = (
            target.0.saturating_sub(MAX_BIAS),
            target.0.saturating_add(MAX_BIAS),
        );
        let index = |is_before: &dyn Fn(u32) -> bool| {
            let functions = &program.functions;
            FunctionIndex(functions.partition_point(|f| is_before(f.rva.0)) as u32)
        };
        let near = index(&|rva| rva < from)..index(&|rva| rva <= to);
        for (_, known) in self.0.range_mut(near) {
            known.holders.push(holder.clone());
        }
    }

    /// Handler data that is understood names destructors and funclets, for the runtime to call:
    /// who has it is a caller. Returns where it names something.
    fn look_at_handlers(&mut self, program: &Program<'_>) -> BTreeSet<Rva> {
        let mut named = BTreeSet::new();
        for entry in &program.image.runtime_functions {
            let info = program.image.unwind_info(entry.info).ok();
            let handler = info.and_then(|info| info.handler);
            let data = handler.and_then(|(handler, at)| {
                let form = program.handler_at(handler)?;
                form.read(program.image, at)
            });
            let (Some(data), Some(owner)) = (data, program.function_at(entry.begin)) else {
                continue;
            };
            for field in data.fields {
                if let Item::Place(target) = field.item {
                    named.insert(field.at);
                    if let Some((known, 0)) = self.at(program, target) {
                        known.callers.push(owner);
                    }
                }
            }
        }
        named
    }

    /// What four bytes are nobody says: an RVA in a table, packed or with a tag in its low bits,
    /// an operand, a distance; or a number that looks like one.
    fn look_at_words(&mut self, program: &Program<'_>, handled: &BTreeSet<Rva>) {
        let starts: BTreeMap<u32, FunctionIndex> = self
            .0
            .keys()
            .map(|f| (program.function(*f).rva.0, *f))
            .collect();
        let chained = chained_entries(program);
        let known_operands = known_fields(program);
        let instructions = Instructions::of(program);
        for section in &program.image.sections {
            if section.name == ".pdata" || section.is_debug() {
                continue;
            }
            let is_code = section.kind() == SectionKind::Code;
            let bytes = program.image.rest_of_section(section.rva).unwrap_or(&[]);
            for (index, word) in bytes.windows(4).enumerate() {
                let value = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                let at = Rva(section.rva.0 + index as u32);
                let tagged = starts.range(value.saturating_sub(TAGS)..=value).next();
                let behind = at.0.wrapping_add(4).wrapping_add(value);
                let distance = starts.get(&behind).filter(|_| is_code);
                let found = match tagged {
                    Some((_, function)) if !chained.contains(&at) && !handled.contains(&at) => {
                        Some(function).filter(|_| match is_code {
                            true => instructions.may_hold(at),
                            false => !holds_numbers(program, at),
                        })
                    }
                    _ => distance
                        .filter(|_| !known_operands.contains(&at) && !instructions.contain(at)),
                };
                if let Some(function) = found {
                    let known = self.0.entry(*function).or_default();
                    known.holders.push(Holder::Word(at));
                }
            }
        }
    }

    fn look_at_image(&mut self, program: &Program<'_>) {
        for export in &program.image.exports {
            if let ExportTarget::At(target) = export.leads_to
                && let Some((known, _)) = self.at(program, target)
            {
                let ordinal = || format!("ordinal {}", export.ordinal);
                let name = export.name.clone().unwrap_or_else(ordinal);
                known.holders.push(Holder::Export(name));
            }
        }
        if let Some((known, _)) = self.at(program, program.image.entry) {
            known.holders.push(Holder::EntryPoint);
        }
    }
}

/// Where code has operands of which is known what they are.
fn known_fields(program: &Program<'_>) -> BTreeSet<Rva> {
    let fields = program.function_indices().flat_map(|function| {
        let start = program.function(function).rva.0;
        let references = program.code_of(function).references.iter();
        references.map(move |r| Rva(start + r.at))
    });
    fields.collect()
}

/// Whether a word is in a constant of which a compiler says what type it has: no language that it
/// knows has a type for a place that is no pointer, and pointers are listed.
fn holds_numbers(program: &Program<'_>, at: Rva) -> bool {
    let datum = program.datum_at(at).map(|d| program.datum(d));
    datum.is_some_and(|item| {
        let typed = item.type_name.as_deref().zip(item.type_size);
        // What the runtime of Microsoft's C++ reads has types that begin so.
        let made = |name: &str| name.trim_start_matches("const ").starts_with("_s_");
        typed.is_some_and(|(name, size)| !made(name) && at.0 + 4 <= item.rva.0 + size)
            && !program.is_by_hand(item.rva)
    })
}

/// Instructions that a compiler has made, in which nothing but their operands is a number.
struct Instructions {
    /// First byte, and the one behind, of the code of each function, ascending.
    ranges: Vec<(Rva, Rva)>,
    /// Where four bytes of an operand begin that is a number.
    numbers: BTreeSet<Rva>,
}

impl Instructions {
    fn of(program: &Program<'_>) -> Self {
        let (mut ranges, mut numbers) = (Vec::new(), BTreeSet::new());
        for function in program.function_indices() {
            let (f, code) = (program.function(function), program.code_of(function));
            if code.undecodable.is_some() || f.overlapped || program.is_by_hand(f.rva) {
                continue;
            }
            // Tables of a switch may follow.
            let end = f.rva.0 + code.code_size.unwrap_or(f.size);
            ranges.push((f.rva, Rva(end)));
            for number in program.numbers_of(function) {
                let from = f.rva.0 + number.at;
                let words = from..(from + number.width).saturating_sub(3);
                numbers.extend(words.map(Rva));
            }
        }
        ranges.sort_unstable();
        Instructions { ranges, numbers }
    }

    /// Whether the four bytes at a place of a code section may be a number.
    fn may_hold(&self, at: Rva) -> bool {
        !self.contain(at) || self.numbers.contains(&at)
    }

    /// Whether a place is in one of them. A number there counts from nowhere: what counts from
    /// the instruction pointer is known.
    fn contain(&self, at: Rva) -> bool {
        let behind = self.ranges.partition_point(|(from, _)| *from <= at);
        let range = self.ranges[..behind].last();
        range.is_some_and(|(_, to)| at < *to)
    }
}

/// Where unwind information of a part of a function says which entry of the function table it
/// goes on from: that is the function's own, which is compared with it.
fn chained_entries(program: &Program<'_>) -> BTreeSet<Rva> {
    let infos = program.image.runtime_functions.iter().map(|f| f.info);
    let chained = infos.filter_map(|at| {
        let info = program.image.unwind_info(at).ok()?;
        info.chained?;
        at.checked_add(info.to_bytes().len() as u32)
    });
    chained.collect()
}

/// A holder as a reader names it.
pub struct HolderText<'t>(pub &'t Program<'t>, pub &'t Holder);

impl fmt::Display for HolderText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HolderText(program, holder) = self;
        match holder {
            Holder::Code(function, at) => {
                let name = program.function(*function).display_name();
                write!(f, "{name} takes its address at +{at:#x}")
            }
            Holder::Pointer(at) => write!(f, "a pointer at {at} leads to it"),
            Holder::Word(at) => write!(f, "a word at {at} has its RVA"),
            Holder::Export(name) => write!(f, "it is exported as {name}"),
            Holder::EntryPoint => write!(f, "the image is entered there"),
        }
    }
}
