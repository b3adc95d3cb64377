//! Unchanged functions that can show what is no line: they call what a changed function passes a
//! number to that may be one.

use std::collections::BTreeSet;

use super::{body, callees, decode, differing_numbers, passed};
use crate::addr::Rva;
use crate::diff::Diff;
use crate::function::{FunctionIndex, Program};

/// More are not asked.
const MAX: usize = 1024;

/// The witnesses of the old and the new build.
pub fn find(
    diff: &Diff,
    old: &Program<'_>,
    new: &Program<'_>,
) -> (Vec<FunctionIndex>, Vec<FunctionIndex>) {
    let (mut of_old, mut of_new) = (BTreeSet::new(), BTreeSet::new());
    for change in &diff.functions.changed {
        for (f, g) in body::bodies(old, new, (change.old, change.new)) {
            let numbers = differing_numbers(old, new, f, g).unwrap_or_default();
            if numbers.is_empty() {
                continue;
            }
            let codes = (decode(old, f), decode(new, g));
            for number in numbers {
                if let Some(call) = passed::call_of(&codes.0, number.index) {
                    of_old.extend(callees::callee(&codes.0[call]));
                    of_new.extend(codes.1.get(call).and_then(callees::callee));
                }
            }
        }
    }
    let changed = || diff.functions.changed.iter();
    let known = (
        changed().map(|c| c.old).collect(),
        changed().map(|c| c.new).collect(),
    );
    (
        callers(old, &of_old, &known.0),
        callers(new, &of_new, &known.1),
    )
}

fn callers(
    program: &Program<'_>,
    callees: &BTreeSet<u64>,
    known: &BTreeSet<FunctionIndex>,
) -> Vec<FunctionIndex> {
    if callees.is_empty() {
        return Vec::new();
    }
    let leads = |target: Rva| callees.contains(&target.0.into());
    let calls = |f: &FunctionIndex| {
        let references = &program.code_of(*f).references;
        references.iter().any(|r| leads(r.target))
    };
    program
        .function_indices()
        .filter(|f| !known.contains(f) && calls(f))
        .take(MAX)
        .collect()
}
