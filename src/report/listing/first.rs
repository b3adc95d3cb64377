//! The first instruction in which two versions of a function differ.

use std::collections::HashMap;

use super::{Disassembler, Line, Side};
use crate::diff::{ChangedFunction, Comparer};

/// Where two versions of a function part: an instruction of each, `None` where that one
/// ends before.
#[derive(Clone, Debug)]
pub struct Position {
    /// In the old build.
    pub old: Option<Line>,
    /// In the new build.
    pub new: Option<Line>,
}

/// Finds it, without disassembling more than it must; `None` where all instructions are
/// the same (unwind information or separated parts differ, or what is referred to).
pub fn first_difference(
    old: Side<'_>,
    new: Side<'_>,
    change: &ChangedFunction,
    comparer: &Comparer<'_>,
) -> Option<Position> {
    let mut of_old = Disassembler::new(old, change.old);
    let mut of_new = Disassembler::new(new, change.new);
    // Offsets by index, to compare branches by the instruction that they lead to.
    let mut numbers = (HashMap::new(), HashMap::new());
    let mut branches: Vec<(Line, Line)> = Vec::new();
    for index in 0usize.. {
        match (of_old.next(), of_new.next()) {
            (None, None) => break,
            (Some(a), Some(b)) if a.same(&b, comparer) => {
                numbers.0.insert(a.offset, index);
                numbers.1.insert(b.offset, index);
                if a.inner.is_some() {
                    branches.push((a, b));
                }
            }
            (old, new) => return Some(Position { old, new }),
        }
    }
    let leads_elsewhere = |(a, b): &(Line, Line)| {
        let target = |numbers: &HashMap<u32, usize>, line: &Line| {
            line.inner.and_then(|t| numbers.get(&t).copied())
        };
        target(&numbers.0, a) != target(&numbers.1, b)
    };
    let (old, new) = branches.into_iter().find(leads_elsewhere)?;
    Some(Position {
        old: Some(old),
        new: Some(new),
    })
}
