//! The server, and connections to it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::desk::fixture;
use crate::means::start;

/// Longest wait for a reply: a frozen server is a failure, and not a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running server; ended when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// Its process id.
    pub pid: u32,
}

impl Server {
    /// Starts it.
    pub fn start() -> Server {
        let mut command = Command::new(fixture("storm/0/server.exe"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = start(&mut command);
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let (port, pid) = line.trim().split_once(' ').expect("port and PID");
        Server {
            child,
            port: port.parse().expect("a port"),
            pid: pid.parse().expect("a PID"),
        }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects.
    pub fn open(port: u16) -> io::Result<Connection> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// Sends a line, and waits for the line that is the reply.
    pub fn ask(&mut self, line: &[u8]) -> io::Result<Vec<u8>> {
        self.0.get_mut().write_all(line)?;
        let mut reply = Vec::new();
        self.0.read_until(b'\n', &mut reply)?;
        match reply.ends_with(b"\n") {
            true => Ok(reply),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// The numbers of a reply; none of them where it is a word.
    pub fn numbers(&mut self, request: &str) -> Vec<u64> {
        let reply = self
            .ask(format!("{request}\n").as_bytes())
            .expect("a reply");
        let text = String::from_utf8_lossy(&reply).into_owned();
        text.split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect()
    }

    /// The number of a reply.
    pub fn number(&mut self, request: &str) -> u64 {
        self.numbers(request)[0]
    }
}
