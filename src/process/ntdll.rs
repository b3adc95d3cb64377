//! Functions of `ntdll` that no import library of the SDK has.
//!
//! They are not documented by Microsoft, and have not changed since Windows Vista. Every
//! debugger and process viewer uses them. The declarations follow Process Hacker's `phnt`.

use std::io;

use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, RtlNtStatusToDosError};

#[link(name = "ntdll.dll", kind = "raw-dylib", modifiers = "+verbatim")]
unsafe extern "system" {
    /// Adds one to the suspend count of every thread of a process.
    pub fn NtSuspendProcess(process: HANDLE) -> NTSTATUS;

    /// Takes one from the suspend count of every thread of a process.
    pub fn NtResumeProcess(process: HANDLE) -> NTSTATUS;

    /// Opens the thread that follows `thread` (or the first one) in a process.
    pub fn NtGetNextThread(
        process: HANDLE,
        thread: HANDLE,
        access: u32,
        attributes: u32,
        flags: u32,
        next: *mut HANDLE,
    ) -> NTSTATUS;

    /// Starts a thread in a process. With no `flags` it runs at once: `CreateRemoteThread`
    /// creates one that is suspended, and lets it go with a second call.
    pub fn NtCreateThreadEx(
        thread: *mut HANDLE,
        access: u32,
        attributes: *const core::ffi::c_void,
        process: HANDLE,
        routine: *const core::ffi::c_void,
        argument: *const core::ffi::c_void,
        flags: u32,
        zero_bits: usize,
        stack_commit: usize,
        stack_reserve: usize,
        attribute_list: *const core::ffi::c_void,
    ) -> NTSTATUS;

    /// Writes memory of a process, and leaves protections alone.
    /// (`WriteProcessMemory` makes code pages writable *and* executable for a moment.)
    pub fn NtWriteVirtualMemory(
        process: HANDLE,
        base: *const core::ffi::c_void,
        buffer: *const core::ffi::c_void,
        size: usize,
        written: *mut usize,
    ) -> NTSTATUS;
}

/// The error that a status means; `Ok` where it means success.
pub fn check(status: NTSTATUS) -> io::Result<()> {
    if status >= 0 {
        return Ok(());
    }
    // SAFETY: takes and returns numbers.
    let code = unsafe { RtlNtStatusToDosError(status) };
    Err(io::Error::from_raw_os_error(code as i32))
}
