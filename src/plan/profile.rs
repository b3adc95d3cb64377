//! Many functions that changed although their sources did not: the build was made with another
//! profile, or other options.

use crate::diff::Diff;
use crate::finding::{Finding, rules::input};
use crate::function::{FunctionIndex, Program};
use crate::symbols::Compiler;

/// Fewer say nothing: a header of definitions has no code, and a fix may be there.
const LEAST: usize = 16;

/// Adds the finding, where most of the changed functions are of source files that are the same
/// in both builds, and the same compiler made them.
pub fn collect(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    // What another compiler may have done is said elsewhere.
    let same_compiler =
        |o, n| matches!((compiler(old, o), compiler(new, n)), (Some(a), Some(b)) if a == b);
    let of_same_sources = diff.same_sources.iter();
    let count = of_same_sources.filter(|(o, n, same)| *same && same_compiler(*o, *n));
    let count = count.count();
    let profiled = old.image.uses_profile || new.image.uses_profile;
    findings.extend(finding(count, diff.functions.changed.len(), profiled));
}

fn finding(count: usize, changed: usize, profiled: bool) -> Option<Finding> {
    if count < LEAST || count * 2 < changed {
        return None;
    }
    let why = match profiled {
        true => {
            "the image is arranged by a profile, and another one than that of the old build is the likely reason"
        }
        false => "other options, another profile or a header without code is the likely reason",
    };
    let detail = format!(
        "{count} of {changed} changed functions are of source files that are the same in both \
         builds, by the same compiler: {why}"
    );
    Some(Finding::new(&input::SAME_SOURCES, detail))
}

/// What compiled a function.
fn compiler<'p>(program: &'p Program<'_>, function: FunctionIndex) -> Option<&'p Compiler> {
    let contribution = program
        .symbols
        .contribution_at(program.function(function).rva)?;
    let module = program
        .symbols
        .modules
        .get(contribution.module.0 as usize)?;
    module.compiler.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_functions_without_a_reason_say_that_the_profile_differs() {
        let detail = |profiled| finding(214, 230, profiled).map(|f| f.detail).unwrap();
        assert!(detail(true).starts_with("214 of 230 changed functions"));
        assert!(detail(true).contains("arranged by a profile"));
        assert!(detail(false).contains("other options"));
    }

    #[test]
    fn a_few_say_nothing() {
        assert!(finding(LEAST - 1, LEAST - 1, true).is_none());
        assert!(finding(LEAST, 2 * LEAST + 1, true).is_none());
        assert!(finding(LEAST, 2 * LEAST, false).is_some());
    }
}
