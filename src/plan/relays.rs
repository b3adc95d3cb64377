//! Padding between functions that can hold the relay of a short redirect.

use std::collections::BTreeSet;

use crate::addr::Rva;
use crate::function::{FunctionIndex, Program, length_without_padding};
use crate::image::SectionKind;
use crate::payload::names::{REDIRECT_LEN, SHORT_REDIRECT_LEN};

/// Gaps of padding in the code of an image, and which parts of them are taken.
pub struct Relays {
    /// Start and end of each gap, ascending.
    gaps: Vec<(u32, u32)>,
    taken: BTreeSet<u32>,
}

impl Relays {
    /// Looks between all functions. Functions cover every byte of code that is no padding.
    pub fn of(program: &Program<'_>) -> Self {
        let mut gaps = Vec::new();
        for (index, f) in program.functions.iter().enumerate() {
            // A function shorter than a redirect may need the bytes behind it itself.
            let start = f.end().0.max(f.rva.0.saturating_add(REDIRECT_LEN));
            let section = program.image.section_at(f.rva);
            let next = program
                .functions
                .get(index + 1)
                .map_or(u32::MAX, |n| n.rva.0);
            let end = section.map_or(start, |s| s.end().0).min(next);
            let is_code = section.is_some_and(|s| s.kind() == SectionKind::Code);
            if !is_code || end < start.saturating_add(REDIRECT_LEN) {
                continue;
            }
            let gap = program.image.slice(f.end(), (end - f.end().0) as usize);
            if gap.is_some_and(|bytes| length_without_padding(bytes) == 0) {
                gaps.push((start, end));
            }
        }
        gaps.sort_unstable();
        Relays {
            gaps,
            taken: BTreeSet::new(),
        }
    }

    /// A place for the relay of a function, in reach of a two-byte jump at its entry, that
    /// nobody has taken.
    pub fn near(&self, program: &Program<'_>, function: FunctionIndex) -> Option<Rva> {
        let next = program
            .function(function)
            .rva
            .0
            .checked_add(SHORT_REDIRECT_LEN)?;
        let (lowest, highest) = (next.saturating_sub(128), next + 127);
        let first = self.gaps.partition_point(|(_, end)| *end <= lowest);
        let near = self.gaps[first..]
            .iter()
            .take_while(|(start, _)| *start <= highest);
        let mut places = near.flat_map(|(start, end)| *start.max(&lowest)..*end);
        let fits = |at: u32| {
            let gap = self
                .gaps
                .iter()
                .any(|(s, e)| *s <= at && at + REDIRECT_LEN <= *e);
            let free = self
                .taken
                .range(at.saturating_sub(REDIRECT_LEN - 1)..at + REDIRECT_LEN);
            gap && at <= highest && free.count() == 0
        };
        places.find(|at| fits(*at)).map(Rva)
    }

    /// Takes a place.
    pub fn take(&mut self, at: Rva) {
        self.taken.insert(at.0);
    }
}
