//! How far data without a symbol reaches.
//!
//! A string literal, a floating constant or a compiler-made table has no symbol. Its extent
//! must never be taken too small by whoever refers to its start, or a change behind its
//! assumed end would be missed. It ends, at the latest, at the next symbol, switch table or
//! import slot, or at the end of the contribution. It is taken to end earlier only where
//! there is evidence of another object. That someone else refers to a place behind the start
//! is none by itself: it may be the middle of the object.
//!
//! * Text ends with its zero, where another object begins behind it (and zero padding),
//!   unless a number beside the reference says that it is longer: a literal with zeros in it.
//! * A number beside the reference is a length, or a count of elements, if another object
//!   begins where it then ends.
//! * Type information of GNU compilers has a form ([`type_info`](super::type_info)).
//! * What is only read by accesses of one size, to which it is aligned, is a constant of its
//!   own: a floating constant.

use super::{Program, Use};
use crate::addr::Rva;

/// Alignment that compilers give to read-only objects, at most.
const MAX_PADDING: u32 = 64;
/// Zeros between the end that a number says and where the next object begins, at most.
const MAX_GAP: u32 = 16;

/// Never too small. What may be padding behind a text counts as part of it: the zeros may as
/// well be the end of a literal, or of an array of numbers that looks like text.
pub fn anonymous_extent(program: &Program<'_>, rva: Rva) -> u32 {
    extent(program, rva, true)
}

/// The same without the padding behind a text, which differs from build to build.
pub fn compared_extent(program: &Program<'_>, rva: Rva) -> u32 {
    extent(program, rva, false)
}

/// How far a table of distances can reach: nobody else refers to its inside, but who reads a
/// single entry.
pub fn table_extent(program: &Program<'_>, rva: Rva) -> u32 {
    let limit = hard_limit(program, rva);
    let is_entry = |group: &&[super::references::Referencer]| {
        let read = group.iter().all(|r| r.accessed == 4);
        read && (group[0].target.0 - rva.0).is_multiple_of(4)
    };
    let mut others = program.referencers().others_after(rva, limit);
    let end = others.find(|group| !is_entry(group));
    let end = end.map_or(limit, |group| group[0].target);
    end.0.saturating_sub(rva.0)
}

fn extent(program: &Program<'_>, rva: Rva, padded: bool) -> u32 {
    if let Some(size) = size_by_form(program, rva) {
        return size;
    }
    let limit = hard_limit(program, rva);
    let referencers = program.referencers();
    let bytes = program.image.rest_of_section(rva).unwrap_or(&[]);
    let room = (limit.0.saturating_sub(rva.0)).min(bytes.len() as u32);
    let bytes = &bytes[..room as usize];
    let evidence = Evidence::of(program, rva);
    let begins = |offset: u32| offset >= room || referencers.is_target(Rva(rva.0 + offset));
    let text = evidence
        .text_unit()
        .and_then(|unit| text_extent(bytes, rva, unit, begins));
    let end = match text {
        Some((text, padding)) => {
            let longer = evidence.agreed(text).into_iter();
            match longer.filter(|n| ends_at(bytes, *n, begins)).max() {
                Some(length) => length.max(if padded { text + padding } else { text }),
                None if padded => text + padding,
                None => text,
            }
        }
        None => {
            let others: Vec<_> = referencers.others_after(rva, limit).collect();
            let is_own = |group: &&&[super::references::Referencer]| {
                let at = group[0].target;
                let size = u32::from(group[0].accessed);
                at.0 - rva.0 >= evidence.reaches
                    && size >= 4
                    && at.0.is_multiple_of(size)
                    && group.iter().all(|r| u32::from(r.accessed) == size)
                    && !evidence.elements.contains(&size)
            };
            let constant = others.iter().find(is_own);
            let end = constant.map_or(room, |group| group[0].target.0 - rva.0);
            let begins = |offset: u32| {
                offset == end || others.iter().any(|g| g[0].target.0 - rva.0 == offset)
            };
            evidence.counted(bytes, end, begins).unwrap_or(end)
        }
    };
    end.max(evidence.reaches).min(room)
}

