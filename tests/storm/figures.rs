//! What is measured.

use hotpatch::addr::Va;
use hotpatch::apply::target::{Target, Usage};
use hotpatch::process::{Access, Process};

use crate::server::Connection;

/// Times of one kind of operation.
#[derive(Default)]
pub struct Times(Vec<u64>);

impl Times {
    /// Adds one, in microseconds.
    pub fn add(&mut self, us: u64) {
        self.0.push(us);
    }

    /// Minimum, median, 99th percentile and maximum in milliseconds.
    pub fn line(&mut self) -> String {
        self.0.sort_unstable();
        let Some(last) = self.0.len().checked_sub(1) else {
            return "none".to_owned();
        };
        let at = |share: f64| self.0[(last as f64 * share).round() as usize] as f64 / 1000.0;
        format!(
            "{:6} times, {:.1} / {:.1} / {:.1} / {:.1} ms",
            last + 1,
            at(0.0),
            at(0.5),
            at(0.99),
            at(1.0)
        )
    }
}

/// What the server and this program use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Handles of the server: the highest of some that are opened at once.
    pub handles: u64,
    /// Handles of this program.
    pub own_handles: u64,
    /// Threads of the server.
    pub threads: u64,
    /// Executable regions of the server outside images.
    pub executable: u64,
    /// Regions of private memory of the server.
    pub regions: u64,
    /// Bytes in these.
    pub bytes: u64,
    /// Processes of this program: its watchdogs.
    pub processes: u64,
}

impl Used {
    /// Looks.
    pub fn of(process: &Process, control: &mut Connection) -> Used {
        let mut used = Used {
            handles: control.number("HANDLES"),
            own_handles: own_handles(),
            threads: control.number("THREADS"),
            executable: 0,
            regions: 0,
            bytes: 0,
            processes: watchdogs(),
        };
        let mut at = Va(0x1_0000);
        while let Ok(Some(region)) = process.region(at) {
            if region.usage == Usage::Private {
                used.regions += 1;
                used.bytes += region.size;
                used.executable += u64::from(region.protection.executable());
            }
            if region.end() <= at {
                break;
            }
            at = region.end();
        }
        used
    }

    /// What is more than it was. Stacks and the heap may have grown a little.
    pub fn leaks(&self, before: &Used) -> Vec<String> {
        let rows = [
            ("handles of the server", self.handles, before.handles, 0),
            (
                "handles of hotpatch",
                self.own_handles,
                before.own_handles,
                // Clients and their system have some for a while.
                48,
            ),
            ("threads", self.threads, before.threads, 0),
            ("executable regions", self.executable, before.executable, 0),
            ("regions", self.regions, before.regions, 8),
            ("bytes", self.bytes, before.bytes, 4 << 20),
            ("watchdogs", self.processes, before.processes, 0),
        ];
        rows.iter()
            .filter(|(_, now, then, more)| *now > then + more)
            .map(|(what, now, then, _)| format!("{what}: {then} before, {now} after"))
            .collect()
    }
}

/// Handles of this program, found as the server finds its own.
fn own_handles() -> u64 {
    use std::os::windows::io::AsRawHandle;
    let program = std::env::current_exe().expect("this program");
    let open = |_| std::fs::File::open(&program).expect("this program");
    let probes: Vec<std::fs::File> = (0..64).map(open).collect();
    let highest = probes.iter().map(|f| f.as_raw_handle() as u64 / 4).max();
    highest.unwrap_or(0)
}

/// Processes of this program's file, but for this one.
fn watchdogs() -> u64 {
    let own = std::env::current_exe().expect("this program");
    let name = own
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let is_one = |pid: &u32| {
        let process = Process::open(*pid, Access::Look);
        process.is_ok_and(|p| p.identity().image.ends_with(&name))
    };
    let pids = hotpatch::process::pids().unwrap_or_default();
    pids.iter().filter(|pid| is_one(pid)).count() as u64
}
