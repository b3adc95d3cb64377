//! One round of `sync`: look, decide, do, look again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};

use super::act::{Limits, planned};
use super::deaths::Watched;
use super::import::Import;
use super::{Machine, Seen};
use crate::apply::fault;
use crate::cli::Failure;
use crate::cli::package_arg::untrusting;
use crate::cli::store_arg::{Judges, unusable};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::audit::{Log, computer};
use crate::ops::fleet::file_stem;
use crate::ops::store::{self, PackageStore, Quarantine, StoreError};
use crate::ops::trust::{self, Store};
use crate::package::file::replace;
use crate::report::metrics::metrics;
use crate::report::out;
use crate::report::sync::{ActionReport, Mode, SyncReport};

/// How long another `sync` may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether processes live that were patched.
const POLL: Duration = Duration::from_millis(50);

/// How rounds are made.
#[derive(Debug)]
pub struct Rounds {
    /// What is done.
    pub mode: Mode,
    /// A folder whose packages come into the store first.
    pub from: Option<PathBuf>,
    /// The id of the only package that is applied; otherwise all are.
    pub package: Option<String>,
    /// A folder where the report of each round of all processes is left.
    pub report: Option<PathBuf>,
    /// A file for the metrics of each round of all processes.
    pub metrics: Option<PathBuf>,
    /// Where it is put on record.
    pub log: Log,
    /// How long processes may be waited for.
    pub limits: Limits,
    /// Whether a round ends only when the processes that it patched have lived for long enough;
    /// otherwise the next one looks at them.
    pub waits: bool,
    /// Processes that were patched a moment ago.
    pub watched: RefCell<Watched>,
}

/// What a round came to.
#[derive(Debug)]
pub struct Round {
    /// The report.
    pub report: SyncReport,
    /// How it ended.
    pub exit: Exit,
    /// Processes that could not be looked at, as when they are just starting.
    pub unready: BTreeSet<u32>,
}

impl Rounds {
    /// Makes a round of all processes, or only of some.
    ///
    /// # Errors
    /// Exit code 1 where the store can't be used, 5 where the trust store can't, 7 where another
    /// `sync` takes too long.
    pub fn run(&self, only: Option<&BTreeSet<u32>>) -> Result<Round, Failure> {
        let acts = self.mode == Mode::Sync;
        let judges = Judges::load()?;
        let mut store = match (PackageStore::load(&store::folder()), &self.from) {
            (Err(StoreError::Missing(folder)), Some(_)) => match acts {
                true => PackageStore::open_or_create(&folder).map_err(unusable)?,
                false => PackageStore {
                    folder,
                    ledger: Default::default(),
                },
            },
            (result, _) => result.map_err(unusable)?,
        };
        // Before anything is looked at: what another one does meanwhile would be decided anew.
        let lock = match acts {
            true => Some(lock(&store)?),
            false => None,
        };
        fault::point("sync-locked");
        let mut quarantined = match acts {
            true => self.quarantine(&mut store)?,
            false => Vec::new(),
        };
        let import = match (&self.from, only) {
            (Some(folder), None) => Import::run(folder, (&judges, &mut store), acts)?,
            _ => Import::default(),
        };
        let stock = store.stock_with(&judges.guard, import.incoming, &import.incoming_lists);
        if acts && only.is_none() && !stock.lists.is_empty() {
            // So that a clock that is set back later makes no list good again.
            saw_time()?;
        }
        let mut machine = Machine::new(judges, store, stock);
        let mut seen = machine.look(only)?;
        if let Some(id) = &self.package {
            machine.leave_others(id, &mut seen);
        }
        let actions = match acts {
            true => self.act(&mut machine, &seen, &mut quarantined)?,
            false => {
                let processes = seen.processes.iter();
                let planned = processes.map(|(f, v)| planned(&machine, f, v));
                planned.flatten().collect()
            }
        };
        if !actions.is_empty() && acts {
            seen = machine.look(only)?;
        }
        if let Some(lock) = &lock {
            if only.is_none() {
                forget(&mut machine, &seen);
            }
            let outcomes = &machine.outcomes;
            if *outcomes != machine.store.outcomes() {
                machine.store.remember(outcomes, lock).map_err(unusable)?;
            }
            fault::point("sync-remembered");
        }
        let report = machine.report(&seen);
        let in_desired_state = report.as_desired() && quarantined.is_empty();
        let exit = match (self.mode, import.refused.is_empty(), in_desired_state) {
            _ if self.limits.interrupted() => Exit::Interrupted,
            (Mode::WhatIf, _, _) => Exit::Done,
            (_, false, _) => Exit::Untrusted,
            (_, true, false) => Exit::NotAsDesired,
            (_, true, true) => Exit::Done,
        };
        let computer = computer();
        let round = Round {
            report: SyncReport {
                schema: "hotpatch.sync/1",
                ring: machine.ring(&computer),
                computer,
                at: Moment::now(),
                mode: self.mode,
                exit_code: exit.code(),
                in_desired_state,
                added: import.added,
                lists: import.lists,
                refused: import.refused,
                actions,
                quarantined,
                machine: report,
            },
            exit,
            unready: seen.unready,
        };
        // What was done has been done, whatever is with the share.
        if let (Some(folder), None) = (&self.report, only)
            && let Err(failure) = leave(folder, &round.report)
        {
            failure.warn("the report could not be left");
        }
        if let (Some(path), None) = (&self.metrics, only)
            && let Err(failure) = put(path, &metrics(&round.report))
        {
            failure.warn("the metrics could not be written");
        }
        Ok(round)
    }