/// Bytes of type information, of its name and of the functions of a virtual function table:
/// nobody leads to the words before these.
fn size_by_form(program: &Program<'_>, rva: Rva) -> Option<u32> {
    let forms = &program.type_info;
    let incoming = program.incoming();
    let is_table = || {
        let head = rva.checked_offset(-16);
        head.is_some_and(|head| incoming.within(head, rva).is_empty())
    };
    let table = forms.functions_at(rva).filter(|_| is_table());
    forms.size_at(rva).or(table)
}

/// What the code and data that refer to an object say of it.
struct Evidence {
    /// It has at least this many bytes.
    reaches: u32,
    /// Sizes of its elements, where it is indexed.
    elements: Vec<u32>,
    /// Numbers that may be its length, or a count of elements: those of each referencer.
    numbers: Vec<Vec<u32>>,
    /// Other numbers, which may be a count of elements.
    counts: Vec<u32>,
}

impl Evidence {
    fn of(program: &Program<'_>, rva: Rva) -> Self {
        let mut evidence = Evidence {
            reaches: 0,
            elements: Vec::new(),
            numbers: Vec::new(),
            counts: Vec::new(),
        };
        for referencer in program.referencers().at(rva) {
            let mut numbers = Vec::new();
            evidence.reaches = evidence.reaches.max(referencer.accessed.into());
            if let Some(function) = referencer.function() {
                let uses = &program.code[function].uses;
                let from = uses.partition_point(|(target, _)| *target < rva);
                let own = uses[from..].iter().take_while(|(target, _)| *target == rva);
                for (_, found) in own {
                    match *found {
                        Use::Reaches(end) => evidence.reaches = evidence.reaches.max(end),
                        Use::Elements(size) => evidence.elements.push(size.into()),
                        Use::Length(number) => numbers.push(number),
                        Use::Count(number) => evidence.counts.push(number),
                    }
                }
            } else if let Some(pointer) = referencer.pointer() {
                numbers = numbers_beside(program, program.image.base_relocations[pointer]);
            }
            evidence.numbers.push(numbers);
        }
        evidence
    }

    /// The numbers above the length of a text on which all agree who have any: the line
    /// numbers beside the name of a file differ.
    fn agreed(&self, text: u32) -> Vec<u32> {
        let longer = |list: &Vec<u32>| list.iter().copied().filter(|n| *n > text).collect();
        let mut lists = self.numbers.iter().map(longer);
        let mut lists = lists.by_ref().filter(|list: &Vec<u32>| !list.is_empty());
        let mut agreed = lists.next().unwrap_or_default();
        for list in lists {
            agreed.retain(|n| list.contains(n));
        }
        // Where it is indexed, a count is compared with the index.
        if !self.elements.is_empty() {
            agreed.extend(self.counts.iter().filter(|n| **n > text));
        }
        agreed
    }

    /// Width of a character if it is text; `None` where it is indexed by larger elements.
    fn text_unit(&self) -> Option<Option<u32>> {
        match self.elements.iter().max() {
            None | Some(1) => Some(None),
            Some(size @ (2 | 4)) => Some(Some(*size)),
            Some(_) => None,
        }
    }

    /// The largest end that a number says and at which another object begins, `limit` at most.
    fn counted(&self, bytes: &[u8], limit: u32, begins: impl Fn(u32) -> bool) -> Option<u32> {
        let any = [1, 2, 4, 8];
        let sizes = match self.elements.as_slice() {
            [] => &any[..],
            known => known,
        };
        let numbers = self.numbers.iter().flatten().chain(&self.counts);
        let ends = numbers.flat_map(|n| {
            let counts = [*n, n.saturating_add(1)];
            let of_elements = sizes
                .iter()
                .flat_map(move |s| counts.map(|c| c.checked_mul(*s)));
            of_elements.chain([Some(*n)]).flatten()
        });
        let boundary = |end: u32| {
            let mut gap = (end..=limit.min(end.saturating_add(MAX_GAP))).peekable();
            loop {
                let at = gap.next()?;
                if begins(at) {
                    return Some(at);
                }
                if bytes.get(at as usize) != Some(&0) {
                    return None;
                }
            }
        };
        ends.filter(|end| *end > 0 && *end >= self.reaches)
            .filter_map(boundary)
            .max()
    }
}

