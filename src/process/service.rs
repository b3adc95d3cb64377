//! Services: which process runs one.

use std::io;

use windows_sys::Win32::Foundation::ERROR_MORE_DATA;
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ENUM_SERVICE_STATUS_PROCESSW, EnumServicesStatusExW, OpenSCManagerW,
    OpenServiceW, QueryServiceStatusEx, SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_CONNECT,
    SC_MANAGER_ENUMERATE_SERVICE, SC_STATUS_PROCESS_INFO, SERVICE_ACTIVE, SERVICE_QUERY_STATUS,
    SERVICE_STATUS_PROCESS, SERVICE_WIN32,
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

/// The services that run, each with the process that runs it. There may be several in one.
///
/// # Errors
/// Where the system doesn't list them.
pub fn running_services() -> io::Result<Vec<(u32, String)>> {
    /// What the system fills at most in one call, in bytes; more than it ever needs.
    const ROOM: usize = 256 << 10;
    let rights = SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE;
    // SAFETY: null stands for this machine and its active database.
    let manager = unsafe { OpenSCManagerW(std::ptr::null(), std::ptr::null(), rights) };
    let manager = Handle::new(manager)?;
    // Of eight bytes each, so that the structures in it are aligned.
    let mut buffer = vec![0u64; ROOM / 8];
    let (mut found, mut resume) = (Vec::new(), 0);
    loop {
        let (mut needed, mut count) = (0, 0);
        // SAFETY: the manager is open, the buffer has the size that is passed, and null stands
        // for services of every group.
        let ok = unsafe {
            EnumServicesStatusExW(
                manager.0,
                SC_ENUM_PROCESS_INFO,
                SERVICE_WIN32,
                SERVICE_ACTIVE,
                buffer.as_mut_ptr().cast(),
                size_of_val(buffer.as_slice()) as u32,
                &mut needed,
                &mut count,
                &mut resume,
                std::ptr::null(),
            )
        };
        let error = io::Error::last_os_error();
        let more = ok == 0 && error.raw_os_error() == Some(ERROR_MORE_DATA as i32);
        if ok == 0 && !more {
            return Err(error);
        }
        let first: *const ENUM_SERVICE_STATUS_PROCESSW = buffer.as_ptr().cast();
        for i in 0..count as usize {
            // SAFETY: the system has filled in so many structures, and the names that they point
            // to lie behind them in the buffer, terminated.
            let (pid, name) = unsafe {
                let service = &*first.add(i);
                let name = service.lpServiceName;
                let len = (0..).take_while(|i| *name.add(*i) != 0).count();
                let name = String::from_utf16_lossy(std::slice::from_raw_parts(name, len));
                (service.ServiceStatusProcess.dwProcessId, name)
            };
            if pid != 0 {
                found.push((pid, name));
            }
        }
        if !more || count == 0 {
            return Ok(found);
        }
    }
}
