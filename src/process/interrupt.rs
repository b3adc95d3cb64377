//! Ctrl-C: noted, so that the operation ends at the next safe point.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;
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

unsafe extern "system" fn note(_event: u32) -> BOOL {
    INTERRUPTED.store(true, Ordering::Relaxed);
    1
}
