//! All processes, and all threads of one.

use std::io;

use std::mem;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_NO_MORE_FILES, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::ProcessStatus::K32EnumProcesses;

/// The ids of all processes, ascending, without this one.
///
/// # Errors
/// Where the system doesn't list them.
pub fn pids() -> io::Result<Vec<u32>> {
    let mut list = vec![0u32; 1024];
    loop {
        let bytes = size_of_val(list.as_slice()) as u32;
        let mut used = 0;
        // SAFETY: the list has room for `bytes` bytes.
        if unsafe { K32EnumProcesses(list.as_mut_ptr(), bytes, &mut used) } == 0 {
            return Err(io::Error::last_os_error());
        }
        if used < bytes {
            list.truncate(used as usize / size_of::<u32>());
            list.retain(|pid| *pid != 0 && *pid != std::process::id());
            list.sort_unstable();
            return Ok(list);
        }
        list.resize(list.len() * 2, 0);
    }
}

/// The ids of all threads of a process, whoever may open them.
///
/// # Errors
/// Where the system doesn't list them.
pub fn threads(pid: u32) -> io::Result<Vec<u32>> {
    // SAFETY: takes numbers, returns a handle or an invalid one.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and owned by nobody else.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
    let mut entry = THREADENTRY32 {
        dwSize: mem::size_of::<THREADENTRY32>() as u32,
        ..THREADENTRY32::default()
    };
    let mut ids = Vec::new();
    // SAFETY: the handle is open, and the structure says how large it is.
    let mut more = unsafe { Thread32First(snapshot.as_raw_handle(), &mut entry) } != 0;
    while more {
        if entry.th32OwnerProcessID == pid {
            ids.push(entry.th32ThreadID);
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(snapshot.as_raw_handle(), &mut entry) } != 0;
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() == Some(ERROR_NO_MORE_FILES as i32) {
        true => Ok(ids),
        false => Err(error),
    }
}
