//! Stops all threads of a process, and lets them go.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
use windows_sys::Win32::System::Threading::{
    GetCurrentThread, OpenProcess, PROCESS_SUSPEND_RESUME, SetThreadPriority,
    THREAD_PRIORITY_NORMAL, THREAD_PRIORITY_TIME_CRITICAL,
};
use windows_sys::core::PCSTR;

use super::ntdll;
use super::open::STATE_CHANGE_RIGHT;

type Create = unsafe extern "system" fn(*mut HANDLE, u32, *const c_void, HANDLE, u64) -> NTSTATUS;
type Change = unsafe extern "system" fn(HANDLE, HANDLE, i32, *const c_void, usize, u64) -> NTSTATUS;

/// How a process is stopped.
#[derive(Debug)]
pub enum Freezer {
    /// By a state change object (Windows 11): the system thaws the process when the last
    /// handle to the object is closed, so nothing stays frozen whoever dies.
    StateChange(OwnedHandle),
    /// By counting up the suspend count of every thread: what is left of it if the patcher
    /// dies is undone by the watchdog.
    SuspendCount,
}

impl Freezer {
    /// The best way that the system has.
    pub fn new(process: &OwnedHandle, pid: u32) -> Self {
        match state_change(process, pid) {
            Some(object) => Freezer::StateChange(object),
            None => Freezer::SuspendCount,
        }
    }

    /// Stops every thread. This thread gets ahead of all others until the thaw: on a busy
    /// system the target would otherwise stand still while others run.
    pub fn freeze(&self, process: &OwnedHandle) -> io::Result<()> {
        set_priority(THREAD_PRIORITY_TIME_CRITICAL);
        let frozen = match self {
            Freezer::StateChange(object) => change(object, process, 0),
            Freezer::SuspendCount => suspend(process),
        };
        if frozen.is_err() {
            set_priority(THREAD_PRIORITY_NORMAL);
        }
        frozen
    }

    /// Undoes one freeze.
    pub fn thaw(&self, process: &OwnedHandle) -> io::Result<()> {
        let thawed = match self {
            Freezer::StateChange(object) => change(object, process, 1),
            Freezer::SuspendCount => resume(process),
        };
        set_priority(THREAD_PRIORITY_NORMAL);
        thawed
    }

    /// Whether frozen threads have a suspend count.
    pub fn counts(&self) -> bool {
        matches!(self, Freezer::SuspendCount)
    }
}

/// Counts the suspend count of every thread up.
pub fn suspend(process: &OwnedHandle) -> io::Result<()> {
    // SAFETY: the handle is open.
    ntdll::check(unsafe { ntdll::NtSuspendProcess(process.as_raw_handle()) })
}

/// Counts the suspend count of every thread down, where it has one.
pub fn resume(process: &OwnedHandle) -> io::Result<()> {
    // SAFETY: the handle is open.
    ntdll::check(unsafe { ntdll::NtResumeProcess(process.as_raw_handle()) })
}

fn set_priority(priority: i32) {
    // SAFETY: the pseudo handle of this thread is always valid. Should the system refuse,
    // the thread just keeps its priority.
    unsafe { SetThreadPriority(GetCurrentThread(), priority) };
}

fn state_change(process: &OwnedHandle, pid: u32) -> Option<OwnedHandle> {
    let create = function(c"NtCreateProcessStateChange")?;
    function(c"NtChangeProcessState")?;
    // SAFETY: this is the type of that function.
    let create: Create = unsafe { std::mem::transmute(create) };
    // The object wants a right that nothing else does, so only it is opened with it.
    // SAFETY: takes numbers, returns a handle or null.
    let handle = unsafe { OpenProcess(PROCESS_SUSPEND_RESUME | STATE_CHANGE_RIGHT, 0, pid) };
    if handle.is_null() {
        return None;
    }
    // SAFETY: the handle is open and owned by nobody else.
    let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
    /// `MAXIMUM_ALLOWED`.
    const ACCESS: u32 = 0x0200_0000;
    let mut object = ptr::null_mut();
    // SAFETY: the handle is open, `object` receives a handle.
    let status = unsafe { create(&mut object, ACCESS, ptr::null(), handle.as_raw_handle(), 0) };
    if status < 0 || object.is_null() {
        return None;
    }
    // SAFETY: the call succeeded, so the handle is open and owned by nobody else.
    let object = unsafe { OwnedHandle::from_raw_handle(object) };
    // Try it where it does nothing: undoing what was not done is refused or ignored.
    let _ = change(&object, process, 1);
    Some(object)
}

/// `kind`: 0 suspends, 1 resumes (`PROCESS_STATE_CHANGE_TYPE`).
fn change(object: &OwnedHandle, process: &OwnedHandle, kind: i32) -> io::Result<()> {
    let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
    let change = function(c"NtChangeProcessState").ok_or_else(unsupported)?;
    // SAFETY: this is the type of that function.
    let change: Change = unsafe { std::mem::transmute(change) };
    // SAFETY: both handles are open, and the other arguments are reserved.
    ntdll::check(unsafe {
        change(
            object.as_raw_handle(),
            process.as_raw_handle(),
            kind,
            ptr::null(),
            0,
            0,
        )
    })
}

/// A function that not every Windows has.
fn function(name: &std::ffi::CStr) -> Option<unsafe extern "system" fn() -> isize> {
    // SAFETY: both names are terminated strings, and ntdll is never unloaded.
    unsafe {
        let module = GetModuleHandleA(c"ntdll.dll".as_ptr() as PCSTR);
        GetProcAddress(module, name.as_ptr() as PCSTR)
    }
}
