//! An operation of `hotpatch`: by the library, or by the program.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hotpatch::apply::{self, ApplyError, Options, Summary};
use hotpatch::package::{Package, PublicKey, Verified, verify};
use hotpatch::process::Process;

use crate::desk::{Desk, fixture};
use crate::start::started;

const TIMEOUT: Duration = Duration::from_secs(60);
static NEVER: AtomicBool = AtomicBool::new(false);

/// What is done to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Apply this patch.
    Apply(usize),
    /// Back from patch 2 to patch 1.
    Rollback,
    /// Everything out.
    Revert,
    /// Only what was left behind.
    Recover,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit code, where there is one.
    pub code: Option<i32>,
    /// The word for it.
    pub outcome: String,
    /// The time for which the server stood still when it was switched.
    pub frozen_us: u64,
    /// How often it was tried.
    pub attempts: u64,
    /// Codes of the findings.
    pub findings: Vec<String>,
    /// Ids of the patches that are replaced, or would be.
    pub replaced: Vec<String>,
    /// Everything, for the reader of a failure.
    pub text: String,
    /// The document of the program.
    pub json: serde_json::Value,
}

/// The name of the desk.
pub const DESK: &str = "storm";

/// The id of the patch that makes that version of the old server.
pub fn id_of(version: usize) -> String {
    format!("storm-{version}")
}

/// The desk, with the two packages of the server.
pub fn desk() -> Desk {
    let desk = Desk::named(DESK).with_key();
    let old = fixture("storm/0/server.exe");
    for version in [1, 2] {
        let new = fixture(&format!("storm/{version}/server.exe"));
        let sequence = version.to_string();
        desk.build(&old, &new, &id_of(version), &["--sequence", &sequence]);
    }
    desk
}

/// The patches and their key.
pub struct Packages {
    packages: Vec<Verified<Package>>,
    paths: Vec<PathBuf>,
    key: PathBuf,
}

impl Packages {
    /// Reads them.
    pub fn read(desk: &Desk) -> Packages {
        let key = desk.path("key.pub.pem");
        let text = std::fs::read_to_string(&key).expect("a key");
        let trusted = [PublicKey::from_pem(&text).expect("a key")];
        let paths: Vec<PathBuf> = [1, 2]
            .map(|version| desk.path(&format!("{}.hpk", id_of(version))))
            .to_vec();
        let read = |path: &PathBuf| {
            let bytes = std::fs::read(path).expect("a package");
            verify(&bytes, &trusted).expect("a signed package")
        };
        Packages {
            packages: paths.iter().map(read).collect(),
            paths,
            key,
        }
    }

    /// Does it through the library.
    pub fn by_library(&self, process: &Process, operation: Operation) -> Ended {
        let options = Options {
            timeout: TIMEOUT,
            max_freeze: None,
            on_stack: &[],
            interrupted: &NEVER,
            consent: None,
        };
        let done = match operation {
            Operation::Apply(n) => apply::apply(process, &self.packages[n - 1], &options),
            Operation::Rollback => apply::rollback(process, None, &options),
            Operation::Revert => apply::revert(process, None, &options),
            Operation::Recover => apply::clear_up(process, &options),
        };
        Ended::from_library(done)
    }

    /// Does it through `hotpatch.exe`.
    pub fn by_program(&self, pid: u32, operation: Operation) -> Ended {
        Ended::from(run(&mut self.program(pid, operation)))
    }

    /// `hotpatch.exe`, told to do it.
    pub fn program(&self, pid: u32, operation: Operation) -> Command {
        let word = match operation {
            Operation::Apply(_) => "apply",
            Operation::Rollback => "rollback",
            Operation::Revert => "revert",
            Operation::Recover => "recover",
        };
        let mut command = hotpatch(&[word, "--pid", &pid.to_string()]);
        if operation != Operation::Recover {
            command.args(["--timeout", "60"]);
        }
        if let Operation::Apply(n) = operation {
            command.arg(&self.paths[n - 1]).arg("--key").arg(&self.key);
        }
        command
    }
}

/// `hotpatch.exe` with these arguments.
pub fn hotpatch(arguments: &[&str]) -> Command {
    let program = std::env::var_os("HOTPATCH_EXE");
    let built = || env!("CARGO_BIN_EXE_hotpatch").into();
    let mut command = Command::new(program.unwrap_or_else(built));
    command.args(["--format", "json"]).args(arguments);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a program.
pub fn start(command: &mut Command) -> Child {
    let child = started(|| command.spawn());
    child.unwrap_or_else(|e| panic!("{:?}: {e}", command.get_program()))
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Output {
    start(command).wait_with_output().expect("its output")
}

impl Ended {
    /// How an operation of the library ended.
    pub fn from_library(done: Result<Summary, ApplyError>) -> Ended {
        match done {
            Ok(summary) => Ended::from(summary),
            Err(error) => Ended {
                code: None,
                outcome: "failed".to_owned(),
                frozen_us: 0,
                attempts: 0,
                findings: Vec::new(),
                replaced: Vec::new(),
                text: format!("{error}: {error:?}"),
                json: serde_json::Value::Null,
            },
        }
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
        let json: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_default();
        let findings = json["findings"].as_array().cloned().unwrap_or_default();
        let code = |f: &serde_json::Value| f["code"].as_str().unwrap_or("?").to_owned();
        Ended {
            code: output.status.code(),
            outcome: json["outcome"].as_str().unwrap_or("failed").to_owned(),
            frozen_us: json["frozen_us"].as_u64().unwrap_or(0),
            attempts: json["attempts"].as_u64().unwrap_or(0),
            findings: findings.iter().map(code).collect(),
            replaced: Vec::new(),
            text: format!("{stdout}{stderr}"),
            json,
        }
    }
}

impl From<Summary> for Ended {
    fn from(summary: Summary) -> Ended {
        Ended {
            code: Some(i32::from(summary.exit().code())),
            outcome: summary.outcome.word().to_owned(),
            frozen_us: summary.effort.frozen.as_micros() as u64,
            attempts: u64::from(summary.effort.attempts),
            findings: summary
                .findings
                .iter()
                .map(|f| f.rule.code.to_owned())
                .collect(),
            replaced: summary.replaced.clone(),
            text: format!("{summary:?}"),
            json: serde_json::Value::Null,
        }
    }
}
