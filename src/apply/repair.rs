//! What has to be done to a frozen target whose patcher died.
//!
//! Run by the watchdog, with nothing but the record. Afterwards the target runs wholly old
//! or wholly new code, whichever it ran at the moment of death, every page has the
//! protection that it should have, and the record tells the truth.

use super::entries;
use super::record::{Record, RecordError, Stage};
use super::target::{Target, TargetError};
use crate::addr::Va;

/// Why a repair could not be completed.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is no record to go by.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The target can't be worked on.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Repairs the frozen target by the record at `at`.
///
/// # Errors
/// Where the record can't be read or the target can't be written.
pub fn repair<T: Target>(target: &T, at: Va) -> Result<(), RepairError> {
    let mut record = Record::read(target, at)?;
    // Executable again before anything else: it is what a thread would trip over.
    entries::restore_protection(target, &record.body)?;
    if record.is_active(target)? {
        // All redirects were in place before the byte was written.
        record.set_stage(target, Stage::Committed)?;
    } else if matches!(record.header.stage, Stage::Installing | Stage::Reverting) {
        entries::put_back(target, &record.body)?;
        record.set_stage(target, Stage::Restored)?;
    }
    Ok(())
}
