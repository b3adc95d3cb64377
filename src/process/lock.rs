//! One `hotpatch` at a time per process.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{CreateMutexW, ReleaseMutex, WaitForSingleObject};

use crate::apply::target::{Identity, TargetError};

/// Who wants the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who patches.
    Patcher,
    /// Who repairs if the patcher dies.
    Watchdog,
}

/// A named mutex. Whoever dies with it leaves it to the next one.
#[derive(Debug)]
pub struct Lock(OwnedHandle);

impl Lock {
    /// Takes the lock, waiting for at most `wait`.
    ///
    /// # Errors
    /// [`TargetError::Locked`] where another process keeps it for longer.
    pub fn take(target: &Identity, role: Role, wait: Duration) -> Result<Self, TargetError> {
        let failed = |source| TargetError::System {
            action: "lock the target",
            source,
        };
        let suffix = match role {
            Role::Patcher => "",
            Role::Watchdog => "-watchdog",
        };
        // The creation time tells apart processes that have had the same PID.
        let name = format!(
            r"Global\hotpatch-{}-{:x}{suffix}",
            target.pid, target.created
        );
        let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
        // SAFETY: the name is terminated.
        let mutex = unsafe { CreateMutexW(std::ptr::null(), 0, name.as_ptr()) };
        if mutex.is_null() {
            return Err(failed(io::Error::last_os_error()));
        }
        // SAFETY: the handle is open and owned by nobody else.
        let mutex = unsafe { OwnedHandle::from_raw_handle(mutex) };
        let ms = wait.as_millis() as u32;
        // SAFETY: the handle is open.
        match unsafe { WaitForSingleObject(mutex.as_raw_handle(), ms) } {
            WAIT_OBJECT_0 | WAIT_ABANDONED => Ok(Lock(mutex)),
            WAIT_TIMEOUT => Err(TargetError::Locked(target.pid)),
            _ => Err(failed(io::Error::last_os_error())),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and this thread has taken the mutex.
        unsafe { ReleaseMutex(self.0.as_raw_handle()) };
    }
}
