//! What has to be done to a frozen target whose patcher died.
//!
//! Run by the watchdog, with nothing but the record. Afterwards the target runs wholly old
//! or wholly new code, whichever it ran at the moment of death, every page has the
//! protection that it should have, and the record tells the truth.

use super::entries;
use super::record::{Record, RecordError, Stage};
use super::survey;
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

/// Repairs the frozen target by the record at `at`, and by those of the patches beneath it,
/// which may have been taken out with it.
///
/// # Errors
/// Where the record can't be read or the target can't be written.
pub fn repair<T: Target>(target: &T, at: Va) -> Result<(), RepairError> {
    let mut records = with_lower(target, at)?;
    // Executable again before anything else: it is what a thread would trip over.
    protect(target, &records)?;
    records.iter_mut().try_for_each(|r| settle(target, r))
}

/// Gives all pages that a patch and those beneath it were being written in the protection
/// that they had. The target may run.
///
/// # Errors
/// Where the record can't be read or the target can't be written.
pub fn repair_protection<T: Target>(target: &T, at: Va) -> Result<(), RepairError> {
    protect(target, &with_lower(target, at)?)
}

/// Where a module is gone, its addresses may be those of memory that the program writes.
fn protect<T: Target>(target: &T, records: &[Record]) -> Result<(), RepairError> {
    let mut there = records.iter().filter(|r| survey::is_loaded(target, r));
    there.try_for_each(|r| Ok(entries::restore_protection(target, &r.body)?))
}

/// A record and those beneath it, from the top. One of these that can't be read is gone.
fn with_lower<T: Target>(target: &T, at: Va) -> Result<Vec<Record>, RepairError> {
    let mut records = vec![Record::read(target, at)?];
    let mut next = 0;
    while let Some(record) = records.get(next) {
        next += 1;
        for lower in record.body.over.clone() {
            if records.iter().any(|r| r.at == lower) {
                continue;
            }
            records.extend(Record::read(target, lower));
        }
    }
    Ok(records)
}

/// Finishes or undoes what was begun with one patch.
fn settle<T: Target>(target: &T, record: &mut Record) -> Result<(), RepairError> {
    if record.is_active(target)? {
        // All redirects were in place before the byte was written.
        record.set_stage(target, Stage::Committed)?;
    } else if matches!(record.header.stage, Stage::Installing | Stage::Reverting) {
        entries::put_back(target, &record.body)?;
        record.set_stage(target, Stage::Restored)?;
    }
    Ok(())
}
