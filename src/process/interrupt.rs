//! Ctrl-C: noted, so that the operation ends at the next safe point.
//!
//! When the console is closed, the user logs off or the system shuts down, the process is ended
//! as soon as the handler returns, or after some seconds; the handler keeps it for that long.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use windows_sys::Win32::System::Console::{
    CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT, SetConsoleCtrlHandler,
};
use windows_sys::core::BOOL;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, Ctrl-Break and the closing of the console only set the flag.
///
/// # Errors
/// Where the system refuses.
pub fn catch() -> io::Result<&'static AtomicBool> {
    // SAFETY: the handler is a function of this program, which touches one atomic.
    if unsafe { SetConsoleCtrlHandler(Some(note), 1) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(&INTERRUPTED)
}

unsafe extern "system" fn note(event: u32) -> BOOL {
    INTERRUPTED.store(true, Ordering::Relaxed);
    // A thread of its own: the operation goes on meanwhile, and ends the process when it is done.
    while [CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT].contains(&event) {
        std::thread::park();
    }
    1
}
