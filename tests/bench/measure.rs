//! Runs commands, and says what they took.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The first argument of this program where it runs one command for another one of it.
pub const CHILD: &str = "--one-command";

/// Stands in an argument for a number that is another one in every run: nothing that exists is
/// ever written over.
pub const EVERY_RUN: &str = "{run}";

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// What one run of a command took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// From start to end, in seconds.
    pub wall: f64,
    /// In user and system mode, on all cores, in seconds.
    pub cpu: f64,
    /// Most memory at a time, in bytes.
    pub peak: u64,
}

impl Cost {
    /// The least of each of two.
    fn least(self, other: Cost) -> Cost {
        Cost {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            peak: self.peak.min(other.peak),
        }
    }
}

/// A command that can be run over and over.
#[derive(Clone, Debug)]
pub struct Task {
    arguments: Vec<OsString>,
    /// The exit codes that mean that it worked.
    expected: Vec<i32>,
}

impl Task {
    /// A program with its arguments.
    pub fn new(program: impl AsRef<OsStr>) -> Task {
        Task {
            arguments: vec![program.as_ref().to_owned()],
            expected: vec![0],
        }
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Task {
        let arguments = arguments.into_iter().map(|a| a.as_ref().to_owned());
        self.arguments.extend(arguments);
        self
    }

    /// Other exit codes mean that it worked as well.
    pub fn may_end_with(mut self, codes: &[i32]) -> Task {
        self.expected.extend(codes);
        self
    }

    /// Runs it once. What it writes goes nowhere.
    pub fn run(&self) -> Result<Cost, String> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        let run = RUNS.fetch_add(1, Ordering::Relaxed).to_string();
        let arguments = self.arguments.iter().map(|a| match a.to_str() {
            Some(text) => text.replace(EVERY_RUN, &run).into(),
            None => a.clone(),
        });
        let output = Command::new(own)
            .arg(CHILD)
            .args(arguments)
            .output()
            .map_err(|e| e.to_string())?;
        let code = output.status.code();
        if !code.is_some_and(|code| self.expected.contains(&code)) {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{} ends with {code:?}: {said}", self.text()));
        }
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{}: {e}", self.text()))
    }

    fn text(&self) -> String {
        let words = self.arguments.iter().map(|a| a.to_string_lossy());
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Runs tasks in turn, so many times; the least that each took.
pub fn in_turn(tasks: &[Task], runs: usize) -> Result<Vec<Cost>, String> {
    let mut least: Vec<Option<Cost>> = vec![None; tasks.len()];
    for _ in 0..runs.max(1) {
        for (task, least) in tasks.iter().zip(&mut least) {
            let cost = task.run()?;
            *least = Some(least.map_or(cost, |l| l.least(cost)));
        }
    }
    Ok(least.into_iter().flatten().collect())
}

/// Runs one command in a process of its own, of which it is the only child: so the system's
/// count of what children took is about it alone.
#[cfg(target_os = "linux")]
pub fn child(mut arguments: impl Iterator<Item = OsString>) {
    use std::process::Stdio;

    use nix::sys::resource::{UsageWho, getrusage};

    let program = arguments.next().expect("a program to run");
    let started = std::time::Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    let wall = started.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the children's usage");
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    let cost = Cost {
        wall: wall.as_secs_f64(),
        cpu: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak: usage.max_rss() as u64 * 1024,
    };
    println!("{}", serde_json::to_string(&cost).expect("numbers"));
    let code = match status {
        Ok(status) => status.code().unwrap_or(255),
        Err(problem) => {
            eprintln!("{problem}");
            255
        }
    };
    std::process::exit(code);
}

#[cfg(not(target_os = "linux"))]
pub fn child(_: impl Iterator<Item = OsString>) {}

/// Bytes of a file.
pub fn size(path: &Path) -> Result<u64, String> {
    let about = std::fs::metadata(path);
    about
        .map(|m| m.len())
        .map_err(|e| format!("{}: {e}", path.display()))
}

/// A time as people read it.
pub fn time(seconds: f64) -> String {
    let duration = Duration::from_secs_f64(seconds);
    match duration.as_millis() {
        0..10 => format!("{:.2} ms", seconds * 1e3),
        10..1000 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}
