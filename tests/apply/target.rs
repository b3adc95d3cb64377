//! The program that is patched, running.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::start::started;

/// Path of the program.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/apply/target/answer.exe")
}

/// A running `answer.exe`; ended when dropped.
pub struct Answer {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

/// What it answers to `ask`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub first: u64,
    pub second: u64,
    pub pair: u64,
    pub torn: u64,
    pub calls: u64,
    pub unwound: u64,
    pub naps: u64,
}

impl Asked {
    /// 1 where everything is old, 2 where everything is new; panics where it is mixed.
    pub fn version(&self) -> u64 {
        let v = self.first;
        assert_eq!(
            (self.second, self.pair, self.torn),
            (v, v * 11, 0),
            "{self:?}"
        );
        v
    }
}

impl Answer {
    pub fn start() -> Self {
        Self::start_copy(&path())
    }

    /// Starts a copy of the program.
    pub fn start_copy(path: &Path) -> Self {
        let mut program = Command::new(path);
        program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = started(|| program.spawn()).unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take().unwrap();
        let answer = Answer {
            child,
            stdin,
            lines,
        };
        assert_eq!(answer.line(), "ready");
        answer
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn line(&self) -> String {
        let patience = Duration::from_secs(30);
        self.lines
            .recv_timeout(patience)
            .expect("the target doesn't answer: it is frozen or dead")
    }

    pub fn tell(&mut self, command: &str) -> String {
        writeln!(self.stdin, "{command}").unwrap();
        self.line()
    }

    /// Tells it something that ends it.
    pub fn tell_the_last(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").unwrap();
        self.child.wait().unwrap();
    }

    pub fn ask(&mut self) -> Asked {
        let mut asked = Asked::default();
        for field in self.tell("ask").split_whitespace() {
            let (name, value) = field.split_once('=').unwrap();
            let value = value.parse().unwrap();
            match name {
                "first" => asked.first = value,
                "second" => asked.second = value,
                "pair" => asked.pair = value,
                "torn" => asked.torn = value,
                "calls" => asked.calls = value,
                "unwound" => asked.unwound = value,
                "naps" => asked.naps = value,
                _ => panic!("{field}"),
            }
        }
        asked
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
