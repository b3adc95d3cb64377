//! Starting programs where Wine sometimes can't.
#![allow(dead_code, reason = "each test crate uses its own part")]

use std::io::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How often Wine could not start a program.
pub static NOT_STARTED: AtomicUsize = AtomicUsize::new(0);

/// `ERROR_INTERNAL_ERROR`: the new process never reported that it is there. Where the reason is
/// known, and what mostly prevents it: `tests/wine/settled.sh`.
const NEVER_CAME: i32 = 1359;

/// Whether `hotpatch` says that a program which it was to start never came; or nothing at all,
/// and then it was not started itself.
pub fn never_came(said: &str) -> bool {
    said.is_empty() || said.contains(&format!("(os error {NEVER_CAME})"))
}

/// Starts a program. Wine sometimes can't, and says so with an error of its own: nothing has run
/// then, and it is asked once more.
pub fn started<T>(mut start: impl FnMut() -> Result<T>) -> Result<T> {
    let never_came = |e: &Error| cfg!(windows) && e.raw_os_error() == Some(NEVER_CAME);
    loop {
        match start() {
            Err(error) if never_came(&error) => {
                let times = NOT_STARTED.fetch_add(1, Ordering::Relaxed);
                assert!(times < 1000, "{error}");
                std::thread::sleep(Duration::from_millis(200));
            }
            other => return other,
        }
    }
}
