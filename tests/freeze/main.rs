//! The frozen time of an apply against the floor. `tests/freeze/run.sh` runs it under
//! Wine, and says what it prints.

#[cfg(windows)]
mod bench;
#[cfg(windows)]
#[path = "../support/desk.rs"]
mod desk;
#[cfg(windows)]
#[path = "../support/start.rs"]
mod start;
#[cfg(windows)]
#[path = "../storm/watchdog.rs"]
mod watchdog;

#[cfg(not(windows))]
fn main() {
    eprintln!("processes are patched on Windows: tests/freeze/run.sh");
}

#[cfg(windows)]
fn main() {
    if !watchdog::is_one() {
        bench::run();
    }
}
