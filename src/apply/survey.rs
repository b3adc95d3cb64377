//! Finds the patches in a process, and tells what state they are in.
//!
//! A record is found by its magic at the start of an allocation: no local state, no
//! registry, nothing that could disagree with the process.

use std::collections::HashMap;

use super::entries::{self, EntryBytes};
use super::loaded;
use super::record::{Record, RecordError, Site, Stage};
use super::target::{HIGHEST, LOWEST, Module, Protection, Region, Target, TargetError, Usage};
use crate::addr::Va;

/// What a patch does to its process right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Every call runs new code.
    Active,
    /// Every call runs the code of a patch that replaced this one, which waits beneath it.
    Replaced,
    /// Every call runs old code: the patch is being applied or taken out, or the patcher
    /// died while it was.
    Pending,
    /// Every call runs old code, and nothing leads to the patch any more, whatever is at its
    /// entries now: it was taken out, and its memory waits until nothing points into it.
    Kept,
    /// Every call runs old code, without any operation: the module was unloaded with the patch
    /// in it, and is gone, or was loaded anew. Nothing leads to the patch any more.
    Detached,
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
    /// Whether the process stands still because of it: its record says so, and the threads do
    /// not say otherwise. Who lets a process go whose patcher has died may leave the note.
    pub frozen: bool,
    /// Paths of other modules that are the same build, which the patch does not change.
    pub twins: Vec<String>,
}

impl Installed {
    /// Whether calls are led there, or may be. Otherwise it is memory that was not given back.
    pub fn leads(&self) -> bool {
        let idle = matches!(self.record.header.stage, Stage::Placed | Stage::Restored);
        match self.state {
            State::Active | State::Replaced | State::Torn => true,
            State::Pending => !idle,
            State::Detached | State::Kept => false,
        }
    }
}

/// Most patches that are looked at in one process: each is looked at in the light of the others.
const MAX_RECORDS: usize = 200;

/// What was found in a process.
#[derive(Debug, Default)]
pub struct Survey {
    /// The patches, those that were applied first before others.
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
        let mut records = Vec::new();
        target.each_region(LOWEST, HIGHEST, &mut |region| {
            if could_hold_record(&region) {
                match read(target, &region) {
                    Ok(record) => records.push(record),
                    Err(RecordError::Absent(_)) => {}
                    Err(error) => survey.unreadable.push((region.base, error)),
                }
            }
            true
        })?;
        records.sort_by_key(|r| (r.header.applied_at_ms, r.at));
        for record in records.drain(MAX_RECORDS.min(records.len())..) {
            let error = RecordError::TooMany { at: record.at };
            survey.unreadable.push((record.at, error));
        }
        survey.patches = observe(target, records);
        Ok(survey)
    }

    /// The patch with this id, if it is in the process; one that runs goes before others.
    pub fn by_id(&self, id: &str) -> Option<&Installed> {
        let mut named = self.patches.iter().filter(|p| p.record.body.id == id);
        let first = named.clone().next();
        named.find(|p| p.state == State::Active).or(first)
    }

    /// The patch whose record is there.
    pub fn at(&self, record: Va) -> Option<&Installed> {
        self.patches.iter().find(|p| p.record.at == record)
    }

    /// Everything that a patch replaced, and what that had replaced, the nearest first.
    pub fn beneath(&self, record: &Record) -> Vec<&Installed> {
        let indices = beneath(&self.patches, |p| &p.record, record);
        indices.into_iter().map(|i| &self.patches[i]).collect()
    }

    /// What goes with a patch when it is taken out: all that it stands on, the nearest first.
    /// Nothing where it leads nowhere: what is beneath remains may lead somewhere.
    pub fn goes_with(&self, patch: &Installed) -> Vec<&Installed> {
        match patch.leads() {
            true => self.beneath(&patch.record),
            false => Vec::new(),
        }
    }

    /// Whether another patch stands on this one, be it switched on or not.
    pub fn is_beneath(&self, record: Va) -> bool {
        let mut above = self.patches.iter().filter(|p| p.leads());
        above.any(|p| p.record.body.over.contains(&record))
    }
}

/// Reads the record at the start of a region, if there is one. A region that is gone by now
/// has none; one that is still there and can't be read might have one.
fn read<T: Target + ?Sized>(target: &T, region: &Region) -> Result<Record, RecordError> {
    let at = region.base;
    match Record::read(target, at) {
        Err(RecordError::Target(_)) => match target.region(at)? {
            Some(now) if could_hold_record(&now) => Record::read(target, at),
            _ => Err(RecordError::Absent(at)),
        },
        read => read,
    }
}

/// Indices of everything beneath a record, the nearest first.
fn beneath<P>(patches: &[P], record_of: impl Fn(&P) -> &Record, record: &Record) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut wanted: Vec<Va> = record.body.over.clone();
    let mut next = 0;
    while let Some(at) = wanted.get(next).copied() {
        next += 1;
        let index = patches.iter().position(|p| record_of(p).at == at);
        if let Some(i) = index.filter(|i| !found.contains(i) && at != record.at) {
            found.push(i);
            wanted.extend(&record_of(&patches[i]).body.over);
        }
    }
    found
}

