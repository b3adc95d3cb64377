//! Kills from outside while calls into the server are being made: no thread may stay.
//!
//! A thread that was created and never ran would hold the address of what it is to run, and
//! the memory of the patch with it, for as long as the server lives.

use std::process::Child;
use std::time::{Duration, Instant};

use hotpatch::addr::Va;
use hotpatch::apply::loaded;
use hotpatch::apply::target::Target;
use hotpatch::process::{Access, Process};

use crate::desk::Desk;
use crate::inspect::Subject;
use crate::random::{below, victim};
use crate::verdict;

/// The argument of the victim.
pub const COMMAND: &str = "call";

/// A function that takes nothing and changes nothing.
const FUNCTION: &str = "RtlGetCurrentPeb";

/// The threads of calls that were complete have ended after this time.
const SOON: Duration = Duration::from_secs(5);

/// The victim: calls into the server until it is killed.
pub fn call_for_ever(pid: u32) {
    let process = Process::open(pid, Access::Change).expect("open the server");
    let modules = process.modules().expect("its modules");
    let ntdll = modules
        .iter()
        .find(|m| m.name.eq_ignore_ascii_case("ntdll.dll"));
    let function = loaded::export(&process, ntdll.expect("ntdll"), FUNCTION);
    let function = function.expect("readable exports").expect("the function");
    println!("calls");
    loop {
        let called = process.call(function, Va(0), SOON);
        called.expect("a call");
    }
}

/// Kills so many callers; whether all went well.
pub fn run(desk: &Desk, kills: usize) -> bool {
    let mut subject = Subject::start(desk);
    let mut seed = 0x9e6c_63d0_876a_3f5b;
    let at_first = settled(&mut subject);
    let mut failures = Vec::new();
    for kill in 0..kills {
        let mut child = victim(COMMAND, subject.server.pid);
        if let Err(error) = begun(&mut child) {
            failures.push(format!("kill {kill}: {error}"));
            break;
        }
        let wait = Duration::from_micros(below(&mut seed, 20_000));
        std::thread::sleep(wait);
        let _ = child.kill();
        let _ = child.wait();
        let since = Instant::now();
        let mut threads = subject.control.number("THREADS");
        while threads > at_first && since.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(10));
            threads = subject.control.number("THREADS");
        }
        if threads > at_first {
            failures.push(format!(
                "kill {kill} after {wait:?}: {threads} threads, {at_first} at first"
            ));
            break;
        }
    }
    let (requests, anomalies) = subject.finish();
    println!("kills in calls:    {kills}");
    println!("requests checked:  {requests}");
    failures.extend(anomalies);
    verdict(&failures)
}

/// The number of threads once every client has the one that serves it.
fn settled(subject: &mut Subject) -> u64 {
    let mut threads = 0;
    loop {
        let now = subject.control.number("THREADS");
        if now == threads {
            return now;
        }
        threads = now;
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Waits for the victim's first line.
fn begun(child: &mut Child) -> Result<(), String> {
    use std::io::{BufRead, BufReader};
    let output = child.stdout.as_mut().ok_or("it has no output")?;
    let mut line = String::new();
    let read = BufReader::new(output).read_line(&mut line);
    match read.map_err(|e| e.to_string())? {
        0 => Err("the caller ended".to_owned()),
        _ => Ok(()),
    }
}
