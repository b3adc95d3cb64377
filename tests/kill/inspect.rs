//! What must be true of a server whose patcher has died, seen from outside.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotpatch::apply::survey::{State, Survey};
use hotpatch::process::{Access, Process};

use crate::clients::{Clients, Watch};
use crate::desk::Desk;
use crate::figures::Used;
use crate::means::{Operation, Packages, hotpatch, id_of, run};
use crate::replies::version_of;
use crate::server::{Connection, Server};

const CLIENTS: usize = 8;
/// A server must answer within this time, whoever has died.
const AT_ONCE: Duration = Duration::from_secs(10);

/// The finding that memory could not be given back.
const KEPT: &str = "HP518";

/// A server under load, and all that is needed to look at it.
pub struct Subject {
    pub server: Server,
    pub control: Connection,
    pub packages: Packages,
    pub watch: Arc<Watch>,
    clients: Option<Clients>,
    seq: u64,
    looks: usize,
    /// How often memory stayed because its address was seen somewhere.
    pub kept: usize,
    /// What was said to hold it.
    pub holders: BTreeSet<String>,
    /// What the last recover said.
    said: String,
    /// Longest wait for the first answer after a death.
    pub slowest: Duration,
    /// How the patches were found: running, pending, or frozen.
    pub found: [usize; 3],
    at_first: Option<Used>,
}

impl Subject {
    /// Starts one.
    pub fn start(desk: &Desk) -> Subject {
        let server = Server::start();
        let watch = Arc::new(Watch::default());
        // Which version replies is for `look` to say.
        watch.allow(&[0, 1, 2]);
        Subject {
            control: Connection::open(server.port).expect("a connection"),
            packages: Packages::read(desk),
            clients: Some(Clients::start(CLIENTS, server.port, &watch)),
            seq: 0,
            looks: 0,
            kept: 0,
            holders: BTreeSet::new(),
            said: String::new(),
            slowest: Duration::ZERO,
            found: [0; 3],
            at_first: None,
            server,
            watch,
        }
    }

    /// The version that runs now.
    pub fn version(&mut self) -> Result<usize, String> {
        self.seq += 1;
        let text = "which version is this?";
        let request = format!("ECHO {} {text}\n", self.seq);
        let since = Instant::now();
        let reply = self.control.ask(request.as_bytes());
        let waited = since.elapsed();
        let reply = reply.map_err(|e| format!("the server does not answer: {e}"))?;
        self.slowest = self.slowest.max(waited);
        if waited > AT_ONCE {
            return Err(format!("the server answered after {waited:?}"));
        }
        version_of(&reply, self.seq, text.as_bytes())
            .ok_or_else(|| format!("{:?} is of no version", String::from_utf8_lossy(&reply)))
    }

    /// Lets another operation run through, by the library.
    fn operate(&self, on: &Process, operation: Operation, word: &str) -> Result<(), String> {
        let ended = self.packages.by_library(on, operation);
        match ended.outcome == word {
            true => Ok(()),
            false => Err(format!("{operation:?} after it: {}", ended.text)),
        }
    }

    /// Brings the untouched server to a version, patch upon patch.
    pub fn bring_to(&mut self, version: usize) -> Result<(), String> {
        if version == 0 {
            return Ok(());
        }
        let process = self.open()?;
        (1..=version).try_for_each(|n| self.operate(&process, Operation::Apply(n), "applied"))
    }

    fn open(&self) -> Result<Process, String> {
        Process::open(self.server.pid, Access::Change)
            .map_err(|e| format!("cannot open the server: {e}"))
    }

    /// Looks at the server after a death, uses it on, and leaves it without a patch.
    /// `wanted` are the versions that may run; with `frozen` watchdog and patcher are dead.
    pub fn look(&mut self, wanted: &[usize], frozen: bool) -> Result<(), String> {
        self.looks += 1;
        // The program says what the library says, and takes longer.
        let by_program = self.looks % 8 == 1;
        if frozen && self.stands_still()? {
            self.found[2] += 1;
            self.recover(by_program, "recovered")?;
        }
        let version = self.version()?;
        if !wanted.contains(&version) {
            return Err(format!("version {version} runs, and not {wanted:?}"));
        }
        if by_program {
            self.status_tells(version)?;
        }
        self.records_tell(version)?;
        self.recover(by_program, "")?;
        let process = self.open()?;
        let survey = Survey::of(&process).map_err(|e| e.to_string())?;
        let mut patches = survey.patches.iter();
        // Memory of which the address was seen somewhere stays, and is said to.
        let kept = self.said.contains(KEPT);
        self.kept += usize::from(kept);
        if kept {
            let why = self.said.split("bytes at").skip(1);
            let why = why.filter_map(|t| t.split('"').next());
            self.holders.extend(why.map(|t| t.trim().to_owned()));
        }
        if let Some(left) =
            patches.find(|p| matches!(p.state, State::Pending | State::Kept) && !kept)
        {
            let (id, at) = (&left.record.body.id, left.record.at);
            return Err(format!("recover left {id} at {at}: {}", self.said));
        }
        self.runs(version)?;
        let next = (version + 1).min(2);
        if next > version {
            self.operate(&process, Operation::Apply(next), "applied")?;
        }
        self.runs(next)?;
        self.operate(&process, Operation::Revert, "reverted")?;
        self.runs(0)?;
        drop(process);
        self.leaves_nothing()
    }

