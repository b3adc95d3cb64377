//! A second process that repairs and thaws the target should the patcher die.
//!
//! The patcher starts `hotpatch __watchdog` before it freezes anything, and hands over four
//! things by inheritance: itself, the target, a page of shared memory, and the object that
//! freezes (where the system has such an object). The shared page says, at any moment,
//! whether the target is frozen and where its record is. The watchdog waits for the
//! patcher's end, and then does what the page says remains to be done. A patcher that hangs
//! while the target is frozen (a call of the system that does not come back, its own files
//! served by the target) is ended first.

mod child;
mod lifeline;

use std::ffi::OsString;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE_FLAG_INHERIT, SetHandleInformation,
};
use windows_sys::Win32::System::Console::{
    GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
};
use windows_sys::Win32::System::JobObjects::{
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, QueryInformationJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_BREAKAWAY_FROM_JOB, CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS, GetCurrentProcess,
};

use super::freeze::Freezer;
use crate::addr::Va;
use crate::apply::fault;
use crate::apply::target::{Identity, TargetError};
pub use child::{Inherited, run};
use lifeline::Lifeline;
pub use lifeline::Phase;

/// Name of the hidden subcommand.
pub const COMMAND: &str = "__watchdog";

/// Longest wait for the watchdog to be ready.
const START_WAIT: Duration = Duration::from_secs(15);

/// The patcher's end of the lifeline.
#[derive(Debug)]
pub struct Watchdog {
    lifeline: Lifeline,
    child: Child,
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Nothing is left to repair: no need to wait for this process's end.
        if self.lifeline.phase() == Phase::Running {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Watchdog {
    /// Starts a watchdog and waits until it watches.
    pub fn start(
        target: &OwnedHandle,
        identity: &Identity,
        freezer: &Freezer,
    ) -> Result<Self, TargetError> {
        Self::try_start(target, identity, freezer).map_err(|source| TargetError::System {
            action: "start the watchdog",
            source,
        })
    }

    fn try_start(target: &OwnedHandle, identity: &Identity, freezer: &Freezer) -> io::Result<Self> {
        let lifeline = Lifeline::create()?;
        // SAFETY: returns the pseudo handle of this process.
        let own = unsafe { GetCurrentProcess() };
        let mut inherited = vec![
            inheritable(own)?,
            inheritable(target.as_raw_handle())?,
            inheritable(lifeline.section())?,
        ];
        if let Freezer::StateChange(object) = freezer {
            inherited.push(inheritable(object.as_raw_handle())?);
        }
        let mut arguments = vec![identity.pid.to_string()];
        arguments.extend(
            inherited
                .iter()
                .map(|h| (h.as_raw_handle() as usize).to_string()),
        );
        let program = std::env::current_exe()?;
        keep_streams();
        let mut child = spawn(&program, &arguments, freezer)?;
        let deadline = Instant::now() + START_WAIT;
        while !lifeline.is_watched() {
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!("it ended at once: {status}")));
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Watchdog { lifeline, child })
    }

    /// From now on the watchdog repairs by the record at `record`, and ends this process where
    /// it leaves the target frozen for longer than `limit`.
    pub fn arm(&self, record: Va, limit: Duration) {
        self.lifeline.set_limit(limit);
        self.lifeline.set_record(record);
    }

    /// From now on there is nothing to repair.
    pub fn disarm(&self) {
        self.lifeline.set_record(Va(0));
    }

    /// Says what is about to happen, or has happened.
    pub fn set_phase(&self, phase: Phase) {
        self.lifeline.set_phase(phase);
    }
}

/// Starts the watchdog out of reach of what ends the patcher: without its console, and
/// outside its job where the job allows that.
///
/// # Errors
/// Where it can't be started; and where it would end with the patcher, while nothing else lets
/// the target go.
fn spawn(program: &std::path::Path, arguments: &[String], freezer: &Freezer) -> io::Result<Child> {
    let apart = DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP;
    let start = |flags| {
        Command::new(program)
            .arg(COMMAND)
            .args(arguments)
            // A test that kills the patcher doesn't mean this one.
            .env(fault::VARIABLE, watchdog_fault())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .creation_flags(flags)
            .spawn()
    };
    start(apart | CREATE_BREAKAWAY_FROM_JOB).or_else(|_| match ends_with_its_job() {
        true if freezer.counts() => Err(io::Error::other(
            "the job that hotpatch runs in (of a remote session, or a CI agent) ends the watchdog \
             with it; run hotpatch outside of that job, as from a scheduled task",
        )),
        _ => start(apart),
    })
}

/// Whether all processes in the job of this one end when whoever made the job does.
fn ends_with_its_job() -> bool {
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    let size = size_of_val(&limits) as u32;
    // SAFETY: no handle means the job of this process; the structure has the size that is passed.
    let known = unsafe {
        QueryInformationJobObject(
            std::ptr::null_mut(),
            JobObjectExtendedLimitInformation,
            (&raw mut limits).cast(),
            size,
            std::ptr::null_mut(),
        )
    } != 0;
    let flags = limits.BasicLimitInformation.LimitFlags;
    known && flags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE != 0
}

/// Keeps the streams of this process to itself. Whoever reads from them waits for all who
/// hold them, and a watchdog may be there for longer than its patcher: for good, where that
/// was killed while the system was creating it.
fn keep_streams() {
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: takes and returns numbers. Where there is no stream, nothing is changed.
        unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
    }
}

/// Where a test wants the watchdog to die: nowhere, most of the time.
fn watchdog_fault() -> OsString {
    std::env::var_os(fault::WATCHDOG_VARIABLE).unwrap_or_default()
}

/// A copy of a handle that children inherit.
fn inheritable(handle: RawHandle) -> io::Result<OwnedHandle> {
    let mut copy = std::ptr::null_mut();
    // SAFETY: both process handles are this process, `handle` is open, `copy` receives one.
    let ok = unsafe {
        let own = GetCurrentProcess();
        DuplicateHandle(own, handle, own, &mut copy, 0, 1, DUPLICATE_SAME_ACCESS)
    };
    if ok == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so the handle is open and owned by nobody else.
    Ok(unsafe { OwnedHandle::from_raw_handle(copy) })
}
