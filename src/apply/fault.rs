//! Places where a test can kill the patcher.
//!
//! Only in builds with debug assertions: `HOTPATCH_FAULT=name` ends this process at the
//! point of that name, as abruptly as a power cut would; `HOTPATCH_FAULT=name:2` does so when
//! the point is passed for the second time. `HOTPATCH_FAULT=?` prints the points that are
//! passed, and kills nobody.

/// Environment variable that names the point.
pub const VARIABLE: &str = "HOTPATCH_FAULT";

/// Environment variable that names the point at which the watchdog is killed.
pub const WATCHDOG_VARIABLE: &str = "HOTPATCH_WATCHDOG_FAULT";

/// Ends this process if the test asked for it.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(1);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        match text.split_once(':') {
            Some((name, time)) => Some((name.to_owned(), time.parse().ok()?)),
            None => Some((text, 1)),
        }
    });
    let Some((point, time)) = wanted else { return };
    if point == "?" {
        eprintln!("fault point {name}");
    }
    if point == name && PASSED.fetch_add(1, Ordering::Relaxed) == *time {
        crate::process::die();
    }
}

/// Does nothing: this is a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &str) {}
