//! The program under test.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

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
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `hotpatch` to its end.
pub fn hotpatch(arguments: &[&str]) -> Run {
    read(command(arguments).output().unwrap())
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

/// Runs `hotpatch` with a fault point, and makes sure that it died there.
pub fn dies(point: &str, arguments: &[&str]) {
    let output = command(arguments)
        .env("HOTPATCH_FAULT", point)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(99),
        "{point} was not reached: {stdout}"
    );
}
