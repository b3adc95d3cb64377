//! Runs programs to their end, and one that is talked to.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Longest run of a program; then it hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// The same of a tool, which has a large program to read.
const OF_TOOLS: Duration = Duration::from_secs(300);

/// What a program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    pub exit: Option<i32>,
    pub output: String,
}

/// A finished run, with its standard error.
#[derive(Clone, Debug)]
pub struct Run {
    pub did: Behaviour,
    pub complaint: String,
}

/// Wine, as `tests/wine/run.sh --prepare` left it.
pub fn wine() -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let prefix = std::env::var_os("HOTPATCH_WINEPREFIX").map(PathBuf::from);
    let mut wine = Command::new(root.join("tests/wine/settled.sh"));
    wine.arg(std::env::var_os("HOTPATCH_WINE").unwrap_or_else(|| "/usr/lib/wine/wine64".into()));
    wine.env(
        "WINEPREFIX",
        prefix.unwrap_or_else(|| root.join("target/wine-prefix")),
    );
    wine.env("WINEARCH", "win64").env("WINEDEBUG", "-all");
    wine.env("WINEDLLOVERRIDES", "mscoree,mshtml=;winemenubuilder.exe=d");
    wine.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    wine
}

/// Runs a program to its end, with this on its standard input.
pub fn finish(command: &mut Command, input: &str) -> Result<Run, String> {
    let mut program = Program::start(command)?;
    program.send(input);
    program.end()
}

/// Runs a tool to its end, or a program that was built to be watched.
pub fn finish_slowly(command: &mut Command, input: &str) -> Result<Run, String> {
    let mut tool = Program::start(command)?;
    tool.patience = OF_TOOLS;
    tool.send(input);
    let run = tool.end()?;
    match run.did.output.ends_with("(hangs)") {
        true => Err(format!("{command:?} takes longer than {OF_TOOLS:?}")),
        false => Ok(run),
    }
}

/// A program that runs; killed when dropped.
pub struct Program {
    patience: Duration,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Receiver<String>,
    output: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    pub fn start(command: &mut Command) -> Result<Program, String> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{command:?}: {e}"))?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut stderr = child.stderr.take().ok_or("no standard error")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let (sender, errors) = channel();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
        });
        Ok(Program {
            patience: PATIENCE,
            stdin: child.stdin.take(),
            child,
            lines,
            errors,
            output: String::new(),
        })
    }

    /// Writes to its standard input; one that has ended does not read it.
    pub fn send(&mut self, text: &str) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin
                .write_all(text.as_bytes())
                .and_then(|()| stdin.flush());
        }
    }

    /// The next line of output; nothing at its end.
    pub fn line(&mut self) -> Option<String> {
        let line = self.lines.recv_timeout(self.patience).ok()?;
        self.output.push_str(&line);
        self.output.push('\n');
        Some(line)
    }

    /// Closes its input and waits for its end.
    pub fn end(mut self) -> Result<Run, String> {
        self.stdin = None;
        let until = Instant::now() + self.patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.output.push_str(&line);
                    self.output.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.output.push_str("(hangs)");
                    let _ = self.child.kill();
                    break;
                }
            }
        }
        let exit = self.child.wait().map_err(|e| e.to_string())?.code();
        let complaint = self.errors.recv_timeout(self.patience).unwrap_or_default();
        Ok(Run {
            did: Behaviour {
                exit,
                output: std::mem::take(&mut self.output),
            },
            complaint,
        })
    }
}
