//! Finds room for the payload within reach of its module.

use super::target::{Module, Target, TargetError, Usage};
use crate::addr::Va;

/// Allocations begin at multiples of this many bytes.
const GRANULARITY: u64 = 0x1_0000;

/// The furthest that the first byte of one may be from the last byte of the other:
/// a signed 32-bit displacement, less a margin for displacements with an addend.
const REACH: u64 = 0x7fff_0000;

/// Lowest address that is used.
const FLOOR: u64 = 0x1_0000;

/// Free addresses for `size` bytes within reach of `module`, nearest first: those above
/// it, then, unless `above_only`, those below.
///
/// # Errors
/// Where regions can't be queried.
pub fn candidates<T: Target + ?Sized>(
    target: &T,
    module: &Module,
    size: u64,
    above_only: bool,
) -> Result<Vec<Va>, TargetError> {
    const ENOUGH: usize = 8;
    let module_end = module.base.0 + u64::from(module.size);
    let mut found = Vec::new();
    let highest = module.base.0.saturating_add(REACH);
    let mut at = module_end;
    while at < highest && found.len() < ENOUGH {
        let Some(region) = target.region(Va(at))? else {
            break;
        };
        let start = region.base.0.max(at).next_multiple_of(GRANULARITY);
        let end = region.end().0.min(highest);
        if region.usage == Usage::Free && start.saturating_add(size) <= end {
            found.push(Va(start));
        }
        if region.end().0 <= at {
            break;
        }
        at = region.end().0;
    }
    if above_only {
        return Ok(found);
    }
    let lowest = module_end.saturating_sub(REACH).max(FLOOR);
    let mut at = module.base.0;
    while at > lowest && found.len() < 2 * ENOUGH {
        let Some(region) = target.region(Va(at - 1))? else {
            break;
        };
        let start = region.base.0.max(lowest);
        let last = region.end().0.min(at).checked_sub(size);
        let last = last.map(|l| l / GRANULARITY * GRANULARITY);
        if region.usage == Usage::Free
            && let Some(last) = last.filter(|l| *l >= start)
        {
            found.push(Va(last));
        }
        at = region.base.0.min(at - 1);
    }
    Ok(found)
}