    /// Does what is to be done, process by process.
    fn act(
        &self,
        machine: &mut Machine,
        seen: &Seen,
        quarantined: &mut Vec<Quarantine>,
    ) -> Result<Vec<ActionReport>, Failure> {
        let mut actions = Vec::new();
        let busy = |(_, v): &&(_, super::Verdict)| {
            !v.apply.is_empty() || !v.revert.is_empty() || v.recover
        };
        let to_do: Vec<_> = seen.processes.iter().filter(busy).collect();
        if to_do.is_empty() {
            return Ok(actions);
        }
        // So that a clock that is set back later is noticed.
        saw_time()?;
        for (facts, verdict) in to_do {
            let how = (&self.log, &self.limits);
            let what = (facts, verdict);
            actions.extend(machine.carry_out(what, how, &mut self.watched.borrow_mut()));
            quarantined.extend(self.quarantine(&mut machine.store)?);
        }
        let settle = self.limits.settle;
        while self.waits && !self.limits.interrupted() && !self.watched.borrow().is_settled(settle)
        {
            std::thread::sleep(POLL);
            quarantined.extend(self.quarantine(&mut machine.store)?);
        }
        Ok(actions)
    }

    /// Keeps packages from programs of which they ended a process.
    fn quarantine(&self, store: &mut PackageStore) -> Result<Vec<Quarantine>, Failure> {
        let deaths = self.watched.borrow_mut().deaths(self.limits.settle);
        for death in &deaths {
            store.quarantine(death.clone()).map_err(unusable)?;
        }
        Ok(deaths)
    }
}

/// Leaves a report in a folder, in the place of the last one of this machine.
fn leave(folder: &Path, report: &SyncReport) -> Result<(), Failure> {
    let name = format!("{}.json", file_stem(&report.computer));
    put(&folder.join(name), &out::json_text(report)?)
}

/// Puts a text in the place of a file.
fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let context = || format!("cannot write {}", path.display());
    Ok(replace(path, text.as_bytes()).with_context(context)?)
}

/// Writes down in the trust store what time it is.
fn saw_time() -> Result<(), Failure> {
    let mut trust = Store::load(&trust::folder()).map_err(untrusting)?;
    let now = Moment::now();
    trust.record(|s| s.saw_time(now)).map_err(untrusting)
}

/// The right to work on processes.
fn lock(store: &PackageStore) -> Result<crate::ops::store::SyncLock, Failure> {
    let lock = store.lock_processes(PATIENCE).map_err(unusable)?;
    lock.ok_or_else(|| {
        let error = anyhow!("another `hotpatch sync` is working on this machine's processes");
        Failure::new(Exit::Busy, error).hint("wait until it has finished")
    })
}

/// Forgets attempts about processes that have ended.
fn forget(machine: &mut Machine, seen: &Seen) {
    let names: BTreeSet<&str> = seen
        .processes
        .iter()
        .map(|(f, _)| f.name.as_str())
        .collect();
    let mut outcomes = std::mem::take(&mut machine.outcomes);
    outcomes.keep(|process| names.contains(process));
    machine.outcomes = outcomes;
}