    /// Whether the record says that the server was left frozen, and its threads say so too.
    fn stands_still(&self) -> Result<bool, String> {
        use hotpatch::apply::target::Target;
        let process = Process::open(self.server.pid, Access::Look).map_err(|e| e.to_string())?;
        let survey = Survey::of(&process).map_err(|e| e.to_string())?;
        let said = survey.patches.iter().any(|p| p.record.header.frozen);
        let is = process.is_frozen(u64::MAX) == Some(true);
        match is && !said {
            true => Err("the server is frozen, and no record says so".to_owned()),
            false => Ok(is),
        }
    }

    fn recover(&mut self, by_program: bool, word: &str) -> Result<(), String> {
        let ended = match by_program {
            true => self
                .packages
                .by_program(self.server.pid, Operation::Recover),
            false => self.packages.by_library(&self.open()?, Operation::Recover),
        };
        self.said.clone_from(&ended.text);
        let done = ["recovered", "clean"].contains(&ended.outcome.as_str());
        match done && (word.is_empty() || ended.outcome == word) {
            true => Ok(()),
            false => Err(format!("recover: {}", ended.text)),
        }
    }

    fn runs(&mut self, version: usize) -> Result<(), String> {
        match self.version()? {
            found if found == version => Ok(()),
            found => Err(format!("version {found} runs, and not {version}")),
        }
    }

    /// The records in the server agree with what it does.
    fn records_tell(&mut self, version: usize) -> Result<(), String> {
        let survey = Survey::of(&self.open()?).map_err(|e| e.to_string())?;
        let state = |n: usize| survey.by_id(&id_of(n)).map(|p| p.state);
        self.found[0] += usize::from(version > 0);
        self.found[1] += usize::from(survey.patches.iter().any(|p| p.state == State::Pending));
        let idle = |s: Option<State>| matches!(s, None | Some(State::Pending | State::Kept));
        let fits = match version {
            0 => idle(state(1)) && idle(state(2)),
            1 => state(1) == Some(State::Active) && idle(state(2)),
            _ => {
                state(2) == Some(State::Active) && matches!(state(1), None | Some(State::Replaced))
            }
        };
        match fits && survey.unreadable.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "version {version} runs; the records say {:?}, {:?}; unreadable: {:?}",
                state(1),
                state(2),
                survey.unreadable
            )),
        }
    }

    /// `hotpatch status` says the same.
    fn status_tells(&mut self, version: usize) -> Result<(), String> {
        let pid = self.server.pid.to_string();
        let output = run(&mut hotpatch(&["status", "--pid", &pid]));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let patches = json["processes"][0]["patches"].as_array().cloned();
        let active: Vec<String> = patches
            .unwrap_or_default()
            .iter()
            .filter(|p| p["state"] == "active")
            .map(|p| p["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        let wanted: Vec<String> = (version..=version).filter(|v| *v > 0).map(id_of).collect();
        match active == wanted {
            true => Ok(()),
            false => Err(format!("version {version} runs; status says {text}")),
        }
    }

    /// No code of a patch, no thread and no handle stays.
    fn leaves_nothing(&mut self) -> Result<(), String> {
        let watch = Arc::clone(&self.watch);
        let _hush = watch.hush();
        let process = Process::open(self.server.pid, Access::Look).map_err(|e| e.to_string())?;
        let used = Used::of(&process, &mut self.control);
        let remains = Survey::of(&process).map_err(|e| e.to_string())?;
        if remains
            .patches
            .iter()
            .any(|p| !matches!(p.state, State::Pending | State::Kept))
        {
            return Err("something is left but for memory".to_owned());
        }
        if !remains.patches.is_empty() {
            // Cleared away before the next look, when nothing holds its address any more.
            return Ok(());
        }
        let first = self.at_first.get_or_insert(used);
        if used.executable > first.executable
            || used.threads > first.threads
            || used.handles > first.handles + 2
        {
            return Err(format!("{used:?} is used, {first:?} was at first"));
        }
        Ok(())
    }

    /// Private memory regions that are there now and were not at first: an allocation of
    /// which the record was not written yet when the patcher died cannot be found.
    pub fn lost_regions(&self) -> u64 {
        let Some(first) = &self.at_first else {
            return 0;
        };
        let process = Process::open(self.server.pid, Access::Look);
        let control = Connection::open(self.server.port);
        let (Ok(process), Ok(mut control)) = (process, control) else {
            return 0;
        };
        Used::of(&process, &mut control)
            .regions
            .saturating_sub(first.regions)
    }

    /// Ends it; returns the requests that were checked and what was wrong with them.
    pub fn finish(mut self) -> (u64, Vec<String>) {
        if let Some(clients) = self.clients.take() {
            clients.stop();
        }
        let anomalies = self.watch.anomalies.lock().expect("no panic").clone();
        (self.watch.answered(), anomalies)
    }
}
