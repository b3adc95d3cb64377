//! The watchdog's own program.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::WAIT_TIMEOUT;
use windows_sys::Win32::System::Threading::{TerminateProcess, WaitForSingleObject};

use super::lifeline::{Lifeline, Phase};
use crate::apply::record::Record;
use crate::apply::target::Target;
use crate::apply::{fault, repair};
use crate::exit::Exit;
use crate::process::Process;
use crate::process::freeze::Freezer;
use crate::process::lock::{Lock, Role};

/// What the watchdog inherits: the target's PID, then handles as numbers.
#[derive(Clone, Copy, Debug)]
pub struct Inherited {
    /// PID of the target.
    pub pid: u32,
    /// Handle of the patcher.
    pub patcher: usize,
    /// Handle of the target.
    pub target: usize,
    /// Handle of the shared page.
    pub lifeline: usize,
    /// Handle of the object that freezes, where there is one.
    pub freezer: Option<usize>,
}

/// Waits for the patcher's end, and does what it has left undone.
///
/// # Errors
/// Where a handle is none, or the target can't be repaired or thawed.
pub fn run(inherited: Inherited) -> io::Result<()> {
    let patcher = adopt(inherited.patcher);
    let freezer = match inherited.freezer {
        Some(handle) => Freezer::StateChange(adopt(handle)),
        None => Freezer::SuspendCount,
    };
    let target = Process::adopt(adopt(inherited.target), inherited.pid, freezer)?;
    let lifeline = Lifeline::map(adopt(inherited.lifeline))?;
    // Whoever patches next waits for this one to be released.
    let _lock =
        Lock::take(target.identity(), Role::Watchdog, Duration::ZERO).map_err(io::Error::other)?;
    lifeline.set_watched();
    outlive(&patcher, &lifeline);
    fault::point("watchdog");
    if is_frozen(&lifeline, &target) {
        let repaired = match lifeline.record() {
            Some(record) => repair::repair(&target, record),
            None => Ok(()),
        };
        // Whatever came of the repair: a process that runs can be looked at and restarted.
        let thawed = target.thaw();
        // Threads that an object freezes have a suspend count as well: only now does it tell
        // whether the target was held.
        let held = target.freezes_by_object() && is_suspended(&lifeline, &target) == Some(true);
        let resumed = if held { target.resume() } else { Ok(()) };
        repaired.map_err(io::Error::other)?;
        thawed.and(resumed).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Waits for the patcher's end; ends it where one freeze takes longer than any may. What it may
/// still have asked the system for is a write of bytes that change nothing by themselves.
fn outlive(patcher: &OwnedHandle, lifeline: &Lifeline) {
    /// How often it is looked at, in milliseconds.
    const EVERY: u32 = 50;
    /// How long it may take to end, in milliseconds.
    const ENDING: u32 = 2000;
    // SAFETY: the handle is open.
    let ends_within = |ms| unsafe { WaitForSingleObject(patcher.as_raw_handle(), ms) };
    let mut freeze = (0, Instant::now());
    while ends_within(EVERY) == WAIT_TIMEOUT {
        let count = lifeline.freezes();
        if lifeline.phase() == Phase::Running || count != freeze.0 {
            freeze = (count, Instant::now());
        } else if freeze.1.elapsed() > lifeline.limit() {
            let code = u32::from(Exit::Error.code());
            // SAFETY: the handle is open, and was made with every right to that process.
            unsafe { TerminateProcess(patcher.as_raw_handle(), code) };
            ends_within(ENDING);
            return;
        }
    }
}

/// Whether the patcher left the target frozen. The phases before and after a system call
/// don't say whether it was made; then the threads do.
fn is_frozen(lifeline: &Lifeline, target: &Process) -> bool {
    match lifeline.phase() {
        Phase::Running => false,
        Phase::Frozen => true,
        // An object that freezes undoes only its own freeze: asking once more does no harm.
        Phase::Freezing | Phase::Thawing if target.freezes_by_object() => true,
        Phase::Freezing | Phase::Thawing => is_suspended(lifeline, target).unwrap_or(true),
    }
}

/// Whether all threads have a suspend count, but for such as were created later.
fn is_suspended(lifeline: &Lifeline, target: &Process) -> Option<bool> {
    let record = lifeline.record().map(|at| Record::read(target, at));
    let since = record.and_then(Result::ok).map(|r| r.header.frozen_at_ms);
    target.is_frozen(since.unwrap_or(u64::MAX))
}

fn adopt(handle: usize) -> OwnedHandle {
    // SAFETY: the patcher made these handles for this process and nobody else here uses
    // them. A number that is no handle makes the first call that uses it fail.
    unsafe { OwnedHandle::from_raw_handle(handle as RawHandle) }
}
