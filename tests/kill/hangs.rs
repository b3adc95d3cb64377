//! `hotpatch` stops making progress while the server stands still, as where a call of the
//! system does not come back. The watchdog has to end it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::desk::Desk;
use crate::inspect::Subject;
use crate::matrix::{CASES, Case, begin, passed, wanted};
use crate::means::{Ended, Operation, start};
use crate::verdict;

/// Points that are passed while the server stands still, because `hotpatch` lets it.
const FROZEN: [&str; 9] = [
    "frozen",
    "unprotected",
    "entries-written",
    "redirected",
    "active",
    "inactive",
    "entries-restored",
    "lower-inactive",
    "lower-restored",
];

/// How long the server may stand still, as it is given.
const MAX_FREEZE_MS: &str = "1000";

/// When the watchdog has to have let it go: as documented, with time for the machine.
const LIMIT: Duration = Duration::from_secs(3 + 3);

/// What `hotpatch` is ended with.
const ENDED: i32 = 1;

/// Hangs so many times at each point; whether all went well.
pub fn run(desk: &Desk, hangs: usize) -> bool {
    let mut subject = Subject::start(desk);
    let mut failures = Vec::new();
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    let mut longest = Duration::ZERO;
    let cases = CASES.iter().filter(|case| case.is_simple());
    for case in cases {
        let found = match passed(&mut subject, case) {
            Ok(found) => found,
            Err(error) => {
                failures.push(error);
                break;
            }
        };
        let frozen = |point: &str| FROZEN.contains(&point);
        for (_, point, pass) in found.into_iter().filter(|(_, point, _)| frozen(point)) {
            let had = *at.get(&point).unwrap_or(&0);
            for _ in had..hangs.max(had) {
                match hang(&mut subject, case, &point, pass) {
                    Ok(stood) => {
                        *at.entry(point.clone()).or_default() += 1;
                        longest = longest.max(stood);
                    }
                    Err(error) => {
                        println!("FAILED: {}, {point}:{pass}: {error}", case.name);
                        failures.push(format!("{}, {point}:{pass}: {error}", case.name));
                        break;
                    }
                }
            }
            if !failures.is_empty() {
                break;
            }
        }
    }
    let (_, anomalies) = subject.finish();
    println!(
        "hangs:             {} at {at:?}",
        at.values().sum::<usize>()
    );
    println!("longest until it ran again: {} ms", longest.as_millis());
    failures.extend(anomalies);
    if at.len() < 6 {
        failures.push(format!("it hung at {} points only", at.len()));
    }
    verdict(&failures)
}

/// Lets an operation hang at a point, and looks; how long it was there.
fn hang(subject: &mut Subject, case: &Case, point: &str, pass: usize) -> Result<Duration, String> {
    begin(subject, case)?;
    let mut command = subject.packages.program(subject.server.pid, case.operation);
    if case.operation != Operation::Recover {
        command.args(["--max-freeze", MAX_FREEZE_MS]);
    }
    command.env("HOTPATCH_FAULT", format!("hang@{point}:{pass}"));
    let since = Instant::now();
    let mut child = start(&mut command);
    while since.elapsed() < LIMIT && child.try_wait().is_ok_and(|ended| ended.is_none()) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let took = since.elapsed();
    // Where the watchdog has not.
    let _ = child.kill();
    let ended = Ended::from(child.wait_with_output().map_err(|e| e.to_string())?);
    if took >= LIMIT {
        return Err(format!("it was not ended within {took:?}: {}", ended.text));
    }
    if ended.code != Some(ENDED) || !ended.json.is_null() {
        return Err(format!("it was not ended: {:?} {}", ended.code, ended.text));
    }
    // The watchdog is not dead: it repairs and thaws before anybody else comes near.
    subject.look(&wanted(case, point), false)?;
    Ok(took)
}