/// The words beside a pointer in data: a length that belongs to it.
fn numbers_beside(program: &Program<'_>, pointer: Rva) -> Vec<u32> {
    let image = program.image;
    let word = |distance| {
        let place = pointer.checked_offset(distance)?;
        let word = image.slice(place, 4)?.try_into().ok()?;
        let number = image.relocations_in(place, 8).is_empty();
        number.then(|| u32::from_le_bytes(word))
    };
    [-8, 8].into_iter().filter_map(word).collect()
}

/// Whether a literal of this many bytes, with or without its last zero, ends where another
/// object begins.
fn ends_at(bytes: &[u8], length: u32, begins: impl Fn(u32) -> bool) -> bool {
    let Some(rest) = bytes.get(length as usize..) else {
        return false;
    };
    let zeros = rest.iter().take(MAX_GAP as usize);
    let zeros = zeros.take_while(|b| **b == 0).count() as u32;
    (length..=length + zeros).any(begins)
}

/// The next symbol, function, switch table, type information or import slot, or the end of the
/// contribution or section.
fn hard_limit(program: &Program<'_>, rva: Rva) -> Rva {
    let image = program.image;
    let mut limit = image.section_at(rva).map_or(rva, |s| s.end());
    if let Some(c) = program.symbols.contribution_at(rva) {
        limit = limit.min(Rva(c.rva.0.saturating_add(c.size)));
    }
    let next = program.data_until(rva);
    if let Some(datum) = program.data.get(next) {
        limit = limit.min(datum.rva);
    }
    if let Some(code) = program.code_behind(rva) {
        limit = limit.min(code);
    }
    let tables = &program.switch_tables;
    let next = tables.partition_point(|t| t.table <= rva);
    if let Some(table) = tables.get(next) {
        limit = limit.min(table.table);
    }
    if let Some(form) = program.type_info.first_behind(rva) {
        limit = limit.min(form);
    }
    let next = image.imports.partition_point(|i| i.slot <= rva);
    if let Some(import) = image.imports.get(next) {
        limit = limit.min(import.slot);
    }
    limit
}

/// Lengths of the text at the start of `bytes` with its zero, and of the zeros behind it;
/// `None` where it is no text, or where no object begins behind these. `unit` is the width of
/// a character, where that is known.
fn text_extent(
    bytes: &[u8],
    rva: Rva,
    unit: Option<u32>,
    begins: impl Fn(u32) -> bool,
) -> Option<(u32, u32)> {
    // What can be read as text of wide characters is longer then.
    let wide = [4, 2].into_iter().filter(|u| rva.0.is_multiple_of(*u));
    let wide = wide
        .filter(|u| unit.is_none_or(|known| known == *u))
        .find_map(|u| wide_text_length(bytes, u as usize));
    let text = match (wide, unit) {
        (Some(length), _) => length,
        (None, None) => text_length(bytes)?,
        (None, Some(_)) => return None,
    };
    let zeros = bytes[text as usize..].iter().take(MAX_PADDING as usize);
    let padding = zeros.take_while(|b| **b == 0).count() as u32;
    let next = (text..=text + padding).find(|offset| begins(*offset))?;
    // A small number followed by others looks like a text of one character.
    let number = wide.is_none() && text <= 2 && next > text && rva.0.is_multiple_of(4);
    (!number).then_some((text, padding))
}

