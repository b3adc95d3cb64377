//! The operating system's side: the target process on Windows.
//!
//! The only module that talks to the operating system about other processes (and about who
//! may write a file), and the only one in which `unsafe` is allowed.

#![allow(unsafe_code)]

#[cfg(windows)]
pub mod acl;
#[cfg(windows)]
mod call;
#[cfg(windows)]
pub mod event_log;
#[cfg(windows)]
pub mod folder;
#[cfg(windows)]
mod freeze;
#[cfg(windows)]
pub mod interrupt;
#[cfg(windows)]
pub mod libraries;
#[cfg(windows)]
mod list;
#[cfg(windows)]
mod lock;
#[cfg(windows)]
mod memory;
#[cfg(windows)]
mod mitigations;
#[cfg(windows)]
mod module_file;
#[cfg(windows)]
mod modules;
#[cfg(windows)]
mod ntdll;
#[cfg(windows)]
mod open;
#[cfg(windows)]
mod privilege;
#[cfg(windows)]
pub mod scheduler;
#[cfg(windows)]
mod service;
#[cfg(windows)]
mod start;
#[cfg(windows)]
mod target;
#[cfg(windows)]
mod threads;
#[cfg(windows)]
pub mod user;
#[cfg(windows)]
pub mod watchdog;

#[cfg(windows)]
pub use list::pids;
#[cfg(windows)]
pub use open::{Access, OpenError, is_critical};
#[cfg(windows)]
pub use service::{running_services, service_pid};
#[cfg(windows)]
pub use start::Suspended;
#[cfg(windows)]
pub use target::Process;

/// Text as the system's functions take it: UTF-16 with its terminator. A NUL inside ends it.
#[cfg(windows)]
fn wide(text: impl AsRef<std::ffi::OsStr>) -> Vec<u16> {
    use std::os::windows::ffi::OsStrExt;
    text.as_ref().encode_wide().chain([0]).collect()
}

/// Ends this process at once, as a power cut would: nothing is flushed, nothing dropped.
#[cfg(debug_assertions)]
pub fn die() -> ! {
    #[cfg(windows)]
    // SAFETY: the pseudo handle of this process is always valid.
    unsafe {
        use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};
        TerminateProcess(GetCurrentProcess(), 99);
    }
    std::process::abort();
}
