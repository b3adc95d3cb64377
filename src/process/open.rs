//! Opens a process, and finds out which one it is.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessBreakOnTermination};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, FILETIME, STILL_ACTIVE,
};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessInformation, GetProcessTimes, OpenProcess, PROCESS_CREATE_THREAD,
    PROCESS_NAME_WIN32, PROCESS_PROTECTION_LEVEL_INFORMATION, PROCESS_QUERY_INFORMATION,
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_INFORMATION, PROCESS_SUSPEND_RESUME,
    PROCESS_VM_OPERATION, PROCESS_VM_READ, PROCESS_VM_WRITE, PROTECTION_LEVEL_NONE,
    ProcessProtectionLevelInfo, QueryFullProcessImageNameW,
};

use super::privilege;
use crate::apply::target::Identity;

/// What will be done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: it is only looked at.
    Look,
    /// It is patched.
    Change,
}

impl Access {
    /// The access mask. The README lists what is asked for; its table is tested.
    fn rights(self) -> u32 {
        let look = PROCESS_QUERY_INFORMATION | PROCESS_VM_READ;
        match self {
            Access::Look => look,
            Access::Change => {
                look | PROCESS_VM_OPERATION
                    | PROCESS_VM_WRITE
                    | PROCESS_CREATE_THREAD
                    | PROCESS_SUSPEND_RESUME
            }
        }
    }
}

/// Why a process can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none with this PID.
    #[error("there is no process {0}")]
    Missing(u32),
    /// It has ended, and somebody still holds it open.
    #[error("process {0} has ended")]
    Ended(u32),
    /// The system doesn't allow it.
    #[error("access to process {pid} is denied")]
    Denied {
        /// The process.
        pid: u32,
        /// Whether it is a protected process, which no user may open.
        protected: bool,
        /// What the system said.
        source: io::Error,
    },
    /// It is this program.
    #[error("process {0} is hotpatch itself")]
    Myself(u32),
    /// Anything else.
    #[error("cannot open process {pid}")]
    Other {
        /// The process.
        pid: u32,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// Whether the system doesn't allow it.
    pub fn is_denied(&self) -> bool {
        matches!(self, OpenError::Denied { .. })
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            OpenError::Missing(_) | OpenError::Ended(_) => {
                Some("list the processes with `tasklist`; PIDs change when a program restarts")
            }
            OpenError::Denied {
                protected: true, ..
            } => Some(
                "it is a protected process, which Windows lets nobody change; restart it instead",
            ),
            OpenError::Denied { .. } => Some(
                "run hotpatch as the user who runs the process, or from an elevated prompt \
                 (which has SeDebugPrivilege)",
            ),
            OpenError::Myself(_) => Some("name the process that is to be patched"),
            OpenError::Other { .. } => None,
        }
    }
}

/// Opens a process and identifies it.
pub(super) fn open(pid: u32, access: Access) -> Result<(OwnedHandle, Identity), OpenError> {
    if pid == std::process::id() {
        return Err(OpenError::Myself(pid));
    }
    let handle = match open_with(pid, access.rights()) {
        Err(error) if is(&error, ERROR_ACCESS_DENIED) && privilege::enable_debug() => {
            open_with(pid, access.rights())
        }
        result => result,
    };
    let handle = handle.map_err(|source| match source {
        // PID 0, and PIDs that nobody has.
        error if is(&error, ERROR_INVALID_PARAMETER) => OpenError::Missing(pid),
        error if is(&error, ERROR_ACCESS_DENIED) => OpenError::Denied {
            pid,
            protected: is_protected(pid),
            source: error,
        },
        source => OpenError::Other { pid, source },
    })?;
    if has_ended(&handle) {
        return Err(OpenError::Ended(pid));
    }
    let identity = identify(&handle, pid).map_err(|source| OpenError::Other { pid, source })?;
    let own = std::env::current_exe().ok();
    if own.is_some_and(|own| own.as_os_str() == identity.image.as_str()) {
        return Err(OpenError::Myself(pid));
    }
    Ok((handle, identity))
}

fn open_with(pid: u32, rights: u32) -> io::Result<OwnedHandle> {
    // SAFETY: takes numbers, returns a handle or null.
    let handle = unsafe { OpenProcess(rights, 0, pid) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and owned by nobody else.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code as i32)
}

/// Whether the process has ended.
pub(super) fn has_ended(handle: &OwnedHandle) -> bool {
    exit_code(handle).is_some()
}

/// What the process ended with; `None` while it runs.
pub(super) fn exit_code(handle: &OwnedHandle) -> Option<u32> {
    let mut code = 0;
    // SAFETY: the handle is open, `code` outlives the call.
    let known = unsafe { GetExitCodeProcess(handle.as_raw_handle(), &mut code) } != 0;
    (known && code != STILL_ACTIVE as u32).then_some(code)
}

