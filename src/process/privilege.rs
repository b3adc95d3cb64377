//! The privilege to open processes of other users.

use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, GetLastError, LUID};
use windows_sys::Win32::Security::{
    AdjustTokenPrivileges, LUID_AND_ATTRIBUTES, LookupPrivilegeValueW, SE_DEBUG_NAME,
    SE_PRIVILEGE_ENABLED, TOKEN_ADJUST_PRIVILEGES, TOKEN_PRIVILEGES,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use std::os::windows::io::AsRawHandle;

/// Enables `SeDebugPrivilege` for this process; says whether it is enabled now. An elevated
/// administrator holds it, but not enabled.
pub fn enable_debug() -> bool {
    let mut token = ptr::null_mut();
    // SAFETY: the pseudo handle is valid, and `token` receives a handle.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &mut token) } == 0 {
        return false;
    }
    // SAFETY: the call succeeded, so the handle is open and owned by nobody else.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut luid = LUID {
        LowPart: 0,
        HighPart: 0,
    };
    // SAFETY: the name is a constant string with its terminator, `luid` outlives the call.
    if unsafe { LookupPrivilegeValueW(ptr::null(), SE_DEBUG_NAME, &mut luid) } == 0 {
        return false;
    }
    let wanted = TOKEN_PRIVILEGES {
        PrivilegeCount: 1,
        Privileges: [LUID_AND_ATTRIBUTES {
            Luid: luid,
            Attributes: SE_PRIVILEGE_ENABLED,
        }],
    };
    // SAFETY: the structure holds as many privileges as it says, and no result is asked for.
    unsafe {
        let called = AdjustTokenPrivileges(
            token.as_raw_handle(),
            0,
            &wanted,
            0,
            ptr::null_mut(),
            ptr::null_mut(),
        );
        // Success is also reported where the token doesn't hold the privilege.
        called != 0 && GetLastError() == ERROR_SUCCESS
    }
}
