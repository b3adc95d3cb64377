//! Old and new instructions side by side.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::Line;
use crate::diff::Comparer;

/// How long the search for a good alignment may take; after that it is a coarser one.
const DEADLINE: Duration = Duration::from_millis(500);

/// One line of a side-by-side listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Index of the old instruction, if there is one.
    pub old: Option<usize>,
    /// Index of the new one.
    pub new: Option<usize>,
    /// Whether both are there and mean the same.
    pub same: bool,
}

/// Aligns two functions by the text of their instructions.
pub fn align(old: &[Line], new: &[Line], comparer: &Comparer<'_>) -> Vec<Row> {
    // Branch distances within the function would differ for no reason of their own.
    let key = |line: &Line| match line.inner {
        Some(_) => line.bare.clone(),
        None => line.text.clone(),
    };
    let keys = |lines: &[Line]| lines.iter().map(key).collect::<Vec<String>>();
    let deadline = Instant::now() + DEADLINE;
    let operations =
        capture_diff_slices_deadline(Algorithm::Patience, &keys(old), &keys(new), Some(deadline));
    let mut rows = Vec::new();
    for operation in &operations {
        match operation {
            // What is not the same stands side by side where it is of one kind.
            DiffOp::Replace { .. } => {
                let (a, b) = (operation.old_range(), operation.new_range());
                let (x, y) = (kinds(&old[a.clone()]), kinds(&new[b.clone()]));
                let inner = capture_diff_slices_deadline(Algorithm::Myers, &x, &y, Some(deadline));
                rows.extend(self::rows(&inner).into_iter().map(|row| Row {
                    old: row.old.map(|i| a.start + i),
                    new: row.new.map(|i| b.start + i),
                    same: false,
                }));
            }
            _ => rows.extend(self::rows(std::slice::from_ref(operation))),
        }
    }
    for row in &mut rows {
        if let (Some(o), Some(n)) = (row.old, row.new) {
            row.same = old[o].same(&new[n], comparer);
        }
    }
    check_branches(old, new, &mut rows);
    rows
}

fn kinds(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(Line::kind).collect()
}

fn rows(operations: &[DiffOp]) -> Vec<Row> {
    let mut rows = Vec::new();
    for operation in operations {
        let (old, new) = (operation.old_range(), operation.new_range());
        for i in 0..old.len().max(new.len()) {
            rows.push(Row {
                old: (i < old.len()).then(|| old.start + i),
                new: (i < new.len()).then(|| new.start + i),
                same: false,
            });
        }
    }
    rows
}

/// A branch within the function is the same only where its targets stand side by side.
fn check_branches(old: &[Line], new: &[Line], rows: &mut [Row]) {
    let mut row_of_old = vec![usize::MAX; old.len()];
    let mut row_of_new = vec![usize::MAX; new.len()];
    for (index, row) in rows.iter().enumerate() {
        row.old.into_iter().for_each(|o| row_of_old[o] = index);
        row.new.into_iter().for_each(|n| row_of_new[n] = index);
    }
    let find = |lines: &[Line], rows: &[usize], offset: u32| {
        let line = lines.binary_search_by_key(&offset, |l| l.offset).ok();
        line.map(|l| rows[l])
    };
    for row in rows.iter_mut().filter(|r| r.same) {
        let (Some(o), Some(n)) = (row.old, row.new) else {
            continue;
        };
        if let (Some(a), Some(b)) = (old[o].inner, new[n].inner) {
            row.same = find(old, &row_of_old, a) == find(new, &row_of_new, b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unequal_runs_are_filled_up() {
        let replace = DiffOp::Replace {
            old_index: 0,
            old_len: 1,
            new_index: 0,
            new_len: 2,
        };
        let row = |old, new| Row {
            old,
            new,
            same: false,
        };
        assert_eq!(
            rows(&[replace]),
            [row(Some(0), Some(0)), row(None, Some(1))]
        );
    }
}
