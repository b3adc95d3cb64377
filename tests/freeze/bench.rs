//! Measures, and prints the table.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hotpatch::addr::Va;
use hotpatch::apply::target::{Census, Target};
use hotpatch::apply::{Options, Outcome, apply, revert};
use hotpatch::package::{Package, PublicKey, Verified, verify};
use hotpatch::process::{Access, Process};

use crate::desk::{Desk, fixture};

const FUNCTIONS: &str = "1 100 1000";
const ROUNDS: &str = "15";
static NEVER: AtomicBool = AtomicBool::new(false);
const OPTIONS: Options<'static> = Options {
    timeout: Duration::from_secs(30),
    max_freeze: None,
    on_stack: &[],
    interrupted: &NEVER,
    consent: None,
};

/// Ended when dropped.
struct Threads(Child);

impl Drop for Threads {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures all, and prints the table.
pub fn run() {
    let desk = desk();
    let rounds = numbers("HOTPATCH_FREEZE_ROUNDS", ROUNDS)[0];
    println!(
        "threads functions |  floor ms: min median |  apply ms: min median |  ratio: min median | revert ms: min median"
    );
    for threads in numbers("HOTPATCH_FREEZE_THREADS", "1 16 64 256") {
        let (target, pid) = start(threads);
        for functions in numbers("HOTPATCH_FREEZE_FUNCTIONS", FUNCTIONS) {
            let package = package(&desk, functions);
            let process = Process::open(pid, Access::Change).expect("open the process");
            let (mut floors, mut applied, mut reverted) = (Vec::new(), Vec::new(), Vec::new());
            // The first round warms up.
            for round in 0..=rounds {
                let times = (floor(&process, threads), patch(&process, &package));
                if round > 0 {
                    floors.push(times.0);
                    applied.push(times.1.0);
                    reverted.push(times.1.1);
                }
            }
            let (floor, applied, reverted) = (summary(floors), summary(applied), summary(reverted));
            println!(
                "{threads:7} {functions:9} | {:14.2} {:6.2} | {:14.2} {:6.2} | {:11.2} {:6.2} | {:14.2} {:6.2}",
                floor[0],
                floor[1],
                applied[0],
                applied[1],
                applied[0] / floor[0],
                applied[1] / floor[1],
                reverted[0],
                reverted[1]
            );
        }
        drop(target);
    }
}

fn numbers(variable: &str, or: &str) -> Vec<usize> {
    let text = std::env::var(variable).unwrap_or_else(|_| or.to_owned());
    let parse = |n: &str| n.parse().expect("a number");
    text.split_whitespace().map(parse).collect()
}

/// The desk, with a package for each number of functions.
fn desk() -> Desk {
    let desk = Desk::named("freeze").with_key();
    let old = fixture("freeze/0/threads.exe");
    for functions in numbers("HOTPATCH_FREEZE_FUNCTIONS", FUNCTIONS) {
        let id = functions.to_string();
        desk.build(
            &old,
            &fixture(&format!("freeze/{id}/threads.exe")),
            &id,
            &[],
        );
    }
    desk
}

fn start(threads: usize) -> (Threads, u32) {
    let mut command = Command::new(fixture("freeze/0/threads.exe"));
    command.arg(threads.to_string());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("threads.exe");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let pid = line.split(' ').next().and_then(|n| n.parse().ok());
    // Threads that have just begun have not come to rest.
    std::thread::sleep(Duration::from_millis(500));
    (Threads(child), pid.expect("a PID"))
}

fn package(desk: &Desk, functions: usize) -> Verified<Package> {
    let key = std::fs::read_to_string(desk.path("key.pub.pem")).expect("a key");
    let trusted = [PublicKey::from_pem(&key).expect("a key")];
    let bytes = std::fs::read(desk.path(&format!("{functions}.hpk"))).expect("a package");
    let package = verify(&bytes, &trusted).expect("a signed package");
    assert_eq!(package.manifest.functions.len(), functions);
    package
}

/// Freezes, reads every thread's registers and live stack once, thaws.
fn floor(process: &Process, threads: usize) -> Duration {
    let since = process.freeze().expect("a freeze");
    let mut read = 0;
    if let Ok(Census::Complete(all)) = process.census(&|| false) {
        for thread in &all {
            let from = thread.registers.rsp & !7;
            let size = thread.stack_base.0.saturating_sub(from) as usize;
            read += usize::from(process.read_vec(Va(from), size).is_ok());
        }
    }
    process.thaw().expect("a thaw");
    let took = since.elapsed();
    assert_eq!(read, threads, "threads whose stack was read");
    took
}

/// The frozen times of an apply and of the revert that follows.
fn patch(process: &Process, package: &Verified<Package>) -> (Duration, Duration) {
    let applied = apply(process, package, &OPTIONS).expect("an apply");
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    let reverted = revert(process, None, &OPTIONS).expect("a revert");
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    (applied.effort.frozen, reverted.effort.frozen)
}

/// Minimum and median in milliseconds.
fn summary(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    [times[0], times[times.len() / 2]].map(|t| t.as_secs_f64() * 1000.0)
}
