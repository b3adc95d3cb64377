//! Where a thread-local variable of the new build is in the TLS blocks of running threads.

use super::Hazard;
use crate::addr::Rva;
use crate::finding::rules::code;
use crate::function::Program;

/// A variable's name and its offset in the module's TLS block.
type Variable<'p> = (&'p str, u32);

fn variables<'p>(program: &'p Program<'_>) -> Vec<Variable<'p>> {
    let template = program.image.tls.as_ref().map_or(0, |t| t.template.0);
    let all = program.symbols.thread_locals.iter();
    let mut variables: Vec<Variable<'p>> = all
        .filter_map(|v| Some((v.name.as_str(), v.rva.0.checked_sub(template)?)))
        .collect();
    variables.sort_unstable_by_key(|(name, offset)| (*offset, *name));
    variables.dedup();
    variables
}

/// The offset into the old TLS block that means what `offset` means in the new one: threads
/// that run have blocks of the old layout.
///
/// # Errors
/// Where there is no such variable in the old build, or its name is not unique.
pub fn old_offset(old: &Program<'_>, new: &Program<'_>, offset: Rva) -> Result<u32, Hazard> {
    let (before, after) = (variables(old), variables(new));
    if before == after {
        return Ok(offset.0);
    }
    moved(&before, &after, offset.0).map_err(|reason| (&code::THREAD_LOCAL, reason))
}

fn moved(before: &[Variable<'_>], after: &[Variable<'_>], offset: u32) -> Result<u32, String> {
    let next = after.partition_point(|(_, at)| *at <= offset);
    let Some((name, start)) = next.checked_sub(1).map(|i| after[i]) else {
        return Err(format!(
            "is the offset {offset:#x} into the thread's TLS block, which no variable has"
        ));
    };
    let named = |list: &[Variable<'_>]| {
        let mut found = list.iter().filter(|(n, _)| *n == name).map(|(_, at)| *at);
        (found.next(), found.next().is_some())
    };
    match (named(before), named(after)) {
        ((Some(at), false), (_, false)) => Ok(at + (offset - start)),
        ((None, _), _) => Err(format!("refers to the new thread-local {name}")),
        _ => Err(format!(
            "refers to {name}, a name that several thread-local variables have"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_where_they_were() {
        let before = [("a", 8), ("b", 16)];
        let after = [("b", 8), ("a", 32)];
        assert_eq!(moved(&before, &after, 12), Ok(20));
        assert_eq!(moved(&before, &after, 32), Ok(8));
        assert!(moved(&before, &after, 0).is_err());
    }

    #[test]
    fn new_and_ambiguous_variables_are_refused() {
        let before = [("a", 8), ("c", 16), ("c", 24)];
        let after = [("b", 8), ("a", 16), ("c", 24), ("c", 32)];
        assert!(moved(&before, &after, 8).is_err_and(|e| e.contains("new thread-local b")));
        assert!(moved(&before, &after, 24).is_err_and(|e| e.contains("several")));
        assert_eq!(moved(&before, &after, 16), Ok(8));
    }
}
