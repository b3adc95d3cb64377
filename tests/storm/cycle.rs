//! The cycles.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hotpatch::apply::survey::Survey;
use hotpatch::process::{Access, Process};

use crate::clients::{Clients, Watch};
use crate::desk::Desk;
use crate::figures::{Times, Used};
use crate::means::{Operation, Packages};
use crate::server::{Connection, Server};

const CLIENTS: usize = 64;
/// One cycle of so many goes through the program.
const BY_PROGRAM: usize = 100;
/// A process is opened anew, with a new watchdog, after so many cycles.
const REOPENED: usize = 50;
/// Ends the storm before all cycles are done.
const MINUTES: &str = "HOTPATCH_STORM_MINUTES";
/// Cycles before the first look at what is used.
const WARM_UP: usize = 10;
/// How often memory that was kept is asked for at the end, and the pause between.
const RECOVERIES: usize = 8;
const PAUSE: Duration = Duration::from_millis(500);

/// Everything that a cycle needs.
struct Storm {
    server: Server,
    control: Connection,
    packages: Packages,
    watch: Arc<Watch>,
    /// The version that runs.
    version: usize,
    /// Of apply, of replacing, of rollback, of revert.
    frozen: [Times; 4],
    /// Every operation, from the call to its return.
    took: Times,
    attempts: u64,
    operations: u64,
    checked_counters: u64,
    /// How often memory stayed for a while.
    kept: usize,
}

/// What a cycle does, the first version always being the program's own.
fn steps(cycle: usize) -> &'static [Operation] {
    use Operation::{Apply, Revert, Rollback};
    match cycle % 10 {
        0..=5 => &[Apply(1), Revert],
        6 | 7 => &[Apply(1), Apply(2), Rollback, Revert],
        8 => &[Apply(1), Apply(2), Revert],
        _ => &[Apply(2), Revert],
    }
}

/// Runs so many cycles and prints what came of them; whether it is as it should be.
pub fn storm(desk: &Desk, cycles: usize) -> bool {
    let server = Server::start();
    let watch = Arc::new(Watch::default());
    watch.allow(&[0]);
    let clients = Clients::start(CLIENTS, server.port, &watch);
    let mut storm = Storm {
        control: Connection::open(server.port).expect("a connection"),
        packages: Packages::read(desk),
        version: 0,
        frozen: Default::default(),
        took: Times::default(),
        attempts: 0,
        operations: 0,
        checked_counters: 0,
        kept: 0,
        server,
        watch,
    };
    let began = Instant::now();
    let mut used = None;
    let mut done = 0;
    let open = |pid| Some(Process::open(pid, Access::Change).expect("open the server"));
    let mut process = None;
    let minutes: Option<u64> = std::env::var(MINUTES)
        .ok()
        .map(|n| n.parse().expect(MINUTES));
    let late = || minutes.is_some_and(|n| began.elapsed().as_secs() > n * 60);
    for cycle in (0..cycles + WARM_UP).take_while(|_| !late()) {
        // Whoever has a watchdog keeps every other hotpatch away.
        let by_program = cycle % BY_PROGRAM == BY_PROGRAM - 4 || cycle % BY_PROGRAM == 5;
        if by_program || cycle % REOPENED == 0 || cycle == WARM_UP {
            process = None;
        }
        if cycle == WARM_UP {
            used = Some(storm.used());
        }
        if !by_program && process.is_none() {
            process = open(storm.server.pid);
        }
        storm.cycle(cycle, process.as_ref());
        done = (cycle + 1).saturating_sub(WARM_UP);
        if done.is_multiple_of(500) && done > 0 {
            let requests = storm.watch.answered();
            println!(
                "{done} cycles, {requests} requests, {} s",
                began.elapsed().as_secs()
            );
        }
        if storm.failed() {
            break;
        }
    }
    drop(process);
    storm.finish(clients, used, done, began)
}

impl Storm {
    fn failed(&self) -> bool {
        !self.watch.anomalies.lock().expect("no panic").is_empty()
    }

