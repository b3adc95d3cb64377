//! Every operation, killed at every point that it passes.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::desk::Desk;
use crate::inspect::Subject;
use crate::means::{Ended, Operation, run as run_to_end};
use crate::points;
use crate::start::NOT_STARTED;
use crate::verdict;

/// What is killed.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// The version before.
    from: usize,
    pub operation: Operation,
    /// The version after.
    to: usize,
    /// Where a patcher and its watchdog died before, so that the target is frozen.
    before: Option<&'static str>,
}

impl Case {
    /// Whether nobody has died before.
    pub fn is_simple(&self) -> bool {
        self.before.is_none()
    }
}

pub const CASES: [Case; 8] = [
    case("apply", 0, Operation::Apply(1), 1, None),
    case("replace", 1, Operation::Apply(2), 2, None),
    case("rollback", 2, Operation::Rollback, 1, None),
    case("revert", 1, Operation::Revert, 0, None),
    case("revert all", 2, Operation::Revert, 0, None),
    case("recover old", 0, Operation::Recover, 0, Some("redirected")),
    case("recover new", 0, Operation::Recover, 1, Some("active")),
    case(
        "apply anew",
        0,
        Operation::Apply(1),
        1,
        Some("entries-written"),
    ),
];

const fn case(
    name: &'static str,
    from: usize,
    operation: Operation,
    to: usize,
    before: Option<&'static str>,
) -> Case {
    Case {
        name,
        from,
        operation,
        to,
        before,
    }
}

/// Points that are passed with the patch switched already.
const SWITCHED: [&str; 10] = [
    "active",
    "thawed",
    "committed",
    "inactive",
    "entries-restored",
    "lower-restored",
    "reverted-thawed",
    "restored",
    "unregistered",
    "freed",
];

/// Points that are passed with the patch not switched yet.
const NOT_YET: [&str; 11] = [
    "allocated",
    "recorded",
    "written",
    "sealed",
    "registered",
    "armed",
    "consented",
    "redirected",
    "reverting",
    "lower-active",
    "lower-inactive",
];

/// The watchdog's only point: it dies as soon as it has seen the patcher die.
const WATCHDOG: &str = "watchdog";

/// A point is killed at when it is passed for the first, second and third time: these may be
/// different phases.
const PASSES: usize = 3;

/// A point of an operation, and how often it is passed before.
pub type Place = (Case, String, usize);

/// What all kills came to.
#[derive(Default)]
struct Tally {
    /// Kills at each point.
    at: BTreeMap<String, usize>,
    /// Kills of which the watchdog died too.
    alone: usize,
    failures: Vec<String>,
}

/// Kills so many times at each point; whether all went well.
pub fn run(desk: &Desk, kills: usize) -> bool {
    let points = points::in_sources();
    let mut subject = Subject::start(desk);
    let since = Instant::now();
    let mut tally = Tally::default();
    let mut places = Vec::new();
    for case in CASES {
        match passed(&mut subject, &case) {
            Ok(found) => places.extend(found),
            Err(error) => tally.failures.push(format!("{}: {error}", case.name)),
        }
    }
    tally.at = points.iter().map(|p| (p.clone(), 0)).collect();
    println!("{} places in {} s", places.len(), since.elapsed().as_secs());
    let mut round = 0;
    while tally.failures.is_empty() {
        let left = |p: &&Place| tally.at.get(&p.1).is_none_or(|n| *n < kills);
        let left: Vec<Place> = places.iter().filter(left).cloned().collect();
        if left.is_empty() || round > 10 * kills {
            break;
        }
        kill_at(&mut subject, &left, kills, round, &mut tally);
        round += 1;
        println!("round {round}, {} s", since.elapsed().as_secs());
    }
    conclude(subject, &places, tally, points.len())
}

/// Kills once at each of the places of which the point has not had its kills yet.
fn kill_at(subject: &mut Subject, places: &[Place], kills: usize, round: usize, tally: &mut Tally) {
    for (i, (case, point, pass)) in places.iter().enumerate() {
        // Every third time the watchdog dies as well.
        let dead = (round + i) % 3 == 2;
        if tally.at.get(point).is_some_and(|n| *n >= kills) {
            continue;
        }
        match strike(subject, case, point, *pass, dead) {
            Ok(reached) => {
                *tally.at.entry(point.clone()).or_default() += usize::from(reached);
                tally.alone += usize::from(reached && dead);
            }
            Err(error) => {
                let watchdog = if dead { "dead" } else { "alive" };
                let at = format!("{}, {point}:{pass}, watchdog {watchdog}", case.name);
                // At once: who looks at a server that stands still may get no further.
                println!("FAILED: {at}: {error}");
                tally.failures.push(format!("{at}: {error}"));
                return;
            }
        }
    }
}

