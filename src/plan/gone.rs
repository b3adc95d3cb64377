//! Constants of the old build that the new one has under another name, without a name, or with
//! other content where none of them has one.
//!
//! What the running program has stored leads to the old one, and code of the new build has the
//! address of its own. Which constant follows which is told by who refers to them, and by their
//! content. Texts without a name are left aside: who stores one means what it says.

use std::collections::BTreeSet;

use super::held;
use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, rules};
use crate::function::{DataIndex, FunctionIndex, Place, Program, is_literal, is_text};

/// Constants that one function leads to, at most.
const MAX_REACHED: usize = 500;

/// A constant as it may be found again: its content without pointers.
type Content = (Vec<u8>, Vec<u32>);

/// Adds what may be held of constants that are not what they were.
pub fn collect(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    named(old, new, diff, findings);
    nameless(old, new, diff, findings);
}

/// Constants that have another name.
fn named(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    let is_constant = |program: &Program<'_>, d: &DataIndex| {
        let item = program.datum(*d);
        !item.writable && !is_literal(item) && item.content_size() > 0
    };
    let added = diff.data.added.iter().copied();
    let added: BTreeSet<DataIndex> = added.filter(|d| is_constant(new, d)).collect();
    if added.is_empty() {
        return;
    }
    let range = |program: &Program<'_>, d: DataIndex| {
        let item = program.datum(d);
        (item.rva, item.content_size())
    };
    let users = diff.functions.changed.iter();
    let users = users.map(|c| (named_of(old, c.old), named_of(new, c.new)));
    let users: Vec<(BTreeSet<DataIndex>, BTreeSet<DataIndex>)> = users.collect();
    for removed in diff.data.removed.iter().filter(|d| is_constant(old, d)) {
        let own = content(old, range(old, *removed));
        let mut others = added.iter().copied();
        let same = others.find(|a| content(new, range(new, *a)) == own);
        let follows = || {
            let mut users = users.iter().filter(|(before, _)| before.contains(removed));
            users.find_map(|(_, after)| after.intersection(&added).next().copied())
        };
        let Some(follower) = same.or_else(follows) else {
            continue;
        };
        if let Some(who) = held::holder(old, *removed) {
            let (d, e) = (old.datum(*removed), new.datum(follower));
            let detail = format!(
                "the constant at {} is not in the new build, which has {} at {}, and {who}",
                d.rva,
                e.display_name(),
                e.rva
            );
            let rule = &rules::data::CONSTANT_HELD;
            findings.push(Finding::about(rule, d.display_name(), detail));
        }
    }
}

/// The named constants that a function refers to.
fn named_of(program: &Program<'_>, function: FunctionIndex) -> BTreeSet<DataIndex> {
    let pieces = std::iter::once(function).chain(program.pieces_of(function));
    let references = pieces.flat_map(|f| &program.code_of(f).references);
    let data = references.filter_map(|r| match program.place(r.target) {
        Place::Data(d, _) => Some(d),
        _ => None,
    });
    data.collect()
}

/// Constants without a name.
fn nameless(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    let mut asked = BTreeSet::new();
    for change in &diff.functions.changed {
        let before = reached(old, change.old);
        if before.is_empty() {
            continue;
        }
        let after = reached(new, change.new);
        let contents = |program: &Program<'_>, all: &BTreeSet<(Rva, u32)>| -> BTreeSet<Content> {
            all.iter().map(|range| content(program, *range)).collect()
        };
        let (had, has) = (contents(old, &before), contents(new, &after));
        if has.is_subset(&had) {
            continue;
        }
        for (rva, size) in before {
            if has.contains(&content(old, (rva, size))) || !asked.insert(rva) {
                continue;
            }
            if let Some(who) = held::holder_of(old, (rva, size)) {
                let detail = format!(
                    "the constant without a name at {rva} in the old build is not in the new \
                     one, and {who}"
                );
                let rule = &rules::data::CONSTANT_HELD;
                findings.push(Finding::about(rule, format!("constant at {rva}"), detail));
            }
        }
    }
}

/// The constants without a name, and no texts, that a function leads to: start and length.
fn reached(program: &Program<'_>, function: FunctionIndex) -> BTreeSet<(Rva, u32)> {
    let pieces = std::iter::once(function).chain(program.pieces_of(function));
    let references = pieces.flat_map(|f| &program.code_of(f).references);
    let mut open: Vec<Rva> = references.map(|r| r.target).collect();
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    while let Some(rva) = open.pop() {
        let (start, size) = match program.place(rva) {
            Place::Data(d, _) if !program.datum(d).writable => {
                let item = program.datum(d);
                (item.rva, item.content_size())
            }
            Place::Constant => (rva, program.compared_extent(rva)),
            _ => continue,
        };
        if seen.len() >= MAX_REACHED || !seen.insert(start) {
            continue;
        }
        let places = program.image.relocations_in(start, size).iter();
        open.extend(places.filter_map(|place| program.image.pointer_at(*place)));
        let is_nameless = program.place(rva) == Place::Constant;
        if is_nameless && size > 0 && !is_text(program, start, size) {
            found.insert((start, size));
        }
    }
    found
}

/// The content of a constant without its pointers, and where these are.
fn content(program: &Program<'_>, (start, size): (Rva, u32)) -> Content {
    let bytes = program.image.slice(start, size as usize).unwrap_or(&[]);
    let mut bytes = bytes.to_vec();
    let places = program.image.relocations_in(start, size).iter();
    let places: Vec<u32> = places.map(|place| place.0 - start.0).collect();
    for place in &places {
        let from = *place as usize;
        let to = bytes.len().min(from + 8);
        bytes[from..to].fill(0);
    }
    (bytes, places)
}