    /// By the program where there is no process for the library.
    fn cycle(&mut self, cycle: usize, process: Option<&Process>) {
        // Since patch 1 was applied, and since patch 2 was.
        let mut since = [None, None];
        for step in steps(cycle) {
            let to = match step {
                Operation::Apply(n) => *n,
                Operation::Rollback => 1,
                Operation::Revert | Operation::Recover => 0,
            };
            let word = match step {
                Operation::Apply(_) => "applied",
                Operation::Rollback => "rolled-back",
                Operation::Revert | Operation::Recover => "reverted",
            };
            let before = self.replies();
            self.watch.allow(&[self.version, to]);
            let called = Instant::now();
            let ended = match process {
                Some(process) => self.packages.by_library(process, *step),
                None => self.packages.by_program(self.server.pid, *step),
            };
            self.watch.allow(&[to]);
            self.took.add(called.elapsed().as_micros() as u64);
            // Variables live on; memory of which the address was seen somewhere stays for a
            // while, and is cleared away later.
            let known = |code: &String| ["HP514", "HP518", "HP530"].contains(&code.as_str());
            self.kept += usize::from(ended.findings.iter().any(|code| code == "HP518"));
            if ended.outcome != word || !ended.findings.iter().all(known) {
                // Whatever runs now, the clients need not say it too.
                self.watch.allow(&[0, 1, 2]);
                let text = format!("cycle {cycle}, {step:?}: {}", ended.text);
                self.watch.anomaly(text);
                return;
            }
            let kind = match (step, self.version) {
                (Operation::Apply(_), 0) => 0,
                (Operation::Apply(_), _) => 1,
                (Operation::Rollback, _) => 2,
                (Operation::Revert | Operation::Recover, _) => 3,
            };
            self.frozen[kind].add(ended.frozen_us);
            self.attempts += ended.attempts;
            self.operations += 1;
            if let Operation::Apply(n) = step {
                since[n - 1] = Some(before);
                if *n == 2 && since[0].is_none() {
                    since[0] = Some(before);
                }
            }
            self.version = to;
            self.counters(cycle, since);
        }
    }

    fn replies(&self) -> [u64; 3] {
        std::array::from_fn(|v| self.watch.replies[v].load(Ordering::SeqCst))
    }

    /// The variables that the patches brought must count exactly the replies of patched
    /// code, through all replacements and rollbacks.
    fn counters(&mut self, cycle: usize, since: [Option<[u64; 3]>; 2]) {
        let watch = Arc::clone(&self.watch);
        let _hush = watch.hush();
        let now = self.replies();
        let (one, two) = (since[0].unwrap_or(now), since[1].unwrap_or(now));
        let wanted = match self.version {
            0 => vec![],
            1 => vec![now[1] - one[1] + now[2] - one[2]],
            _ => vec![now[1] - one[1] + now[2] - one[2], now[2] - two[2]],
        };
        let found = self.control.numbers("COUNT");
        self.checked_counters += 1;
        if found != wanted {
            let version = self.version;
            self.watch.anomaly(format!(
                "cycle {cycle}, version {version}: the counters are {found:?} and not {wanted:?}"
            ));
        }
    }

    fn used(&mut self) -> Used {
        let watch = Arc::clone(&self.watch);
        let _hush = watch.hush();
        let process = Process::open(self.server.pid, Access::Look).expect("open the server");
        Used::of(&process, &mut self.control)
    }

    /// Gives back what was kept, as an administrator would: again, where a thread that is on
    /// its way, or what a request left, still leads there. What never goes is an anomaly.
    fn clear_up(&self) {
        let process = Process::open(self.server.pid, Access::Change).expect("open the server");
        println!("memory was kept {} times", self.kept);
        for attempt in 1..=RECOVERIES {
            let ended = self.packages.by_library(&process, Operation::Recover);
            let left = Survey::of(&process).map(|s| s.patches.len());
            println!("recover: {}, patches left: {left:?}", ended.outcome);
            if matches!(left, Ok(0)) {
                return;
            }
            if attempt == RECOVERIES {
                let text = format!("patches are left: {left:?}\n{}", ended.text);
                self.watch.anomaly(text);
            }
            println!("{}", ended.text);
            std::thread::sleep(PAUSE);
        }
    }

    fn finish(
        mut self,
        clients: Clients,
        used: Option<Used>,
        cycles: usize,
        began: Instant,
    ) -> bool {
        let took = began.elapsed().as_secs_f64();
        if self.server.runs() {
            self.clear_up();
            let now = self.used();
            if let Some(before) = used {
                println!("used before: {before:?}\nused after:  {now:?}");
                for leak in now.leaks(&before) {
                    self.watch.anomaly(format!("leak: {leak}"));
                }
            }
            clients.stop();
            let (total, answered) = (self.control.number("TOTAL"), self.watch.answered());
            if total != answered {
                self.watch.anomaly(format!(
                    "{total} requests reached the server, {answered} were answered"
                ));
            }
        } else {
            self.watch.anomaly("the server has ended".to_owned());
        }
        let [old, first, second] = self.replies();
        println!(
            "cycles:            {cycles} in {took:.0} s, {} operations, {} attempts",
            self.operations, self.attempts
        );
        println!(
            "requests checked:  {} (by version: {old}, {first}, {second}), {} of them with nothing being switched",
            old + first + second,
            self.watch.settled.load(Ordering::SeqCst)
        );
        println!("counters checked:  {}", self.checked_counters);
        println!(
            "longest wait:      {:.1} ms",
            self.watch.longest.load(Ordering::SeqCst) as f64 / 1000.0
        );
        println!("frozen (minimum / median / 99 % / maximum):");
        for (kind, times) in ["apply", "replace", "rollback", "revert"]
            .iter()
            .zip(&mut self.frozen)
        {
            println!("  {kind:9} {}", times.line());
        }
        println!("  in all    {}", self.took.line());
        let anomalies = self.watch.anomalies.lock().expect("no panic");
        println!("anomalies:         {}", anomalies.len());
        anomalies.is_empty()
    }
}