/// Prints what came of it; whether all is as it should be.
fn conclude(subject: Subject, places: &[Place], tally: Tally, points: usize) -> bool {
    let mut failures = tally.failures;
    let never = tally.at.iter().filter(|(_, n)| **n == 0);
    let never: Vec<&str> = never.map(|(p, _)| p.as_str()).collect();
    if !never.is_empty() {
        failures.push(format!("no operation dies at {}", never.join(", ")));
    }
    let unknown: Vec<&String> = tally.at.keys().filter(|p| !known(p)).collect();
    if !unknown.is_empty() {
        failures.push(format!("the matrix does not know {unknown:?}"));
    }
    let lost = match failures.is_empty() {
        true => subject.lost_regions(),
        false => 0,
    };
    let (slowest, found, kept) = (subject.slowest, subject.found, subject.kept);
    let holders: Vec<String> = subject.holders.iter().take(20).cloned().collect();
    let (requests, anomalies) = subject.finish();
    let total: usize = tally.at.values().sum();
    println!(
        "kills:             {total} at {points} points in {} places, {} of them with the watchdog",
        places.len(),
        tally.alone
    );
    let fewest = tally.at.values().min().copied().unwrap_or(0);
    println!("kills per point:   {fewest} and more: {:?}", tally.at);
    println!(
        "found afterwards:  {} times patched, {} times with remains, {} times frozen",
        found[0], found[1], found[2]
    );
    let slowest = slowest.as_secs_f64() * 1000.0;
    println!("slowest answer:    {slowest:.1} ms");
    println!("requests checked:  {requests}");
    let refused = NOT_STARTED.load(Ordering::Relaxed);
    println!("starts refused:    {refused} by Wine, and asked for again");
    println!("lost regions:      {lost}; memory was kept {kept} times");
    holders.iter().for_each(|why| println!("  {why}"));
    failures.extend(anomalies);
    verdict(&failures)
}

/// The places of an operation that nobody disturbs.
pub fn passed(subject: &mut Subject, case: &Case) -> Result<Vec<Place>, String> {
    begin(subject, case)?;
    let ended = die(subject, case.operation, "?", "");
    if ended.code != Some(0) {
        return Err(ended.text);
    }
    subject.look(&[case.to], false)?;
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for line in ended.text.lines() {
        if let Some(point) = line.strip_prefix("fault point ") {
            *times.entry(point.trim()).or_default() += 1;
        }
    }
    let places = times.into_iter().flat_map(|(point, times)| {
        (1..=times.min(PASSES)).map(|pass| (*case, point.to_owned(), pass))
    });
    Ok(places.collect())
}

/// Brings the server to where the operation begins.
pub fn begin(subject: &mut Subject, case: &Case) -> Result<(), String> {
    subject.bring_to(case.from)?;
    let Some(before) = case.before else {
        return Ok(());
    };
    match die(subject, Operation::Apply(1), before, WATCHDOG) {
        ended if ended.code == Some(99) => Ok(()),
        ended => Err(format!("{before} was not passed: {}", ended.text)),
    }
}

/// Points at which either version may run, since they are passed before and after.
fn known(point: &str) -> bool {
    let both = [
        "freezing",
        "frozen",
        "let-go",
        "unprotected",
        "entries-written",
        "repaired",
        "recovered",
    ];
    SWITCHED.contains(&point) || NOT_YET.contains(&point) || both.contains(&point)
}

/// Lets an operation die at a point, and looks; whether the point was passed at all.
fn strike(
    subject: &mut Subject,
    case: &Case,
    point: &str,
    pass: usize,
    alone: bool,
) -> Result<bool, String> {
    begin(subject, case)?;
    let ended = die(
        subject,
        case.operation,
        &format!("{point}:{pass}"),
        if alone { WATCHDOG } else { "" },
    );
    let alone = alone || case.before.is_some();
    match ended.code {
        Some(99) => {
            subject.look(&wanted(case, point), alone)?;
            Ok(true)
        }
        Some(0) => {
            subject.look(&[case.to], false)?;
            Ok(false)
        }
        _ => Err(ended.text),
    }
}

/// The versions that may run after a death at a point.
pub fn wanted(case: &Case, point: &str) -> Vec<usize> {
    // Remains are cleared away, with freezes of their own, before something is applied.
    let simple = case.before.is_none();
    if case.operation == Operation::Recover || (simple && SWITCHED.contains(&point)) {
        vec![case.to]
    } else if simple && NOT_YET.contains(&point) {
        vec![case.from]
    } else {
        vec![case.from, case.to]
    }
}

/// Runs `hotpatch` with a fault point for itself and one for its watchdog.
fn die(subject: &Subject, operation: Operation, point: &str, watchdog: &str) -> Ended {
    let mut command = subject.packages.program(subject.server.pid, operation);
    let output = run_to_end(
        command
            .env("HOTPATCH_FAULT", point)
            .env("HOTPATCH_WATCHDOG_FAULT", watchdog),
    );
    Ended::from(output)
}
