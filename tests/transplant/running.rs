//! A program that runs and is talked to, and runs of `hotpatch` itself.
#![allow(dead_code, reason = "each test crate uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use hotpatch::addr::Va;
use hotpatch::apply::target::Target;
use hotpatch::process::{Access, Process};
use serde_json::Value;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a program left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// A running program; ended when dropped.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    errors: Option<JoinHandle<Vec<u8>>>,
    stdout: Vec<u8>,
}

impl Running {
    pub fn start(program: &Path, arguments: &[&str], folder: &Path) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut stderr = child.stderr.take().expect("piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut line = Vec::new();
            while stdout.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            text
        });
        Running {
            stdin: child.stdin.take(),
            child,
            lines,
            errors: Some(errors),
            stdout: Vec::new(),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("open");
        stdin.write_all(bytes).expect("the program reads");
        stdin.flush().expect("the program reads");
    }

    /// The next line of output, without its end.
    pub fn line(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let said = String::from_utf8_lossy(&self.stdout);
            panic!("the program hangs or has ended; it said:\n{said}")
        });
        self.stdout.extend(&line);
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// Reads on until a line ends with this.
    pub fn until(&mut self, end: &str) {
        while !self.line().ends_with(end) {}
    }

    /// Closes its input and waits for its end.
    pub fn finish(mut self) -> Results {
        self.stdin = None;
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.stdout.extend(line);
        }
        let errors = self.errors.take().expect("joined once");
        Results {
            code: self.child.wait().expect("a status").code(),
            stdout: std::mem::take(&mut self.stdout),
            stderr: errors.join().expect("standard error"),
        }
    }

    /// The first bytes at some addresses.
    pub fn bytes_at(&self, addresses: &[Va]) -> Vec<[u8; 5]> {
        let process = Process::open(self.pid(), Access::Look).expect("open the process");
        let read = |&at: &Va| {
            let mut bytes = [0; 5];
            process.read(at, &mut bytes).expect("read the process");
            bytes
        };
        addresses.iter().map(read).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `hotpatch` in a folder; returns its exit code and its report.
pub fn hotpatch(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_hotpatch"))
        .current_dir(folder)
        .args(["--format", "json"])
        .args(arguments)
        .env_remove("HOTPATCH_FAULT")
        .output()
        .expect("hotpatch starts");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        panic!(
            "{arguments:?}: {e}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        )
    });
    (output.status.code().unwrap_or(-1), report)
}

/// The same, which must succeed.
pub fn hotpatch_done(folder: &Path, arguments: &[&str]) -> Value {
    let (code, report) = hotpatch(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {report:#}");
    report
}

/// The strings of one field of a list.
pub fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    let of = |v: &'a Value| {
        if field.is_empty() { v } else { &v[field] }
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {v}"))
    };
    list.iter().map(of).collect()
}

/// Where the functions of a report of `apply` begin.
pub fn entries(report: &Value) -> Vec<Va> {
    let parse = |text: &str| {
        let digits = text.strip_prefix("0x").expect("a hex number");
        Va(u64::from_str_radix(digits, 16).expect("a hex number"))
    };
    let texts = texts(&report["functions"], "entry");
    texts.into_iter().map(parse).collect()
}
