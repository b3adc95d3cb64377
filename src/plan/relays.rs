//! Padding between functions that can hold the relay of a short redirect.

use std::collections::BTreeSet;

use crate::addr::Rva;
use crate::function::{Program, length_without_padding};
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

    /// A place for the relay of the function at `entry`, in reach of a two-byte jump at its entry, that
    /// nobody has taken: right before the function if it can be, so that patches of different
    /// functions seldom want the same.
    pub fn near(&self, entry: Rva) -> Option<Rva> {
        let pieces = self.padding(entry);
        let entry = entry.0;
        let (lowest, highest) = reach(entry)?;
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
    pub fn padding(&self, entry: Rva) -> Vec<(Rva, u32)> {
        let Some((lowest, highest)) = reach(entry.0) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn relays(gaps: &[(u32, u32)]) -> Relays {
        Relays {
            gaps: gaps.to_vec(),
            taken: BTreeSet::new(),
        }
    }

    #[test]
    fn a_relay_goes_right_before_its_function_and_then_elsewhere() {
        let mut relays = relays(&[(0xfc0, 0xfca), (0xff3, 0x1000), (0x1010, 0x1017)]);
        let mut places = Vec::new();
        while let Some(at) = relays.near(Rva(0x1000)) {
            relays.take(at);
            places.push(at.0);
        }
        assert_eq!(places, [0xff8, 0xff3, 0xfc5, 0xfc0, 0x1010]);
    }

    #[test]
    fn functions_with_a_common_gap_share_its_grid() {
        let gap = (0x1003, 0x1100);
        let relays = relays(&[gap]);
        for entry in [0x1000, 0x1050, 0x1082, 0x1120] {
            let (lowest, highest) = reach(entry).unwrap();
            for (at, size) in relays.padding(Rva(entry)) {
                assert_eq!(((at.0 - gap.0) % 5, size % 5), (0, 0), "{entry:#x}");
                assert!(lowest <= at.0 && at.0 + size - 5 <= highest, "{entry:#x}");
                assert!(gap.0 <= at.0 && at.0 + size <= gap.1, "{entry:#x}");
            }
        }
        assert_eq!(relays.padding(Rva(0x1000)), [(Rva(0x1003), 130)]);
        assert_eq!(relays.padding(Rva(0x1120)), [(Rva(0x10a3), 90)]);
        assert_eq!(relays.padding(Rva(0x2000)), []);
    }

    #[test]
    fn what_is_not_on_the_grid_may_still_do() {
        // In reach begins in the middle of the gap's only whole place.
        let relays = relays(&[(0xf80, 0xf88)]);
        assert_eq!(relays.padding(Rva(0x1000)), []);
        assert_eq!(relays.near(Rva(0x1000)), Some(Rva(0xf82)));
        assert_eq!(relays.near(Rva(0x1002)), None);
    }
}
