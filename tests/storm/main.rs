//! Apply and revert over and over, on a server with 64 threads whose clients check every
//! byte of every reply. `tests/storm/run.sh` runs it under Wine, and says how long.
//!
//! A program of its own, and not a set of tests: it links the library as `hotpatch` does,
//! so that a cycle does not take the start of a process, and is its own watchdog.
#![cfg_attr(
    not(windows),
    allow(dead_code, reason = "processes are patched on Windows")
)]

#[cfg(windows)]
mod clients;
#[cfg(windows)]
mod cycle;
#[cfg(windows)]
#[path = "../support/desk.rs"]
mod desk;
#[cfg(windows)]
mod figures;
#[cfg(windows)]
#[allow(dead_code, reason = "exit codes and documents are for the kill matrix")]
mod means;
mod replies;
#[cfg(windows)]
mod server;
#[cfg(windows)]
#[path = "../support/start.rs"]
mod start;
#[cfg(windows)]
mod watchdog;

#[cfg(not(windows))]
fn main() {
    eprintln!("processes are patched on Windows: tests/storm/run.sh");
}

#[cfg(windows)]
fn main() {
    if watchdog::is_one() {
        return;
    }
    let cycles = std::env::var("HOTPATCH_STORM_CYCLES").ok();
    let cycles = cycles.map_or(60, |n| n.parse().expect("HOTPATCH_STORM_CYCLES"));
    if !cycle::storm(&means::desk(), cycles) {
        std::process::exit(1);
    }
}
