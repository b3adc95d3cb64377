//! Who refers to data without a symbol, and how far such data reaches.
//!
//! A string literal, a floating constant or a compiler-made table has no symbol. Its
//! extent must never be taken too small, or a change behind its assumed end would be
//! missed. It ends, at the latest, at the next symbol or the end of the contribution.
//! It is taken to end earlier only where there is evidence of another object:
//!
//! * text up to and including its zero, where after it (and zero padding) another
//!   object is referred to or the contribution ends;
//! * an address that someone refers to who does not refer to this object. An address
//!   in the middle of an object is referred to by those who refer to its start.

use super::{Code, Function, Program};
use crate::addr::Rva;
use crate::image::{Image, SectionKind};

/// Functions count by their index; every pointer in data is a referencer of its own.
const DATA_POINTER: u32 = 1 << 31;

/// All references into read-only data: target and referencer, ascending.
#[derive(Debug, Default)]
pub struct Referencers {
    list: Vec<(Rva, u32)>,
}

impl Referencers {
    /// Collects the references of all code and of all relocated pointers.
    pub fn new(image: &Image<'_>, functions: &[Function], code: &[Code]) -> Self {
        let mut list = Vec::new();
        let constant = |rva: Rva| {
            let section = image.section_at(rva);
            section.is_some_and(|s| s.kind() == SectionKind::ReadOnly)
        };
        for (index, code) in code.iter().enumerate().take(functions.len()) {
            let targets = code.references.iter().map(|r| r.target);
            list.extend(targets.filter(|t| constant(*t)).map(|t| (t, index as u32)));
        }
        for (index, place) in image.base_relocations.iter().enumerate() {
            if let Some(target) = image.pointer_at(*place).filter(|t| constant(*t)) {
                list.push((target, DATA_POINTER | index as u32));
            }
        }
        list.sort_unstable();
        list.dedup();
        Referencers { list }
    }

    /// Every address that is referred to, ascending, once each.
    pub fn targets(&self) -> Vec<Rva> {
        let mut targets: Vec<Rva> = self.list.iter().map(|(t, _)| *t).collect();
        targets.dedup();
        targets
    }

    fn at(&self, rva: Rva) -> &[(Rva, u32)] {
        let from = self.list.partition_point(|(t, _)| *t < rva);
        let to = self.list.partition_point(|(t, _)| *t <= rva);
        &self.list[from..to]
    }

    /// The next address after `rva` that is referred to, and by whom.
    fn groups_after(&self, rva: Rva) -> impl Iterator<Item = &[(Rva, u32)]> {
        let from = self.list.partition_point(|(t, _)| *t <= rva);
        self.list[from..].chunk_by(|a, b| a.0 == b.0)
    }

    fn is_target(&self, rva: Rva) -> bool {
        !self.at(rva).is_empty()
    }

    /// The next address after `rva`, below `limit`, that someone refers to who does not
    /// refer to `rva`.
    fn next_object(&self, rva: Rva, limit: Rva) -> Option<Rva> {
        let own = self.at(rva);
        let is_own = |who: u32| own.iter().any(|(_, w)| *w == who);
        self.groups_after(rva)
            .take_while(|group| group[0].0 < limit)
            .find(|group| group.iter().any(|(_, who)| !is_own(*who)))
            .map(|group| group[0].0)
    }
}

/// Alignment that compilers give to read-only objects, at most.
const MAX_PADDING: u32 = 64;

/// See the module's description. What may be padding behind a text counts as part of it: the
/// zeros may as well be the end of a literal, or of an array of numbers that looks like text.
pub fn anonymous_extent(program: &Program<'_>, rva: Rva) -> u32 {
    extent(program, rva, true)
}

/// The same without the padding behind a text, which differs from build to build.
pub fn compared_extent(program: &Program<'_>, rva: Rva) -> u32 {
    extent(program, rva, false)
}

