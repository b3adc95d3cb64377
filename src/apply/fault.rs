//! Places where a test can kill the patcher.
//!
//! Only in builds with debug assertions: `HOTPATCH_FAULT=name` ends this process at the
//! point of that name, as abruptly as a power cut would.

/// Environment variable that names the point.
pub const VARIABLE: &str = "HOTPATCH_FAULT";

/// Ends this process if the test asked for it.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::sync::OnceLock;
    static WANTED: OnceLock<Option<std::ffi::OsString>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var_os(VARIABLE));
    if wanted.as_deref().is_some_and(|w| w == name) {
        crate::process::die();
    }
}

/// Does nothing: this is a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &str) {}
