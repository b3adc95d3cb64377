//! Kills from outside, at any time.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use hotpatch::process::{Access, Process};

use crate::desk::Desk;
use crate::inspect::Subject;
use crate::means::{DESK, Operation, Packages, start};
use crate::verdict;

/// The argument of the victim.
pub const COMMAND: &str = "cycle";

/// The victim: patches, replaces, rolls back and reverts until it is killed, or until the
/// server ends.
pub fn cycle_for_ever(pid: u32) {
    let packages = Packages::read(&Desk::named(DESK));
    let process = Process::open(pid, Access::Change).expect("open the server");
    let steps = [
        Operation::Apply(1),
        Operation::Apply(2),
        Operation::Rollback,
        Operation::Apply(2),
        Operation::Revert,
    ];
    for step in steps.iter().cycle() {
        let ended = packages.by_library(&process, *step);
        if !["applied", "rolled-back", "reverted"].contains(&ended.outcome.as_str()) {
            println!("{step:?}: {}", ended.text);
            std::process::exit(3);
        }
    }
}

/// Starts a victim: a copy of this program, for no process opens one of its own kind.
pub fn victim(command: &str, pid: u32) -> Child {
    static COPY: LazyLock<PathBuf> = LazyLock::new(|| {
        let own = std::env::current_exe().expect("this program");
        let copy = own.with_extension("victim.exe");
        std::fs::copy(own, &copy).expect("a copy of this program");
        copy
    });
    let pid = pid.to_string();
    let arguments = [command, &pid];
    let mut command = Command::new(&*COPY);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    start(&mut command)
}

/// A number below `end`.
pub fn below(seed: &mut u64, end: u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed % end
}

/// Kills so many patchers; whether all went well.
pub fn run(desk: &Desk, kills: usize) -> bool {
    let mut subject = Subject::start(desk);
    let mut seed = 0x2545_f491_4f6c_dd1d;
    let since = Instant::now();
    let mut failures = Vec::new();
    for kill in 0..kills {
        // Every fourth one is the program itself, which is killed while it starts as well.
        let mut child = match kill % 4 {
            0 => {
                let operation = Operation::Apply(1);
                start(&mut subject.packages.program(subject.server.pid, operation))
            }
            _ => victim(COMMAND, subject.server.pid),
        };
        let wait = 150 + below(&mut seed, 700);
        std::thread::sleep(Duration::from_millis(wait));
        let ended = child.try_wait().ok().flatten();
        let _ = child.kill();
        let output = child.wait_with_output();
        let looked = match ended {
            Some(status) if !status.success() => {
                Err(format!("the patcher ended with {status}: {output:?}"))
            }
            _ => subject.look(&[0, 1, 2], false),
        };
        if let Err(error) = looked {
            failures.push(format!("kill {kill} after {wait} ms: {error}"));
            break;
        }
    }
    let (slowest, found) = (subject.slowest, subject.found);
    let lost = subject.lost_regions();
    let (requests, anomalies) = subject.finish();
    println!(
        "random kills:      {kills} in {} s",
        since.elapsed().as_secs()
    );
    println!(
        "found afterwards:  {} times patched, {} times with remains",
        found[0], found[1]
    );
    println!(
        "slowest answer:    {:.1} ms after a death",
        slowest.as_secs_f64() * 1000.0
    );
    println!("requests checked:  {requests}");
    println!("lost regions:      {lost}");
    failures.extend(anomalies);
    verdict(&failures)
}