/// Looks at what patches do right now, each in the light of the others.
fn observe<T: Target + ?Sized>(target: &T, records: Vec<Record>) -> Vec<Installed> {
    let mut entries: Vec<Vec<EntryBytes>> = records
        .iter()
        .map(|r| entries::observe(target, &r.body).unwrap_or_default())
        .collect();
    let is_active = |r: &Record| r.is_active(target).unwrap_or(r.header.active);
    let active: Vec<bool> = records.iter().map(is_active).collect();
    // Where a jump of ours still is, its target must be, too.
    let led = |entries: &[EntryBytes]| entries.contains(&EntryBytes::Redirect);
    let loaded = records.iter().zip(&entries);
    let loaded: Vec<bool> = loaded
        .map(|(r, entries)| led(entries) || is_loaded(target, r))
        .collect();
    let mut replaced = vec![false; records.len()];
    for (top, record) in records.iter().enumerate() {
        for lower in beneath(&records, |r| r, record) {
            replaced[lower] |= active[top];
            // Where the lower one was taken out, or its module loaded anew, there is what that
            // one found.
            let (above, below) = (by_place(record), by_place(&records[lower]));
            let sites = record.body.sites();
            for (site, bytes) in sites.zip(&mut entries[top]) {
                let below = below.get(&site.at);
                let original = |found: &[u8]| below.is_some_and(|s| s.original == found);
                if matches!(bytes, EntryBytes::Foreign(found) if original(found)) {
                    *bytes = EntryBytes::Original;
                }
            }
            let sites = records[lower].body.sites();
            for (site, bytes) in sites.zip(&mut entries[lower]) {
                let EntryBytes::Foreign(found) = bytes else {
                    continue;
                };
                let above = above.get(&site.at);
                if above.is_some_and(|s| s.redirect == *found) {
                    *bytes = EntryBytes::Covered;
                }
            }
            entries::lead_to_covered(&records[lower].body, &mut entries[lower]);
        }
    }
    let twins: Vec<Vec<String>> = records.iter().map(|r| twins(target, r)).collect();
    let all = records
        .into_iter()
        .zip(entries)
        .zip(twins)
        .zip(active.into_iter().zip(replaced).zip(loaded));
    all.map(
        |(((record, entries), twins), ((active, replaced), loaded))| Installed {
            twins,
            frozen: is_frozen(target, &record),
            state: match loaded {
                true => state(&record, &entries, active, replaced),
                false => State::Detached,
            },
            record,
            entries,
        },
    )
    .collect()
}

/// What a patch changes, by where it is.
fn by_place(record: &Record) -> HashMap<Va, &Site> {
    record.body.sites().map(|site| (site.at, site)).collect()
}

/// Whether the process stands still because of a patch, as far as anybody can tell.
fn is_frozen<T: Target + ?Sized>(target: &T, record: &Record) -> bool {
    let header = &record.header;
    header.frozen && target.is_frozen(header.frozen_at_ms) != Some(false)
}

/// Whether the very image that was patched is still where it was. Only what can be seen says
/// that it isn't: while anything leads to a patch, its memory has to stay.
pub(super) fn is_loaded<T: Target + ?Sized>(target: &T, record: &Record) -> bool {
    let module = &record.body.module;
    let mapped = |r: Region| r.usage == Usage::Mapped && r.allocation == module.base;
    if let Ok(region) = target.region(module.base)
        && !region.is_some_and(mapped)
    {
        return false;
    }
    let there = Module {
        name: module.name.clone(),
        path: String::new(),
        base: module.base,
        size: module.size,
    };
    let identity = loaded::headers_of(target, &there);
    identity.is_err() || identity.is_ok_and(|i| i == Some((module.time_date_stamp, module.size)))
}

/// Paths of other modules that are the same build as the one that was patched.
fn twins<T: Target + ?Sized>(target: &T, record: &Record) -> Vec<String> {
    let patched = &record.body.module;
    let wanted = Some((patched.time_date_stamp, patched.size));
    let is_twin = |m: &Module| {
        let identity = || loaded::headers_of(target, m).ok().flatten();
        m.base != patched.base && m.size == patched.size && identity() == wanted
    };
    let modules = target.modules().unwrap_or_default();
    let twins = modules.into_iter().filter(is_twin);
    twins.map(|m| m.path).collect()
}

fn state(record: &Record, entries: &[EntryBytes], active: bool, replaced: bool) -> State {
    let foreign = |e: &EntryBytes| matches!(e, EntryBytes::Foreign(_));
    let complete = entries.len() == record.body.sites().count();
    let leads = entries.contains(&EntryBytes::Redirect);
    if complete && !active && !leads && record.header.stage == Stage::Restored {
        State::Kept
    } else if complete && !active && !leads && record.header.stage == Stage::Placed {
        // Nothing leads to it, whatever is there.
        State::Pending
    } else if complete && active && entries.iter().all(|e| *e == EntryBytes::Original) {
        // No hotpatch leaves it so: the entries go after the byte, and come before it.
        State::Detached
    } else if !complete || entries.iter().any(foreign) {
        State::Torn
    } else if replaced {
        State::Replaced
    } else if !active {
        State::Pending
    } else if entries.iter().all(|e| *e != EntryBytes::Original) {
        State::Active
    } else {
        State::Torn
    }
}

/// Records are private, readable, writable and not executable, at the start of an allocation.
fn could_hold_record(region: &Region) -> bool {
    region.usage == Usage::Private
        && region.base == region.allocation
        && region.protection == Protection::READ_WRITE
}
