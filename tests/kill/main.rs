//! `hotpatch` is killed at every step of everything that it does, and the server that it
//! was working on is looked at from outside. `tests/kill/run.sh` runs it under Wine.
//!
//! A program of its own, for it is its own watchdog, and its own victim.

#[cfg(windows)]
mod calls;
#[cfg(windows)]
mod exits;
#[cfg(windows)]
mod hangs;
#[cfg(windows)]
mod inspect;
#[cfg(windows)]
mod matrix;
#[cfg(windows)]
mod points;
#[cfg(windows)]
mod random;
#[cfg(windows)]
mod stuck;

#[cfg(windows)]
#[path = "../storm/clients.rs"]
mod clients;
#[cfg(windows)]
#[path = "../support/desk.rs"]
mod desk;
#[cfg(windows)]
#[path = "../storm/figures.rs"]
#[allow(dead_code, reason = "times are for the storm")]
mod figures;
#[cfg(windows)]
#[path = "../storm/means.rs"]
#[allow(dead_code, reason = "frozen times are for the storm")]
mod means;
#[cfg(windows)]
#[path = "../storm/replies.rs"]
mod replies;
#[cfg(windows)]
#[path = "../storm/server.rs"]
#[allow(dead_code, reason = "counters are for the storm")]
mod server;
#[cfg(windows)]
#[path = "../support/start.rs"]
mod start;
#[cfg(windows)]
#[path = "../storm/watchdog.rs"]
mod watchdog;

#[cfg(not(windows))]
fn main() {
    eprintln!("processes are patched on Windows: tests/kill/run.sh");
}

#[cfg(windows)]
fn main() {
    if watchdog::is_one() {
        return;
    }
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let pid = arguments.next().and_then(|n| n.parse().ok());
    match command.as_str() {
        random::COMMAND => return random::cycle_for_ever(pid.expect("a PID")),
        calls::COMMAND => return calls::call_for_ever(pid.expect("a PID")),
        _ => {}
    }
    let desk = &means::desk();
    let number = |name: &str, or: usize| {
        let given = std::env::var(name).ok();
        given.map_or(or, |n| n.parse().expect("a number"))
    };
    let kills = number("HOTPATCH_KILLS", 1);
    let only = std::env::var("HOTPATCH_KILL_ONLY").unwrap_or_default();
    let mut good = true;
    if only.is_empty() || only == "matrix" {
        good &= matrix::run(desk, kills);
    }
    if only.is_empty() || only == "hangs" {
        good &= hangs::run(desk, number("HOTPATCH_HANGS", 1));
    }
    if only.is_empty() || only == "random" {
        good &= random::run(desk, number("HOTPATCH_RANDOM_KILLS", 10));
    }
    if only.is_empty() || only == "calls" {
        good &= calls::run(desk, number("HOTPATCH_CALL_KILLS", 10));
    }
    if only.is_empty() || only == "exits" {
        good &= exits::run(desk, number("HOTPATCH_EXITS", 10));
    }
    if !good {
        std::process::exit(1);
    }
}

/// Prints what went wrong; whether nothing did.
#[cfg(windows)]
fn verdict(failures: &[String]) -> bool {
    println!("anomalies:         {}", failures.len());
    failures.iter().for_each(|f| println!("FAILED: {f}"));
    failures.is_empty()
}
