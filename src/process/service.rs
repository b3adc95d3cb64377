//! Services: which process runs one.

use std::io;

use windows_sys::Win32::System::Services::{
    CloseServiceHandle, OpenSCManagerW, OpenServiceW, QueryServiceStatusEx, SC_HANDLE,
    SC_MANAGER_CONNECT, SC_STATUS_PROCESS_INFO, SERVICE_QUERY_STATUS, SERVICE_STATUS_PROCESS,
};

/// A handle of the service manager; closed when dropped.
struct Handle(SC_HANDLE);

impl Handle {
    fn new(handle: SC_HANDLE) -> io::Result<Self> {
        match handle.is_null() {
            true => Err(io::Error::last_os_error()),
            false => Ok(Handle(handle)),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and owned by this value.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// The process in which a service runs; `None` where it isn't running. Takes its short
/// name (`sc query`), not the one that is shown to users.
///
/// # Errors
/// Where there is no such service, or the system doesn't let it be asked.
pub fn service_pid(name: &str) -> io::Result<Option<u32>> {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: null stands for this machine and its active database.
    let manager = unsafe { OpenSCManagerW(std::ptr::null(), std::ptr::null(), SC_MANAGER_CONNECT) };
    let manager = Handle::new(manager)?;
    // SAFETY: the manager is open, the name is terminated.
    let service = unsafe { OpenServiceW(manager.0, name.as_ptr(), SERVICE_QUERY_STATUS) };
    let service = Handle::new(service)?;
    let mut status = SERVICE_STATUS_PROCESS::default();
    let size = size_of_val(&status) as u32;
    let mut needed = 0;
    // SAFETY: the service is open, and the structure has the size that is passed.
    let ok = unsafe {
        QueryServiceStatusEx(
            service.0,
            SC_STATUS_PROCESS_INFO,
            (&raw mut status).cast(),
            size,
            &mut needed,
        )
    };
    match ok {
        0 => Err(io::Error::last_os_error()),
        _ => Ok((status.dwProcessId != 0).then_some(status.dwProcessId)),
    }
}