fn extent(program: &Program<'_>, rva: Rva, padded: bool) -> u32 {
    let limit = hard_limit(program, rva);
    let referencers = program.referencers();
    let bytes = program.image.rest_of_section(rva).unwrap_or(&[]);
    let room = (limit.0.saturating_sub(rva.0) as usize).min(bytes.len());
    let begins = |offset: u32| {
        let at = rva.0 + offset;
        at >= limit.0 || referencers.is_target(Rva(at))
    };
    if let Some((text, padding)) = text_extent(&bytes[..room], begins) {
        return if padded { text + padding } else { text };
    }
    let end = referencers.next_object(rva, limit).unwrap_or(limit);
    end.0.saturating_sub(rva.0)
}

/// The next symbol, switch table or import slot, or the end of the contribution or section.
fn hard_limit(program: &Program<'_>, rva: Rva) -> Rva {
    let image = program.image;
    let mut limit = image.section_at(rva).map_or(rva, |s| s.end());
    if let Some(c) = program.symbols.contribution_at(rva) {
        limit = limit.min(Rva(c.rva.0.saturating_add(c.size)));
    }
    let next = program.data.partition_point(|d| d.rva <= rva);
    if let Some(datum) = program.data.get(next) {
        limit = limit.min(datum.rva);
    }
    let tables = &program.switch_tables;
    let next = tables.partition_point(|t| t.table <= rva);
    if let Some(table) = tables.get(next) {
        limit = limit.min(table.table);
    }
    let next = image.imports.partition_point(|i| i.slot <= rva);
    if let Some(import) = image.imports.get(next) {
        limit = limit.min(import.slot);
    }
    limit
}

/// Lengths of the text at the start of `bytes` with its zero, and of the zeros behind it;
/// `None` where it is no text, or where no object begins behind these.
fn text_extent(bytes: &[u8], begins: impl Fn(u32) -> bool) -> Option<(u32, u32)> {
    let text = text_length(bytes)?;
    let zeros = bytes[text as usize..].iter().take(MAX_PADDING as usize);
    let padding = zeros.take_while(|b| **b == 0).count() as u32;
    (text..=text + padding)
        .any(begins)
        .then_some((text, padding))
}

/// Length of the text at the start of `bytes` with its zero; `None` where it is no text.
fn text_length(bytes: &[u8]) -> Option<u32> {
    let zero = bytes.iter().position(|b| *b == 0)?;
    let is_text = |b: &u8| *b >= 0x20 && *b != 0x7f || matches!(b, b'\t' | b'\n' | b'\r' | 0x1b);
    bytes[..zero].iter().all(is_text).then_some(zero as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_with_its_zero() {
        assert_eq!(text_length(b"abc\0def\0"), Some(4));
        assert_eq!(text_length(b"\x01\x02\0"), None);
        assert_eq!(text_length(b"abc"), None);
    }

    #[test]
    fn zeros_behind_a_text_may_belong_to_it() {
        let begins = |offsets: &'static [u32]| move |offset| offsets.contains(&offset);
        assert_eq!(
            text_extent(b"\0\0\0\0\0SELECT\0", begins(&[5])),
            Some((1, 4))
        );
        assert_eq!(
            text_extent(b"A\0\0\0\0\0\0\0next\0", begins(&[4])),
            Some((2, 6))
        );
        assert_eq!(text_extent(b"abc\0def\0", begins(&[4])), Some((4, 0)));
        assert_eq!(text_extent(b"abc\0\0def\0", begins(&[8])), None);
    }

    #[test]
    fn a_place_in_the_middle_of_an_object_does_not_end_it() {
        let referencers = Referencers {
            list: vec![
                (Rva(0x100), 1),
                (Rva(0x100), 2),
                (Rva(0x110), 1),
                (Rva(0x120), 1),
                (Rva(0x120), 3),
            ],
        };
        let next = referencers.next_object(Rva(0x100), Rva(0x200));
        assert_eq!(next, Some(Rva(0x120)));
    }
}
