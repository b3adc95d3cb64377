//! Random sequences of everything that is done to a process, against a model that says what
//! must come of it. `tests/states/run.sh` builds what this needs and runs it.
//!
//! Packages of several products, which require and replace each other, for a program and for
//! its library, are applied, reverted, rolled back and cleared up after, by `hotpatch`
//! processes that may be killed, while threads call every function, one sits in a function,
//! the library is loaded and unloaded and the program points into a patch. After each step
//! (look.rs) the program says which version of every function runs, the records and `check`
//! of every package must say what the model says (model.rs), and the code is proven byte by
//! byte. In the end everything is taken out.
//!
//! Sequences are the same for ever for one seed (generate.rs), but for kills at a time. One
//! that fails is shortened (shrink.rs) and printed, for `--replay`.
//!
//! A program of its own: it links the library as `hotpatch` does, and is its own watchdog.
#![cfg_attr(
    not(windows),
    allow(dead_code, reason = "processes are patched on Windows")
)]

#[cfg(windows)]
mod catalogue;
#[cfg(windows)]
#[path = "../support/desk.rs"]
mod desk;
#[cfg(windows)]
mod driver;
#[cfg(windows)]
#[path = "../storm/means.rs"]
#[allow(dead_code, reason = "packages are for the storm")]
mod ended;
#[cfg(windows)]
mod ends;
#[cfg(windows)]
mod generate;
#[cfg(windows)]
mod look;
#[cfg(windows)]
mod means;
#[cfg(windows)]
mod model;
#[cfg(windows)]
#[path = "../kill/points.rs"]
mod points;
#[cfg(windows)]
mod program;
#[cfg(windows)]
#[path = "../support/rng.rs"]
#[allow(dead_code, reason = "each test crate uses its own part")]
mod rng;
#[cfg(windows)]
#[path = "../transplant/running.rs"]
mod running;
#[cfg(windows)]
mod session;
#[cfg(windows)]
mod shrink;
#[cfg(windows)]
#[path = "../support/start.rs"]
mod start;
#[cfg(windows)]
mod step;
#[cfg(windows)]
#[path = "../storm/watchdog.rs"]
mod watchdog;

#[cfg(not(windows))]
fn main() {
    eprintln!("processes are patched on Windows: tests/states/run.sh");
}

#[cfg(windows)]
fn main() {
    if watchdog::is_one() {
        return;
    }
    let folder = std::env::var_os("HOTPATCH_STATES").expect("HOTPATCH_STATES names a folder");
    let options = session::Options::parse(std::env::args().skip(1));
    match options.and_then(|o| session::run(std::path::Path::new(&folder), &o)) {
        Ok(true) => {}
        Ok(false) => std::process::exit(1),
        Err(problem) => {
            eprintln!("states: {problem}");
            std::process::exit(2);
        }
    }
}
