//! The protection of pages.

use super::Proof;
use crate::addr::Va;
use crate::apply::target::{Protection, Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;

/// Compares the protection of pages, region by region; `expected` says it in words.
pub(super) fn compare<T: Target>(
    target: &T,
    (start, size): (Va, u64),
    (is_right, expected): (impl Fn(Protection) -> bool, &str),
    subject: &str,
    proof: &mut Proof,
) -> Result<(), TargetError> {
    target.each_region(start, Va(start.0 + size), &mut |region| {
        let found = region.protection;
        if !is_right(found) {
            let at = region.base;
            let detail = format!(
                "At {at}: expected {expected}, found PAGE_ constant {:#x}.",
                found.0
            );
            let finding = Finding::about(&rules::PROTECTION, subject, detail);
            proof.findings.push(finding);
        }
        true
    })
}
