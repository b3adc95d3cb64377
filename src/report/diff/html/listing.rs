//! A function side by side, with long equal stretches folded away.

use crate::report::diff::side_by_side::mark;
use crate::report::diff::{InstructionReport, RowReport};
use crate::report::sanitize::line;

/// Equal rows that stay in sight around a difference.
const CONTEXT: usize = 4;
/// Fewer equal rows than this are not worth folding.
const MIN_FOLD: usize = 6;

/// The stretches of a listing.
pub struct Listing {
    /// Each is a table.
    pub stretches: Vec<Stretch>,
}

/// Rows that are shown, or folded.
pub struct Stretch {
    /// Whether the rows are equal ones far from any difference.
    pub folded: bool,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One row.
pub struct Row {
    /// `same`, `changed`, `old` or `new`.
    pub class: &'static str,
    /// The mark between the columns.
    pub mark: char,
    /// What the mark means, for those who do not see it.
    pub meaning: &'static str,
    /// The old instruction.
    pub old: Cell,
    /// The new one.
    pub new: Cell,
}

/// One side of a row; all empty where the side has no instruction.
#[derive(Default)]
pub struct Cell {
    /// `file.c:12`, where it is another one than in the row before.
    pub place: String,
    /// `+0x1b`
    pub offset: String,
    /// The instruction up to where the sides differ.
    pub before: String,
    /// What differs.
    pub differs: String,
    /// The rest.
    pub after: String,
}

impl Listing {
    /// The listing of these rows.
    pub fn new(rows: &[RowReport]) -> Listing {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (folded, range) in ranges(rows) {
            // Each stretch says again where in the source it begins.
            let mut last = (String::new(), String::new());
            let rows = rows[range].iter().map(|row| view(row, &mut last)).collect();
            stretches.push(Stretch { folded, rows });
        }
        Listing { stretches }
    }
}

/// The stretches as ranges of rows, and whether each is folded.
fn ranges(rows: &[RowReport]) -> Vec<(bool, std::ops::Range<usize>)> {
    let mut near = vec![false; rows.len()];
    for (at, _) in rows.iter().enumerate().filter(|(_, r)| !r.same) {
        let end = rows.len().min(at + CONTEXT + 1);
        near[at.saturating_sub(CONTEXT)..end].fill(true);
    }
    let mut ranges: Vec<(bool, std::ops::Range<usize>)> = Vec::new();
    let mut start = 0;
    for stretch in near.chunk_by(|a, b| a == b) {
        let range = start..start + stretch.len();
        start = range.end;
        let folded = !stretch[0] && stretch.len() >= MIN_FOLD;
        match ranges.last_mut() {
            Some((false, before)) if !folded => before.end = range.end,
            _ => ranges.push((folded, range)),
        }
    }
    ranges
}

fn view(row: &RowReport, last: &mut (String, String)) -> Row {
    let mark = mark(row);
    let (class, meaning) = match mark {
        ' ' => ("same", ""),
        '<' => ("old", "only in the old build"),
        '>' => ("new", "only in the new build"),
        _ => ("changed", "differs"),
    };
    let parts = match (&row.old, &row.new) {
        (Some(a), Some(b)) if !row.same => split(&line(&a.instruction), &line(&b.instruction)),
        (a, b) => {
            let whole = |i: &Option<InstructionReport>| {
                let text = i.as_ref().map_or("".into(), |i| line(&i.instruction));
                [text.into_owned(), String::new(), String::new()]
            };
            (whole(a), whole(b))
        }
    };
    Row {
        class,
        mark,
        meaning,
        old: cell(row.old.as_ref(), parts.0, &mut last.0),
        new: cell(row.new.as_ref(), parts.1, &mut last.1),
    }
}

fn cell(side: Option<&InstructionReport>, parts: [String; 3], last: &mut String) -> Cell {
    let Some(instruction) = side else {
        return Cell::default();
    };
    let place = instruction.place();
    let is_new = place != *last;
    last.clone_from(&place);
    let [before, differs, after] = parts;
    Cell {
        place: if is_new { place } else { String::new() },
        offset: format!("+{:#x}", instruction.offset),
        before,
        differs,
        after,
    }
}

/// Splits both texts into what they begin with in common, what differs, and what they end
/// with in common, between words.
fn split(old: &str, new: &str) -> ([String; 3], [String; 3]) {
    let (a, b) = (words(old), words(new));
    let common = |x: &[&str], y: &[&str]| x.iter().zip(y).take_while(|(p, q)| p == q).count();
    let first = common(&a, &b);
    let reversed = |w: &[&str]| {
        let rest: Vec<String> = w[first..].iter().rev().map(|s| (*s).to_owned()).collect();
        rest
    };
    let (x, y) = (reversed(&a), reversed(&b));
    let last = x.iter().zip(&y).take_while(|(p, q)| p == q).count();
    let parts = |w: &[&str]| {
        let end = w.len() - last;
        [
            w[..first].concat(),
            w[first..end].concat(),
            w[end..].concat(),
        ]
    };
    (parts(&a), parts(&b))
}

/// Runs of letters, digits and what belongs to names; every other character by itself.
fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || "_.:!".contains(c);
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        words.push(&rest[..end]);
        rest = &rest[end..];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(same: bool) -> RowReport {
        RowReport {
            old: None,
            new: None,
            same,
        }
    }

    #[test]
    fn what_differs_is_whole_words() {
        let (old, new) = split("mov edx, 0x64", "mov edx, 0x65");
        assert_eq!(old, ["mov edx, ", "0x64", ""]);
        assert_eq!(new, ["mov edx, ", "0x65", ""]);
        let (old, new) = split("lea rcx, [rel a]", "lea rcx, [rel größe]");
        assert_eq!(old, ["lea rcx, [rel ", "a", "]"]);
        assert_eq!(new, ["lea rcx, [rel ", "größe", "]"]);
    }

    #[test]
    fn long_equal_stretches_are_folded() {
        let mut rows: Vec<RowReport> = (0..40).map(|_| row(true)).collect();
        rows[20].same = false;
        let ranges = ranges(&rows);
        assert_eq!(ranges, [(true, 0..16), (false, 16..25), (true, 25..40)]);
        rows[12].same = false;
        assert_eq!(super::ranges(&rows)[1], (false, 8..25));
    }
}