/// Which process a handle stands for.
pub(super) fn identify(handle: &OwnedHandle, pid: u32) -> io::Result<Identity> {
    let zero = FILETIME {
        dwLowDateTime: 0,
        dwHighDateTime: 0,
    };
    let (mut created, mut exited, mut kernel, mut user) = (zero, zero, zero, zero);
    let raw = handle.as_raw_handle();
    // SAFETY: the handle is open, and all four times outlive the call.
    if unsafe { GetProcessTimes(raw, &mut created, &mut exited, &mut kernel, &mut user) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut path = vec![0u16; 32_768];
    let mut len = path.len() as u32;
    // SAFETY: the buffer has room for `len` characters.
    let named =
        unsafe { QueryFullProcessImageNameW(raw, PROCESS_NAME_WIN32, path.as_mut_ptr(), &mut len) };
    if named == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Identity {
        pid,
        created: u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime),
        image: String::from_utf16_lossy(&path[..len as usize]),
    })
}

/// Whether a process that can't be opened is a protected one.
fn is_protected(pid: u32) -> bool {
    let Ok(handle) = open_with(pid, PROCESS_QUERY_LIMITED_INFORMATION) else {
        return false;
    };
    let mut info = PROCESS_PROTECTION_LEVEL_INFORMATION {
        ProtectionLevel: PROTECTION_LEVEL_NONE,
    };
    // SAFETY: the handle is open, and the structure has the size that is passed.
    let known = unsafe {
        GetProcessInformation(
            handle.as_raw_handle(),
            ProcessProtectionLevelInfo,
            (&raw mut info).cast(),
            size_of_val(&info) as u32,
        )
    };
    known != 0 && info.ProtectionLevel != PROTECTION_LEVEL_NONE
}

/// Whether the system stops with a process, as with that which has everybody's passwords. Who
/// reads the memory of these looks like a thief to whoever watches the machine.
pub fn is_critical(pid: u32) -> bool {
    let Ok(handle) = open_with(pid, PROCESS_QUERY_LIMITED_INFORMATION) else {
        return false;
    };
    let mut critical = 0u32;
    // SAFETY: the handle is open, and the number has the size that is passed.
    let status = unsafe {
        NtQueryInformationProcess(
            handle.as_raw_handle(),
            ProcessBreakOnTermination,
            (&raw mut critical).cast(),
            size_of_val(&critical) as u32,
            std::ptr::null_mut(),
        )
    };
    status >= 0 && critical != 0
}

/// The right that a process state change object needs beyond [`Access::Change`].
pub(super) const STATE_CHANGE_RIGHT: u32 = PROCESS_SET_INFORMATION;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
    use windows_sys::core::PCSTR;

    use super::*;
    use crate::addr::Va;
    use crate::process::{call, memory, ntdll};

    #[test]
    fn the_rights_that_are_asked_for_are_the_documented_ones() {
        let readme = include_str!("../../README.md");
        for rights in [
            Access::Look.rights(),
            Access::Change.rights(),
            PROCESS_SUSPEND_RESUME | STATE_CHANGE_RIGHT,
            PROCESS_QUERY_LIMITED_INFORMATION,
            super::super::threads::RIGHTS,
        ] {
            let row = format!("| {rights:#06x}: ");
            assert!(readme.contains(&row), "{row}");
        }
    }

    /// A function of `ntdll` without arguments; it lies at the same place in every process.
    fn harmless() -> Va {
        // SAFETY: both names are terminated strings, and ntdll is never unloaded.
        let function = unsafe {
            let module = GetModuleHandleA(c"ntdll.dll".as_ptr() as PCSTR);
            GetProcAddress(module, c"RtlGetLastNtStatus".as_ptr() as PCSTR)
        };
        Va(function.unwrap() as usize as u64)
    }

    /// Whether a handle can be used for what this right is asked for.
    fn serves(handle: &OwnedHandle, right: u32) -> bool {
        let free = Va(0x10_0000_0000);
        let raw = handle.as_raw_handle();
        match right {
            PROCESS_QUERY_INFORMATION => memory::region(handle, harmless()).is_ok(),
            PROCESS_VM_READ => memory::read(handle, harmless(), &mut [0]).is_ok(),
            PROCESS_VM_OPERATION => {
                let allocated = memory::allocate(handle, free, 0x1000);
                allocated.and_then(|()| memory::free(handle, free)).is_ok()
            }
            PROCESS_VM_WRITE => {
                let _ = memory::allocate(handle, free, 0x1000);
                let written = memory::write(handle, free, &[1]);
                let _ = memory::free(handle, free);
                written.is_ok()
            }
            PROCESS_CREATE_THREAD => {
                call::call(handle, harmless(), Va(0), Duration::from_secs(30)).is_ok()
            }
            PROCESS_SUSPEND_RESUME => {
                // SAFETY: the handle is open, and the process is one of this test.
                unsafe { ntdll::NtSuspendProcess(raw) >= 0 && ntdll::NtResumeProcess(raw) >= 0 }
            }
            other => panic!("nothing is known that needs the right {other:#x}"),
        }
    }

    #[test]
    fn none_of_the_rights_can_be_left_out() {
        let mut child = std::process::Command::new("cmd.exe")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // It has its libraries when it can run a thread.
        let all = Access::Change.rights();
        let whole = open_with(child.id(), all).unwrap();
        for bit in (0..32).map(|i| 1 << i).filter(|bit| all & bit != 0) {
            assert!(serves(&whole, bit), "{bit:#x} isn't enough");
            let less = open_with(child.id(), all & !bit).unwrap();
            assert!(!serves(&less, bit), "{bit:#x} isn't needed");
        }
        assert_eq!(all & Access::Look.rights(), Access::Look.rights());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
