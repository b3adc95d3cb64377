//! Finds room for the payload within reach of its module.

use super::target::{Module, Target, TargetError, Usage};
use crate::addr::Va;

/// Allocations begin at multiples of this many bytes.
const GRANULARITY: u64 = 0x1_0000;

/// The furthest that the first byte of one may be from the last byte of the other:
/// a signed 32-bit displacement, less a margin for displacements with an addend.
const REACH: u64 = 0x7fff_0000;

/// As many candidates as anybody needs: a free range can be taken before it is allocated.
const ENOUGH: usize = 8;

/// Lowest address that is used.
const FLOOR: u64 = 0x1_0000;

/// Free addresses for `size` bytes within reach of `module`: those above it, then, unless
/// `above_only`, those below. Nearest first, but for the first one, which is anywhere: where a
/// patch was before, words are left that point there (on stacks that were used, in memory that
/// the system gave back), and would say that the next one is in use for ever.
///
/// # Errors
/// Where regions can't be queried.
pub fn candidates<T: Target + ?Sized>(
    target: &T,
    module: &Module,
    size: u64,
    above_only: bool,
) -> Result<Vec<Va>, TargetError> {
    let module_end = module.base.0 + u64::from(module.size);
    let highest = module.base.0.saturating_add(REACH);
    let mut found = Vec::new();
    free(target, module_end, highest, |start, end| {
        if let Some(room) = end.checked_sub(start.saturating_add(size)) {
            let slots = room / GRANULARITY + 1;
            if found.is_empty() && slots > 1 {
                found.push(Va(start + target.anywhere() % slots * GRANULARITY));
            }
            found.push(Va(start));
        }
        found.len() < ENOUGH
    })?;
    if above_only || found.len() >= ENOUGH {
        return Ok(found);
    }
    let lowest = module_end.saturating_sub(REACH).max(FLOOR);
    let mut below = Vec::new();
    free(target, lowest, module.base.0, |start, end| {
        let last = end.saturating_sub(size) / GRANULARITY * GRANULARITY;
        if last >= start {
            below.push(Va(last));
        }
        true
    })?;
    found.extend(below.into_iter().rev().take(ENOUGH));
    Ok(found)
}

/// Calls `each` with the free ranges between two addresses, by ascending address, until it
/// returns `false`. A range starts where an allocation can start.
fn free<T: Target + ?Sized>(
    target: &T,
    from: u64,
    to: u64,
    mut each: impl FnMut(u64, u64) -> bool,
) -> Result<(), TargetError> {
    target.each_region(Va(from), Va(to), &mut |region| {
        let start = region.base.0.max(from).next_multiple_of(GRANULARITY);
        let end = region.end().0.min(to);
        region.usage != Usage::Free || start >= end || each(start, end)
    })
}
