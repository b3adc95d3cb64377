//! A case that runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::build::Tools;
use crate::start::never_came;

/// Longest wait for an answer. A hang is a failure and not a test that runs for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the problem of a program ends that said nothing.
const SILENT: &str = "it said \"\"";

/// A running program that answers requests.
pub struct Server {
    /// Its process id, as Windows numbers it.
    pub pid: u32,
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Server {
    /// Starts a program. Once in some thousand times Wine ends a program with exit code 1 before
    /// it has begun (`tests/wine/settled.sh`); then it is started again, and that is said.
    pub fn start(tools: &Tools, image: &Path) -> Result<Server, String> {
        let start = || {
            let mut command = Command::new(&tools.wine);
            command.arg(image);
            Self::run(command)
        };
        start().or_else(|problem| {
            println!("{} did not start: {problem}; once more", image.display());
            start()
        })
    }

    /// Starts a program that is patched before its first instruction; once more where Wine says
    /// that the new process never came.
    pub fn start_patched(tools: &Tools, image: &Path, package: &Path) -> Result<Server, String> {
        let start = || {
            let mut command = Command::new(&tools.wine);
            command
                .arg(&tools.hotpatch)
                .arg("apply")
                .arg(package)
                .arg("--key")
                .arg(tools.key());
            command.arg("--start").arg(image).arg("--wait");
            Self::run(command)
        };
        start().or_else(
            |problem| match never_came(&problem) || problem.ends_with(SILENT) {
                true => {
                    println!("{} did not start: {problem}; once more", image.display());
                    start()
                }
                false => Err(problem),
            },
        )
    }

    fn run(mut command: Command) -> Result<Server, String> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let output = child.stdout.take().ok_or("no output")?;
        let (send, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Server {
            pid: 0,
            requests: child.stdin.take(),
            child,
            answers,
        };
        let first = server.receive("its process id")?;
        server.pid = first
            .trim()
            .parse()
            .map_err(|_| format!("no process id: {first:?}"))?;
        Ok(server)
    }

    fn receive(&mut self, what: &str) -> Result<String, String> {
        self.answers.recv_timeout(PATIENCE).map_err(|_| {
            let ended = self.child.try_wait().ok().flatten();
            let Some(status) = ended else {
                return format!("no answer ({what}); it hangs");
            };
            let mut said = String::new();
            if let Some(mut stderr) = self.child.stderr.take() {
                let _ = stderr.read_to_string(&mut said);
            }
            format!("no answer ({what}); it has ended: {status}; it said {said:?}")
        })
    }

    /// Sends one request for each answer, and compares.
    pub fn expect(&mut self, when: &str, wanted: &[String]) -> Result<(), String> {
        for expected in wanted {
            let requests = self.requests.as_mut().ok_or("no input")?;
            requests
                .write_all(b"\n")
                .map_err(|e| format!("{when}: {e}"))?;
            let answer = self.receive(when)?;
            let answer = answer.trim_end();
            if answer != expected.trim_end() {
                return Err(format!("{when}: {answer:?} instead of {expected:?}"));
            }
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.requests = None;
        for _ in 0..50 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
