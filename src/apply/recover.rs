//! Finds a target that was left frozen, and gets it going again.
//!
//! That takes the death of the patcher *and* of its watchdog, as when somebody ends a whole
//! tree of processes. Called with the lock held, so no patcher is at work: a record that
//! speaks of a freeze then speaks of one whose owner has died.

use super::fault;
use super::outcome::ApplyError;
use super::record;
use super::repair::{RepairError, repair, repair_protection};
use super::survey::{State, Survey};
use super::target::{Target, TargetError};
use crate::addr::Va;

/// Repairs and thaws the target, if it was left frozen. Says whether it was, and what is in
/// it afterwards.
///
/// # Errors
/// Where the target can't be looked at, or thawed.
pub fn recover<T: Target>(target: &T) -> Result<(bool, Survey), ApplyError> {
    let survey = Survey::of(target)?;
    let patches = survey.patches.iter().map(|p| &p.record);
    let frozen = patches.filter(|r| r.header.frozen);
    let frozen: Vec<(Va, u64)> = frozen.map(|r| (r.at, r.header.frozen_at_ms)).collect();
    if frozen.is_empty() {
        return Ok((false, survey));
    }
    let mut left = false;
    for (at, since) in frozen {
        // The record is written before the freeze and after the thaw; the threads tell
        // whether it was in between.
        let Some(stands_still) = target.is_frozen(since) else {
            let source = std::io::Error::other("its threads can't be asked");
            let action = "see whether the target stands still";
            return Err(TargetError::System { action, source }.into());
        };
        if stands_still {
            let repaired = repair(target, at);
            fault::point("repaired");
            target.resume()?;
            fault::point("recovered");
            left = true;
            match repaired {
                Ok(_) | Err(RepairError::Record(_)) => {}
                Err(RepairError::Target(error)) => return Err(error.into()),
            }
        } else if survey.at(at).is_some_and(|p| p.state != State::Detached)
            && let Err(RepairError::Target(error)) = repair_protection(target, at)
        {
            // The system lets some freezes go by itself (Windows 11), and pages that were
            // being written can't run then.
            return Err(error.into());
        }
        record::set_frozen(target, at, false)?;
    }
    Ok((left, Survey::of(target)?))
}
