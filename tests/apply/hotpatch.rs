//! The program under test.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::start::started;

/// What a run of `hotpatch` with `--format json` gave.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub json: Value,
    pub stderr: String,
}

impl Run {
    pub fn outcome(&self) -> &str {
        self.json["outcome"]
            .as_str()
            .unwrap_or_else(|| panic!("{self:?}"))
    }

    pub fn codes(&self) -> Vec<&str> {
        let findings = self.json["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|f| f["code"].as_str().unwrap())
            .collect()
    }
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotpatch"));
    command
        .args(["--format", "json"])
        .args(arguments)
        .env_remove("HOTPATCH_FAULT")
        .env_remove("HOTPATCH_WATCHDOG_FAULT")
        .env("HOTPATCH_AUDIT", audit_log())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `hotpatch` to its end.
pub fn hotpatch(arguments: &[&str]) -> Run {
    read(started(|| command(arguments).output()).unwrap())
}

/// What a finished run gave.
pub fn read(output: Output) -> Run {
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Run {
        code: output.status.code().unwrap(),
        json: serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: {stdout}{stderr}")),
        stderr,
    }
}

/// Makes sure that what was reverted is gone, its memory too. Wine makes calls for hotpatch
/// on stacks of the target of which a debugger sees no thread, and words that it leaves there
/// may keep the memory for a while.
pub fn is_given_back(reverted: &Run, pid: &str) {
    let mut last = match reverted.codes()[..] {
        [] => return,
        ["HP518"] => format!("{reverted:?}"),
        _ => panic!("{reverted:?}"),
    };
    for _ in 0..20 {
        let recovered = hotpatch(&["recover", "--pid", pid]);
        if recovered.codes().is_empty() {
            return;
        }
        last = format!("{recovered:?}");
    }
    panic!("{last}");
}

/// Runs `hotpatch` with a fault point, and makes sure that it died there.
pub fn dies(point: &str, arguments: &[&str]) {
    dies_with("", point, arguments);
}

/// The same, and its watchdog dies at a point of its own.
pub fn dies_with(watchdog: &str, point: &str, arguments: &[&str]) {
    let mut program = command(arguments);
    program
        .env("HOTPATCH_FAULT", point)
        .env("HOTPATCH_WATCHDOG_FAULT", watchdog);
    let output = started(|| program.output()).unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(99),
        "{point} was not reached: {stdout}"
    );
}

/// The audit log of this run of the tests, which all of them write to at the same time.
fn audit_log() -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap());
    folder.path().join("audit.jsonl")
}
