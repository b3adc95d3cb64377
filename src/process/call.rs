//! Runs a thread in another process.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::{WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{
    GetExitCodeThread, THREAD_QUERY_LIMITED_INFORMATION, THREAD_SYNCHRONIZE, WaitForSingleObject,
};

use super::ntdll;
use crate::addr::Va;
use crate::apply::target::TargetError;

/// Runs `entry(argument)` in a thread of the other process and waits for its end.
pub fn call(
    process: &OwnedHandle,
    entry: Va,
    argument: Va,
    timeout: Duration,
) -> Result<u32, TargetError> {
    let failed = |source| TargetError::System {
        action: "run a thread in the target",
        source,
    };
    let mut thread = ptr::null_mut();
    // In one step: a patcher that dies between two of them would leave a thread that never
    // runs, with the payload's address, and the payload with it for good.
    // SAFETY: the other process has the code and the data at these addresses: the caller
    // has written them and read them back. Here they are only handed over.
    let status = unsafe {
        ntdll::NtCreateThreadEx(
            &mut thread,
            THREAD_QUERY_LIMITED_INFORMATION | THREAD_SYNCHRONIZE,
            ptr::null(),
            process.as_raw_handle(),
            entry.0 as usize as *const _,
            argument.0 as usize as *const _,
            0,
            0,
            0,
            0,
            ptr::null(),
        )
    };
    ntdll::check(status).map_err(failed)?;
    // SAFETY: the handle is open and owned by nobody else.
    let thread = unsafe { OwnedHandle::from_raw_handle(thread) };
    let ms = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX - 1);
    // SAFETY: the handle is open.
    match unsafe { WaitForSingleObject(thread.as_raw_handle(), ms) } {
        WAIT_OBJECT_0 => {}
        WAIT_TIMEOUT => {
            let late = format!("it has not returned within {timeout:?}");
            return Err(TargetError::MayStillRun(io::Error::other(late)));
        }
        _ => return Err(TargetError::MayStillRun(io::Error::last_os_error())),
    }
    // From here on the thread has ended.
    let mut code = 0;
    // SAFETY: the handle is open, `code` outlives the call.
    if unsafe { GetExitCodeThread(thread.as_raw_handle(), &mut code) } == 0 {
        return Err(failed(io::Error::last_os_error()));
    }
    Ok(code)
}
