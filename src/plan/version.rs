//! Functions that differ in nothing but the version and are left as they are.
//!
//! What stays says the old version, as it did before the patch. That is the program as it was,
//! unless code of the patch says the new one: then two parts of the program disagree, and one
//! may ask the other.

use iced_x86::{Decoder, DecoderOptions};

use super::coverage::Checked;
use super::{Piece, PieceKind};
use crate::diff::{Diff, VersionChange, VersionOnly, VersionPlace};
use crate::finding::{Finding, rules::code, some_of};
use crate::function::{FunctionIndex, Program};

/// Places of one function that are named.
const SHOWN: usize = 4;

/// The functions that are left out, each with a finding that says what of the version is in it.
pub fn left_out(old: &Program<'_>, diff: &Diff) -> Vec<Checked> {
    let note = |v: &VersionOnly| Checked {
        function: v.old,
        findings: vec![Finding::about(
            &code::VERSION_LEFT_OUT,
            old.function(v.old).display_name(),
            places(&v.places),
        )],
    };
    diff.left_out.iter().map(note).collect()
}

/// What of the version is in a function, in words.
pub fn places(places: &[VersionPlace]) -> String {
    let place = |p: &VersionPlace| format!("{} {} → {} at +{:#x}", p.what, p.old, p.new, p.at);
    let shown: Vec<String> = places.iter().take(SHOWN).map(place).collect();
    match places.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Says which code of the patch holds the version, where functions are left out.
pub fn mixed(
    old: &Program<'_>,
    new: &Program<'_>,
    diff: &Diff,
    pieces: &[Piece],
) -> Option<Finding> {
    let version = diff
        .version
        .as_ref()
        .filter(|_| !diff.left_out.is_empty())?;
    let search = Search {
        old,
        new,
        diff,
        numbers: version.numbers(),
        version,
    };
    let proven = diff.version_only.iter();
    let mut names: Vec<String> = proven.map(|v| new.function(v.new).display_name()).collect();
    names.extend(pieces.iter().filter_map(|piece| search.holder(piece)));
    names.sort();
    names.dedup();
    if names.is_empty() {
        return None;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let detail = format!("the new version is, or may be, in {}", some_of(&names));
    Some(Finding::new(&code::VERSION_MIXED, detail))
}

struct Search<'s> {
    old: &'s Program<'s>,
    new: &'s Program<'s>,
    diff: &'s Diff,
    version: &'s VersionChange,
    numbers: Vec<u64>,
}

impl Search<'_> {
    /// The name of a piece that may hold the version.
    fn holder(&self, piece: &Piece) -> Option<String> {
        match piece.kind {
            PieceKind::Code => {
                let function = self.new.function_at(piece.origin)?;
                self.is_in_code(function)
                    .then(|| self.new.function(function).display_name())
            }
            PieceKind::Constant | PieceKind::Variable => self
                .is_in_data(&piece.bytes)
                .then(|| crate::diff::place_text(self.new, piece.origin)),
            PieceKind::Unwind => None,
        }
    }

    /// Whether a number of the new version is in code, or a small part of it, where the old code
    /// had that of the old version: more often than before, and the old one less often.
    fn is_in_code(&self, function: FunctionIndex) -> bool {
        let numbers = numbers(self.new, function);
        if numbers.iter().any(|n| self.numbers.contains(n)) {
            return true;
        }
        let Some(before) = self.diff.old_function(function) else {
            return false;
        };
        let before = numbers_of_all(self.old, before);
        let after = numbers_of_all(self.new, function);
        let count = |list: &[u64], wanted: u64| list.iter().filter(|n| **n == wanted).count();
        self.version.parts().iter().any(|(was, is)| {
            count(&after, *is) > count(&before, *is) && count(&after, *was) < count(&before, *was)
        })
    }

    /// Whether a text or a number of the new version is in data.
    fn is_in_data(&self, bytes: &[u8]) -> bool {
        let narrow = String::from_utf8_lossy(bytes);
        let wide = |from: usize| {
            let units = bytes.get(from..).unwrap_or(&[]).chunks_exact(2);
            let units: Vec<u16> = units.map(|u| u16::from_le_bytes([u[0], u[1]])).collect();
            String::from_utf16_lossy(&units)
        };
        let is_number = |width: usize| {
            let mut words = bytes.chunks_exact(width);
            words.any(|word| {
                let number = word.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
                self.numbers.contains(&number)
            })
        };
        self.version.is_in_text(&narrow)
            || self.version.is_in_text(&wide(0))
            || is_number(4)
            || is_number(8)
    }
}

/// The numbers of a function with its parts and funclets.
fn numbers_of_all(program: &Program<'_>, function: FunctionIndex) -> Vec<u64> {
    let pieces = std::iter::once(function).chain(program.pieces_of(function));
    pieces.flat_map(|f| numbers(program, f)).collect()
}

/// The numbers in the instructions of one piece of code.
fn numbers(program: &Program<'_>, function: FunctionIndex) -> Vec<u64> {
    let bytes = program.bytes_of(function);
    let decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut found = Vec::new();
    for instruction in decoder {
        for operand in 0..instruction.op_count() {
            if let Ok(number) = instruction.try_immediate(operand) {
                found.push(number & 0xffff_ffff);
                found.push(number);
            }
        }
    }
    found
}
