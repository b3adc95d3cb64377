//! The marks of Microsoft's ABI that say which static variables of a function are made already.
//!
//! They are numbered in the order of the source: `?$TSS1@` or the second bit of `??_B` marks the
//! second variable that a constructor makes. In functions of headers these names are public, and
//! the same in both builds; but a variable more before others gives each of those another
//! number. New code would take a variable for made that is not, and make others again.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};

use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, rules};
use crate::function::{DataItem, FunctionIndex, Place, Program};

/// A mark with a variable of its own, and the bits of one.
const NUMBERED: &str = "?$TSS";
const BITS: [&str; 2] = ["??_B", "?$S1@"];

/// The name of a mark, and its bit where several share a variable.
type Mark = (String, u64);

/// The changed functions in which a mark may stand for another variable than it did.
pub fn findings(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in &diff.functions.changed {
        let (before, after) = (Marks::of(old, change.old), Marks::of(new, change.new));
        for (mark, now) in &after.marked {
            let Some(then) = before.marked.get(mark) else {
                continue;
            };
            let known = !then.is_empty() && !now.is_empty();
            let fits = match known {
                true => !then.is_disjoint(now),
                false => before.statics == after.statics,
            };
            if !fits {
                let list = |set: &BTreeSet<String>| match set.is_empty() {
                    true => "what could not be told".to_owned(),
                    false => set.iter().cloned().collect::<Vec<_>>().join(" or "),
                };
                let detail = format!(
                    "{} marks that {} is made, and marked that of {} in the old build",
                    mark.0,
                    list(now),
                    list(then)
                );
                let rule = &rules::code::GUESSED_IDENTITY;
                let name = old.function(change.old).display_name();
                found.push(Finding::about(rule, name, detail));
            }
        }
    }
    found
}

/// What a function marks.
#[derive(Default)]
struct Marks {
    /// What is made where a mark is set.
    marked: BTreeMap<Mark, BTreeSet<String>>,
    /// All static variables that the function uses.
    statics: BTreeSet<String>,
}

impl Marks {
    fn of(program: &Program<'_>, function: FunctionIndex) -> Marks {
        let mut marks = Marks::default();
        let references = &program.code_of(function).references;
        let named = |target: Rva| match program.place(target) {
            Place::Data(d, 0) => Some(program.datum(d)),
            _ => None,
        };
        let mut bits = references
            .iter()
            .filter_map(|r| mark_of(named(r.target)?, &BITS));
        let bits: Option<String> = bits.next();
        let numbered = |item| mark_of(item, &[NUMBERED]);
        let has_numbered = references
            .iter()
            .filter_map(|r| named(r.target))
            .any(|item| numbered(item).is_some());
        if bits.is_none() && !has_numbered {
            return marks;
        }
        let bytes = program.bytes_of(function);
        let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
        let (mut i, mut next) = (Instruction::default(), 0);
        let mut open: Option<Mark> = None;
        while decoder.can_decode() {
            decoder.decode_out(&mut i);
            if i.mnemonic() == Mnemonic::Or
                && let Ok(bit) = i.try_immediate(1)
                && let Some(name) = bits.clone()
            {
                let mark = (name, bit);
                marks.marked.entry(mark.clone()).or_default();
                open = Some(mark);
            }
            while let Some(reference) = references.get(next)
                && u64::from(reference.at) < i.next_ip()
            {
                next += 1;
                let Some(item) = named(reference.target) else {
                    continue;
                };
                if let Some(name) = numbered(item) {
                    let mark = (name, 0);
                    marks.marked.entry(mark.clone()).or_default();
                    // The address is taken before the variable is made and after it.
                    if i.mnemonic() == Mnemonic::Lea {
                        open = (open.as_ref() != Some(&mark)).then_some(mark);
                    }
                } else if is_static(item) {
                    let name = item.display_name().to_owned();
                    marks.statics.insert(name.clone());
                    if let Some(mark) = &open {
                        marks.marked.entry(mark.clone()).or_default().insert(name);
                    }
                    open = open.filter(|mark| mark.1 == 0);
                }
            }
        }
        marks
    }
}

fn mark_of(item: &DataItem, prefixes: &[&str]) -> Option<String> {
    let mut names = item.names.iter().map(|n| &n.name);
    let is_mark = |name: &&String| prefixes.iter().any(|p| name.starts_with(p));
    names.find(is_mark).cloned()
}

/// Whether a variable belongs to a function.
fn is_static(item: &DataItem) -> bool {
    let in_function = |name: &str| name.starts_with('?') && name.contains("@?");
    let mut names = item.names.iter();
    names.any(|n| n.scope.is_some() || in_function(&n.name))
}