/// Length of the text at an address with its zero; `None` where none is.
pub fn text_at(program: &Program<'_>, rva: Rva) -> Option<u32> {
    text_length(program.image.rest_of_section(rva)?)
}

/// The same of a text of wide characters.
pub fn wide_text_at(program: &Program<'_>, rva: Rva) -> Option<u32> {
    let bytes = program.image.rest_of_section(rva)?;
    let units = [2usize, 4].into_iter();
    let mut aligned = units.filter(|unit| rva.0.is_multiple_of(*unit as u32));
    aligned.find_map(|unit| wide_text_length(bytes, unit))
}

/// Length of the text at the start of `bytes` with its zero; `None` where it is no text.
fn text_length(bytes: &[u8]) -> Option<u32> {
    let zero = bytes.iter().position(|b| *b == 0)?;
    let is_text = |b: &u8| *b >= 0x20 && *b != 0x7f || matches!(b, b'\t' | b'\n' | b'\r' | 0x1b);
    bytes[..zero].iter().all(is_text).then_some(zero as u32 + 1)
}

/// The same of text of characters of 2 or 4 bytes: two or more of the European scripts.
fn wide_text_length(bytes: &[u8], unit: usize) -> Option<u32> {
    const LAST: u32 = 0x52f;
    let mut length = 0;
    for (count, character) in bytes.chunks_exact(unit).enumerate() {
        let mut word = [0; 4];
        word[..unit].copy_from_slice(character);
        length += unit as u32;
        match u32::from_le_bytes(word) {
            0 => return (count >= 2).then_some(length),
            0x20..0x7f | 0xa0..=LAST | 0x9 | 0xa | 0xd => {}
            _ => return None,
        }
    }
    None
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
    fn wide_text_ends_with_a_wide_zero() {
        assert_eq!(wide_text_length(b"a\0b\0\0\0c\0", 2), Some(6));
        assert_eq!(wide_text_length(b"a\0\0\0b\0\0\0\0\0\0\0", 4), Some(12));
        assert_eq!(wide_text_length(b"a\0\0\0b\0\0\0", 2), None);
        assert_eq!(wide_text_length(b"\x01\0\x02\0\0\0", 2), None);
    }

    #[test]
    fn zeros_behind_a_text_may_belong_to_it() {
        let begins = |offsets: &'static [u32]| move |offset| offsets.contains(&offset);
        let text = |bytes, at, offsets| text_extent(bytes, Rva(at), None, begins(offsets));
        assert_eq!(text(b"\0\0\0\0\0SELECT\0", 1, &[5]), Some((1, 4)));
        assert_eq!(text(b"AB\0\0\0\0\0\0next\0", 0, &[4]), Some((3, 5)));
        assert_eq!(text(b"abc\0def\0", 0, &[4]), Some((4, 0)));
        assert_eq!(text(b"abc\0\0def\0", 0, &[8]), None);
        // The number 65 and others, one of which is referred to.
        assert_eq!(text(b"A\0\0\0\x01\0\0\0", 0, &[4]), None);
        // Wide text that is entered in its middle.
        assert_eq!(text(b"a\0b\0\0\0", 0, &[2, 6]), Some((6, 0)));
    }

    #[test]
    fn a_length_is_believed_where_an_object_ends() {
        let evidence = |numbers: &[u32], elements: &[u32]| Evidence {
            reaches: 0,
            elements: elements.to_vec(),
            numbers: vec![numbers.to_vec()],
            counts: Vec::new(),
        };
        let bytes = [1; 64];
        let begins = |offset| matches!(offset, 8 | 32 | 64);
        let counted = |e: Evidence| e.counted(&bytes, 64, begins);
        assert_eq!(counted(evidence(&[8], &[])), Some(64));
        assert_eq!(counted(evidence(&[8], &[4])), Some(32));
        assert_eq!(counted(evidence(&[7], &[4])), Some(32));
        assert_eq!(counted(evidence(&[5], &[])), None);
    }
}
