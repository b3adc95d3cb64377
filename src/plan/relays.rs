//! Padding between functions that can hold the relay of a short redirect.

use std::collections::BTreeSet;

use crate::addr::Rva;
use crate::function::{FunctionIndex, Program, length_without_padding};
use crate::image::SectionKind;
use crate::payload::names::{REDIRECT_LEN, SHORT_REDIRECT_LEN};

/// The first and the last address to which a jump of two bytes at an entry can lead.
fn reach(entry: u32) -> Option<(u32, u32)> {
    let next = entry.checked_add(SHORT_REDIRECT_LEN)?;
    Some((next.saturating_sub(128), next.checked_add(127)?))
}

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
    /// nobody has taken: right before the function if it can be, so that patches of different
    /// functions seldom want the same.
    pub fn near(&self, program: &Program<'_>, function: FunctionIndex) -> Option<Rva> {
        let entry = program.function(function).rva.0;
        let (lowest, highest) = reach(entry)?;
        let pieces = self.padding(program, function);
        let places = pieces
            .iter()
            .flat_map(|(at, size)| (at.0..at.0 + size).step_by(REDIRECT_LEN as usize));
        let mut places: Vec<u32> = places.collect();
        places.sort_by_key(|at| (*at > entry, at.abs_diff(entry)));
        // What is not on the grid may still fit where nothing else does.
        let others = self.gaps_near(lowest, highest);
        let others = others.flat_map(|(start, end)| {
            let last = (end - REDIRECT_LEN).min(highest);
            start.max(lowest)..=last
        });
        let mut all = places.into_iter().chain(others);
        all.find(|at| self.is_free(*at)).map(Rva)
    }

    /// All padding in reach of a function, taken or not, in which a relay can be: pieces of
    /// five bytes each, counted from the start of a gap, so that packages of one image that do
    /// not know of each other divide it up alike. Address and size in bytes.
    pub fn padding(&self, program: &Program<'_>, function: FunctionIndex) -> Vec<(Rva, u32)> {
        let Some((lowest, highest)) = reach(program.function(function).rva.0) else {
            return Vec::new();
        };
        let pieces = self.gaps_near(lowest, highest).filter_map(|(start, end)| {
            let skipped = lowest.saturating_sub(start).div_ceil(REDIRECT_LEN);
            let first = start + skipped * REDIRECT_LEN;
            let after = end.min(highest + REDIRECT_LEN).saturating_sub(first);
            let size = after / REDIRECT_LEN * REDIRECT_LEN;
            (size > 0).then_some((Rva(first), size))
        });
        pieces.collect()
    }

    /// The gaps in which a relay may begin in this range.
    fn gaps_near(&self, lowest: u32, highest: u32) -> impl Iterator<Item = (u32, u32)> {
        let first = self.gaps.partition_point(|(_, end)| *end <= lowest);
        let near = self.gaps[first..].iter().copied();
        near.take_while(move |(start, _)| *start <= highest)
    }

    fn is_free(&self, at: u32) -> bool {
        let near = at.saturating_sub(REDIRECT_LEN - 1)..at + REDIRECT_LEN;
        self.taken.range(near).next().is_none()
    }

    /// Takes a place.
    pub fn take(&mut self, at: Rva) {
        self.taken.insert(at.0);
    }
}
