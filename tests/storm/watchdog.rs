//! A program that uses the library to change processes is its own watchdog.

use hotpatch::process::watchdog::{COMMAND, Inherited, run};

/// Watches, where this process was started for that; says whether it was.
pub fn is_one() -> bool {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(COMMAND) {
        return false;
    }
    let numbers: Vec<usize> = arguments.filter_map(|n| n.parse().ok()).collect();
    let [pid, patcher, target, lifeline, ..] = numbers[..] else {
        panic!("a watchdog without handles");
    };
    let inherited = Inherited {
        pid: u32::try_from(pid).expect("a PID"),
        patcher,
        target,
        lifeline,
        freezer: numbers.get(4).copied(),
    };
    run(inherited).expect("a watch");
    true
}
