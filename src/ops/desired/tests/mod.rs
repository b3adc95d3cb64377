//! A package for one build of a server, a process that runs it, and an administrator.

mod order;
mod states;
mod withdrawn;

use super::facts::{Build, Effect, FileFacts, ModuleFacts, PatchFacts, ProcessFacts};
use super::*;
use crate::moment::{DAY, Moment};
use crate::ops::policy::SyncPolicy;
use crate::ops::store::{Attempted, Ledger, Outcomes, Pause, Problem, ProblemKind, Quarantine};
use crate::ops::withdrawal::List;

const NOW: u64 = 100 * DAY;

fn build(n: u32) -> Build {
    Build {
        time_date_stamp: n,
        size_of_image: 0x1000,
        pdb: Some(("GUID".to_owned(), n)),
    }
}

fn sha256(n: u64) -> String {
    format!("{n:064x}")
}

fn content(n: u64) -> String {
    format!("c{n:063x}")
}

/// A package with this sequence for build 1 of `server.exe`.
fn candidate(sequence: u64) -> Candidate {
    Candidate {
        sha256: sha256(sequence),
        content_sha256: content(sequence),
        id: format!("FIX-{sequence}"),
        product: "server.exe".to_owned(),
        sequence,
        cves: vec![format!("CVE-2026-{sequence}")],
        requires: Vec::new(),
        file_name: "server.exe".to_owned(),
        build: build(1),
        old_authenticode: "old".to_owned(),
        fixed_sha256: format!("fixed {sequence}"),
        added: Moment::from_seconds(NOW - 5 * DAY),
        held: None,
        permit: Permit::Allowed,
    }
}

/// A process with build 1 of `server.exe`, which is on disk as well.
fn process() -> ProcessFacts {
    ProcessFacts {
        pid: 7,
        name: "7 abc".to_owned(),
        started: Moment::from_seconds(NOW - 2 * DAY),
        image: r"C:\App\Server.exe".to_owned(),
        services: Vec::new(),
        modules: vec![ModuleFacts {
            name: "Server.exe".to_owned(),
            build: Some(build(1)),
            file: Some(FileFacts {
                sha256: "0".to_owned(),
                authenticode: Some("old".to_owned()),
                build: None,
            }),
        }],
        patches: Vec::new(),
    }
}

fn with_patch(sequence: u64, effect: Effect) -> ProcessFacts {
    let mut process = process();
    process.patches.push(PatchFacts {
        id: format!("FIX-{sequence}"),
        sha256: sha256(sequence),
        content_sha256: Some(content(sequence)),
        product: Some("server.exe".to_owned()),
        module: "server.exe".to_owned(),
        over: Vec::new(),
        effect,
        frozen: false,
        applied: Moment::from_seconds(NOW - DAY - 3 * 3600),
    });
    process
}

/// What an administrator decided, and what there was before.
#[derive(Default)]
struct Desk {
    ledger: Ledger,
    policy: SyncPolicy,
    outcomes: Outcomes,
    lists: Vec<List>,
}

impl Desk {
    fn judge(&self, process: &ProcessFacts, stock: &[Candidate]) -> Verdict {
        self.judge_with(process, stock, &mut |_| Probe::Ready)
    }

    fn judge_with(
        &self,
        process: &ProcessFacts,
        stock: &[Candidate],
        probe: &mut dyn FnMut(&Candidate) -> Probe,
    ) -> Verdict {
        let settings = Settings {
            now: Moment::from_seconds(NOW),
            ledger: &self.ledger,
            policy: &self.policy,
            outcomes: &self.outcomes,
            lists: &self.lists,
        };
        judge(process, stock, &settings, probe).unwrap()
    }
}

fn judged(process: &ProcessFacts, stock: &[Candidate]) -> Verdict {
    Desk::default().judge(process, stock)
}
