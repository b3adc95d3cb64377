//! The operating system's side: the target process on Windows.
//!
//! The only module that talks to the operating system about other processes, and the only
//! one in which `unsafe` is allowed.

#![allow(unsafe_code)]

/// Ends this process at once, as a power cut would: nothing is flushed, nothing dropped.
pub fn die() -> ! {
    std::process::abort();
}
