//! Runs the functions that a patch author wrote for the moments around a patch.
//!
//! They run in a thread of their own in the running target, not in the frozen window, with
//! the rights and the locks that any other thread of the program has. `0` means "go on"; of a
//! hook that runs before, anything else is a veto.

use super::outcome::ApplyError;
use super::record::Record;
use super::remote;
use super::target::Target;
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::payload::names::Hook;

/// Runs a hook, if the patch has it. A finding says that it refused.
///
/// # Errors
/// Where it can't be run, or doesn't return in time.
pub(super) fn run<T: Target + ?Sized>(
    target: &T,
    record: &Record,
    hook: Hook,
) -> Result<Option<Finding>, ApplyError> {
    let Some(at) = record
        .body
        .hooks
        .iter()
        .find(|h| h.hook == hook)
        .map(|h| h.at)
    else {
        return Ok(None);
    };
    let answer = remote::call_at(target, record, at, [0; 4])? as u32 as i32;
    if answer == 0 {
        return Ok(None);
    }
    let rule = if hook.may_veto() {
        &rules::HOOK_VETO
    } else {
        &rules::HOOK_FAILED
    };
    let detail = format!("{} returned {answer}.", hook.name());
    Ok(Some(Finding::about(rule, hook.name(), detail)))
}
