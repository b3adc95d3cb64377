//! Finds the patches in a process, and tells what state they are in.
//!
//! A record is found by its magic at the start of an allocation: no local state, no
//! registry, nothing that could disagree with the process.

use super::entries::{self, EntryBytes};
use super::record::{Record, RecordError};
use super::target::{Protection, Region, Target, TargetError, Usage};
use crate::addr::Va;

/// What a patch does to its process right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Every call runs new code.
    Active,
    /// Every call runs old code: the patch is being applied or taken out, or the patcher
    /// died while it was.
    Pending,
    /// Neither: something other than `hotpatch` changed an entry.
    Torn,
}

/// A patch in a process.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its record.
    pub record: Record,
    /// What is at each site, in the order of [`Body::sites`](super::record::Body::sites).
    /// Empty where they can't be read, as when the module was unloaded.
    pub entries: Vec<EntryBytes>,
    /// What follows from that.
    pub state: State,
}

/// What was found in a process.
#[derive(Debug, Default)]
pub struct Survey {
    /// The patches, by ascending address.
    pub patches: Vec<Installed>,
    /// Records that can't be read, with their regions.
    pub unreadable: Vec<(Va, RecordError)>,
}

impl Survey {
    /// Looks through the memory of a process.
    ///
    /// # Errors
    /// Where its regions can't be listed.
    pub fn of<T: Target + ?Sized>(target: &T) -> Result<Survey, TargetError> {
        let mut survey = Survey::default();
        let mut at = Va(0x1_0000);
        while let Some(region) = target.region(at)? {
            if could_hold_record(&region) {
                match Record::read(target, region.base) {
                    Ok(record) => survey.patches.push(Installed::observe(target, record)),
                    Err(RecordError::Absent(_) | RecordError::Target(_)) => {}
                    Err(error) => survey.unreadable.push((region.base, error)),
                }
            }
            if region.end() <= at {
                break;
            }
            at = region.end();
        }
        Ok(survey)
    }

    /// The patch with this id, if it is in the process.
    pub fn by_id(&self, id: &str) -> Option<&Installed> {
        self.patches.iter().find(|p| p.record.body.id == id)
    }
}

impl Installed {
    /// Looks at what a patch does right now.
    pub fn observe<T: Target + ?Sized>(target: &T, record: Record) -> Self {
        let entries = entries::observe(target, &record.body).unwrap_or_default();
        let active = record.is_active(target).unwrap_or(record.header.active);
        let complete = entries.len() == record.body.sites().count();
        let foreign = |e: &EntryBytes| matches!(e, EntryBytes::Foreign(_));
        let state = if !complete || entries.iter().any(foreign) {
            State::Torn
        } else if !active {
            State::Pending
        } else if entries.iter().all(|e| *e == EntryBytes::Redirect) {
            State::Active
        } else {
            State::Torn
        };
        Installed {
            record,
            entries,
            state,
        }
    }
}

/// Records are private, readable, writable and not executable, at the start of an allocation.
fn could_hold_record(region: &Region) -> bool {
    region.usage == Usage::Private
        && region.base == region.allocation
        && region.protection == Protection::READ_WRITE
}
