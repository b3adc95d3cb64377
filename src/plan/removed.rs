//! Functions that the new build does not have.
//!
//! Their code stays in the image, and is old code: where they were inlined, what became of them
//! is in other functions now, and what they call may expect other arguments. That is no matter
//! where only functions called them that are replaced, and where no thread is inside when the
//! patch is switched on, or has its address on the stack or in a register. But whoever has stored
//! the address of one elsewhere goes on to call it.

use std::collections::BTreeSet;

use super::{Watched, held};
use crate::diff::Diff;
use crate::finding::{Finding, rules};
use crate::function::{FunctionIndex, Place, Program, ReferenceKind};

/// Adds a finding for each; returns those of which no thread may be inside when the patch is
/// switched on.
pub fn collect(old: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) -> Vec<Watched> {
    let taken = taken(old, &diff.functions.removed);
    let mut watched = Vec::new();
    for function in &diff.functions.removed {
        let f = old.function(*function);
        let addressed = taken.contains(function);
        let who = addressed.then(|| held::holder_of(old, (f.rva, 1)));
        let detail = format!("{} at {} is not in the new build", f.display_name(), f.rva);
        let (rule, detail) = match who.flatten() {
            Some(who) => (&rules::code::REMOVED_HELD, format!("{detail}, and {who}")),
            None => {
                watched.push(Watched {
                    function: *function,
                    addressed,
                });
                (&rules::code::REMOVED, detail)
            }
        };
        findings.push(Finding::about(rule, f.display_name(), detail));
    }
    watched
}

/// Those of the functions whose address is taken anywhere.
fn taken(old: &Program<'_>, functions: &[FunctionIndex]) -> BTreeSet<FunctionIndex> {
    let all: BTreeSet<FunctionIndex> = functions.iter().copied().collect();
    if all.is_empty() {
        return all;
    }
    let is_one = |target| match old.place(target) {
        Place::Function(f, 0) if all.contains(&f) => Some(f),
        _ => None,
    };
    let code = old
        .function_indices()
        .flat_map(|f| &old.code_of(f).references);
    let by_code = code
        .filter(|r| !matches!(r.kind, ReferenceKind::Branch8 | ReferenceKind::Branch32))
        .map(|r| r.target);
    let places = old.image.base_relocations.iter();
    let by_pointers = places.filter_map(|place| old.image.pointer_at(*place));
    by_code.chain(by_pointers).filter_map(is_one).collect()
}
