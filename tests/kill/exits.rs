//! The server ends at any time while it is patched: hotpatch ends too, with an error.

use std::collections::BTreeMap;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use hotpatch::process::{Access, Process};

use crate::desk::Desk;
use crate::means::{Ended, Operation, Packages, start};
use crate::random::{COMMAND, below, victim};
use crate::server::{Connection, Server};
use crate::stuck;
use crate::verdict;

/// hotpatch must have ended so long after the server at the latest: it waits for a call
/// into the server for 5 s, and for a lock for 2 s.
const IN_TIME: Duration = Duration::from_secs(20);

/// Lets so many servers end; whether all went well.
pub fn run(desk: &Desk, exits: usize) -> bool {
    let packages = Packages::read(desk);
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let mut failures = Vec::new();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut slowest = Duration::ZERO;
    for exit in 0..exits {
        let kind = exit % 4;
        match one(&packages, kind, &mut seed) {
            Ok((outcome, waited)) => {
                *outcomes.entry(outcome).or_default() += 1;
                slowest = slowest.max(waited);
            }
            Err(error) => failures.push(format!("exit {exit}: {error}")),
        }
    }
    println!(
        "ends of the server: {exits}, hotpatch ended at most {:.1} s later",
        slowest.as_secs_f64()
    );
    for (outcome, times) in &outcomes {
        println!("  {times:4} times {outcome}");
    }
    verdict(&failures)
}

fn one(packages: &Packages, kind: usize, seed: &mut u64) -> Result<(String, Duration), String> {
    let mut server = Server::start();
    let mut control = Connection::open(server.port).map_err(|e| e.to_string())?;
    if kind == 1 {
        let process = Process::open(server.pid, Access::Change).map_err(|e| e.to_string())?;
        packages.by_library(&process, Operation::Apply(1));
    }
    let lives = Duration::from_millis(300 + below(seed, 1500));
    control.number(&format!("EXIT {}", lives.as_millis()));
    let child = match kind {
        0 => start(&mut packages.program(server.pid, Operation::Apply(1))),
        1 => start(&mut packages.program(server.pid, Operation::Revert)),
        _ => victim(COMMAND, server.pid),
    };
    let since = Instant::now();
    let output = match end_of(child, lives + IN_TIME)? {
        End::Came(output) => output,
        End::Not(mut child) => {
            let call = stuck::call_of(child.id());
            let runs = server.runs();
            let _ = child.kill();
            let output = child.wait_with_output();
            return match call {
                Ok(call) if !runs => Ok((format!("never, Wine waits in {call}"), Duration::ZERO)),
                other => Err(format!(
                    "hotpatch hangs (the server runs: {runs}), {other:?}: {output:?}"
                )),
            };
        }
    };
    let waited = since.elapsed().saturating_sub(lives);
    let text = [&output.stdout, &output.stderr]
        .map(|b| String::from_utf8_lossy(b).into_owned())
        .concat();
    let victim_failed = kind > 1 && text.contains("open the server");
    if text.contains("panicked") && !victim_failed {
        return Err(format!("a panic: {text}"));
    }
    if kind > 1 {
        let step = text.split(':').next().unwrap_or_default().to_owned();
        return match output.status.code() {
            Some(3) => Ok((format!("in the middle of {step}"), waited)),
            _ if victim_failed => Ok(("before it began".to_owned(), waited)),
            code => Err(format!("{code:?}: {text}")),
        };
    }
    let ended = Ended::from(output);
    match ended.code {
        Some(0) => Ok((format!("{} before the end", ended.outcome), waited)),
        Some(1 | 6) if ended.json.is_object() => Ok((
            format!(
                "refused: {}",
                ended.json["message"].as_str().unwrap_or(&ended.outcome)
            ),
            waited,
        )),
        code => Err(format!("exit code {code:?}: {}", ended.text)),
    }
}

/// Whether a process has ended.
enum End {
    Came(Output),
    Not(Child),
}

/// Waits for the end of a process, but not for ever.
fn end_of(mut child: Child, patience: Duration) -> Result<End, String> {
    let deadline = Instant::now() + patience;
    while child.try_wait().map_err(|e| e.to_string())?.is_none() {
        if Instant::now() > deadline {
            return Ok(End::Not(child));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    Ok(End::Came(output))
}
