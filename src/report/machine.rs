//! The processes of a machine, each with its state: what `hotpatch list` and `sync` show.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use super::store::BrokenPackage;
use super::table::table;
use crate::moment::{Moment, span};
use crate::ops::desired::facts::ProcessFacts;
use crate::ops::desired::{OnDisk, OpenCve, PackageVerdict, State, Verdict};

/// The processes that packages of the store are for.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct MachineReport {
    /// Folder of the store of packages.
    pub store: String,
    /// The processes, by ascending id.
    pub processes: Vec<ProcessState>,
    /// The CVEs of the store's packages, each with how many of the processes have it fixed, and
    /// in how many it is open.
    pub cves: Vec<CveCount>,
    /// Packages of the store that can't be used.
    pub broken: Vec<BrokenPackage>,
    /// Number of processes that could not be opened.
    pub inaccessible: usize,
    /// Number of processes without which the system stops; they are left alone.
    pub left_alone: usize,
    /// Number of processes of which nothing came back within ten seconds.
    pub unanswered: usize,
}

/// A process, and what the packages of the store mean for it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProcessState {
    /// The process.
    pub pid: u32,
    /// Path of its program.
    pub image: String,
    /// Names of the services that it runs.
    pub services: Vec<String>,
    /// When it was started (RFC 3339, UTC).
    pub started: Moment,
    /// The most urgent state of its packages.
    pub state: State,
    /// Why, in one line.
    pub why: String,
    /// What can be done, in one line; null where there is nothing to do.
    pub remedy: Option<String>,
    /// Whether it is what the store and the policy ask for.
    pub as_desired: bool,
    /// What the file of the module that gave the state is by now, seen from its package.
    pub on_disk: OnDisk,
    /// By when it has to be restarted, where the policy says so.
    pub restart_by: Option<Moment>,
    /// From when it may be hotpatched, where only the time forbids it now.
    pub deferred_until: Option<Moment>,
    /// CVEs that are fixed in it, in memory or because it runs the fixed build.
    pub cves_fixed: Vec<String>,
    /// CVEs that packages of the store would fix, and that are open in it.
    pub cves_open: Vec<OpenCve>,
    /// Its packages, the most urgent first.
    pub packages: Vec<PackageState>,
}

/// What a package means for a process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PackageState {
    /// Id of the package; null where no package is for the build that is loaded.
    pub id: Option<String>,
    /// SHA-256 of the package file as hex; null as `id` is.
    pub sha256: Option<String>,
    /// File name of the module.
    pub module: String,
    /// Its state.
    pub state: State,
    /// Why, in one line.
    pub why: String,
    /// What can be done, in one line; null where there is nothing to do.
    pub remedy: Option<String>,
    /// Why the package was withdrawn; null where it was not.
    pub withdrawn: Option<String>,
    /// What the module's file is by now.
    pub on_disk: OnDisk,
    /// When the patch was switched on (RFC 3339, UTC); null unless it is active.
    pub applied_at: Option<Moment>,
    /// By when the process has to be restarted, where the policy says so.
    pub restart_by: Option<Moment>,
    /// From when it may be applied, where only the time forbids it now.
    pub deferred_until: Option<Moment>,
    /// For how many milliseconds the process had run before the patch was active; null where
    /// `hotpatch sync` did not apply it.
    pub unpatched_ms: Option<u64>,
}

/// In how many processes a CVE is fixed or open.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CveCount {
    /// Its identifier.
    pub cve: String,
    /// Number of processes in which it is fixed.
    pub fixed: usize,
    /// Number of processes in which it is open.
    pub open: usize,
    /// For how many seconds it has been open in the one in which that is longest; null where it
    /// is open in none.
    pub open_seconds: Option<u64>,
}

impl CveCount {
    fn text(&self) -> String {
        let (cve, fixed, open) = (line(&self.cve), self.fixed, self.open);
        let longest = match (open, self.open_seconds) {
            (0, _) | (_, None) => String::new(),
            (1, Some(seconds)) => format!(" for {}", span(seconds)),
            (_, Some(seconds)) => format!(", for {} at the longest", span(seconds)),
        };
        format!("{cve}: fixed in {fixed}, open in {open}{longest}")
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl ProcessState {
    /// What was seen of a process, and what is said of it.
    pub fn new(process: &ProcessFacts, verdict: &Verdict) -> Self {
        let first = verdict.first();
        let (mut why, mut remedy) = (first.why.clone(), some(&first.remedy));
        if verdict.recover {
            why.push_str("; an operation was interrupted");
            remedy = Some("`hotpatch sync` or `recover` clears it away".to_owned());
        }
        ProcessState {
            pid: process.pid,
            image: process.image.clone(),
            services: process.services.clone(),
            started: process.started,
            state: verdict.state,
            why,
            remedy,
            as_desired: verdict.as_desired(),
            on_disk: first.on_disk,
            restart_by: verdict.packages.iter().filter_map(|p| p.restart_by).min(),
            deferred_until: first.deferred_until,
            cves_fixed: verdict.fixed.clone(),
            cves_open: verdict.open.clone(),
            packages: verdict.packages.iter().map(PackageState::new).collect(),
        }
    }

    /// Its state in lines below the name of the process, with the services that it runs, the CVEs
    /// and what can be done.
    pub(super) fn push(&self, text: &mut String) {
        let (state, why) = (self.state.word(), line(&self.why));
        let _ = writeln!(text, "  {state}: {why}");
        let mut more = Vec::new();
        if !self.services.is_empty() {
            more.push(format!("services: {}", self.services.join(", ")));
        }
        if !self.cves_fixed.is_empty() {
            more.push(format!("fixed: {}", self.cves_fixed.join(", ")));
        }
        let open = |o: &OpenCve| format!("{} for {}", o.cve, span(o.seconds));
        let open: Vec<String> = self.cves_open.iter().map(open).collect();
        if !open.is_empty() {
            more.push(format!("open: {}", open.join(", ")));
        }
        let is_wrong = |remedy: &&String| !self.as_desired && !remedy.is_empty();
        more.extend(self.remedy.iter().filter(is_wrong).cloned());
        for more in more {
            let _ = writeln!(text, "    {}", line(&more));
        }
    }

    /// File name of its program.
    pub fn program(&self) -> &str {
        self.image.rsplit(['\\', '/']).next().unwrap_or_default()
    }

    fn row(&self) -> [String; 5] {
        let service = match self.services.is_empty() {
            true => "-".to_owned(),
            false => self.services.join(","),
        };
        [
            self.pid.to_string(),
            self.program().to_owned(),
            service,
            self.state.word().to_owned(),
            self.why.clone(),
        ]
    }
}

impl PackageState {
    fn new(verdict: &PackageVerdict) -> Self {
        PackageState {
            id: some(&verdict.id),
            sha256: some(&verdict.sha256),
            module: verdict.module.clone(),
            state: verdict.state,
            why: verdict.why.clone(),
            remedy: some(&verdict.remedy),
            withdrawn: verdict.withdrawn.clone(),
            on_disk: verdict.on_disk,
            applied_at: verdict.applied,
            restart_by: verdict.restart_by,
            deferred_until: verdict.deferred_until,
            unpatched_ms: verdict.unpatched_ms,
        }
    }
}

impl MachineReport {
    /// Counts the CVEs of the processes.
    pub fn count(&mut self) {
        let mut counts: BTreeMap<&String, (usize, Vec<u64>)> = BTreeMap::new();
        for process in &self.processes {
            for cve in &process.cves_fixed {
                counts.entry(cve).or_default().0 += 1;
            }
            for open in &process.cves_open {
                counts.entry(&open.cve).or_default().1.push(open.seconds);
            }
        }
        let counts = counts.into_iter().map(|(cve, (fixed, open))| CveCount {
            cve: cve.clone(),
            fixed,
            open: open.len(),
            open_seconds: open.into_iter().max(),
        });
        self.cves = counts.collect();
    }

    /// Whether every process is what the store and the policy ask for, as far as can be seen,
    /// and every package of the store can be used.
    pub fn as_desired(&self) -> bool {
        self.broken.is_empty() && self.processes.iter().all(|p| p.as_desired)
    }

    /// How many processes are in which state, in one line.
    pub fn states(&self) -> String {
        let mut counts: BTreeMap<State, usize> = BTreeMap::new();
        for process in &self.processes {
            *counts.entry(process.state).or_default() += 1;
        }
        let counts: Vec<String> = counts
            .iter()
            .map(|(state, count)| format!("{count} {}{}", state.word(), self.more(*state)))
            .collect();
        match counts.is_empty() {
            true => "no process that a package is for".to_owned(),
            false => counts.join(", "),
        }
    }

    /// What else is worth knowing of the processes in a state, in a few characters: the codes of
    /// findings that block them, or until when the first of them waits.
    fn more(&self, state: State) -> String {
        let those = self.processes.iter().filter(|p| p.state == state);
        if state == State::Deferred {
            let first = those.filter_map(|p| p.deferred_until).min();
            return first.map_or_else(String::new, |m| format!(" to {}", &m.to_string()[..10]));
        }
        if state != State::Blocked {
            return String::new();
        }
        let codes = those.filter_map(|p| p.why.split(' ').next());
        let mut codes: Vec<&str> = codes
            .filter(|c| c.len() == 5 && c.starts_with("HP"))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        match codes.is_empty() {
            true => String::new(),
            false => format!(" ({})", codes.join(", ")),
        }
    }

    /// The report as text: a table, what to do about what isn't as it should be, and a summary.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.processes.is_empty() {
            let rows: Vec<_> = self.processes.iter().map(ProcessState::row).collect();
            text.push_str(&table(["PID", "PROGRAM", "SERVICE", "STATE", "WHY"], &rows));
        }
        let mut remedies: Vec<(&str, Vec<u32>)> = Vec::new();
        for process in self.processes.iter().filter(|p| !p.as_desired) {
            let remedy = process.remedy.as_deref().unwrap_or("");
            match remedies.iter_mut().find(|(r, _)| *r == remedy) {
                Some((_, pids)) => pids.push(process.pid),
                None => remedies.push((remedy, vec![process.pid])),
            }
        }
        for (remedy, pids) in remedies.iter().filter(|(r, _)| !r.is_empty()) {
            let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "{}: {}", pids.join(", "), line(remedy));
        }
        for broken in &self.broken {
            let (path, why) = (line(&broken.path), line(&broken.why));
            let _ = writeln!(text, "cannot be used: {path}: {why}");
        }
        for count in &self.cves {
            let _ = writeln!(text, "{}", count.text());
        }
        if self.inaccessible > 0 {
            let _ = writeln!(
                text,
                "{} processes could not be opened (run as an administrator to see them)",
                self.inaccessible
            );
        }
        if self.unanswered > 0 {
            let _ = writeln!(
                text,
                "{} processes did not answer within 10 s, as where they were just ending",
                self.unanswered
            );
        }
        text
    }
}

/// The report of `hotpatch list`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListReport {
    /// `hotpatch.list/1`
    pub schema: &'static str,
    /// The processes.
    #[serde(flatten)]
    pub machine: MachineReport,
}

impl ListReport {
    /// The report about the processes.
    pub fn new(machine: MachineReport) -> Self {
        ListReport {
            schema: "hotpatch.list/1",
            machine,
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let (count, states) = (self.machine.processes.len(), self.machine.states());
        let summary = match count {
            0 => format!("{states}\n"),
            1 => format!("1 process: {states}\n"),
            _ => format!("{count} processes: {states}\n"),
        };
        format!("{}{summary}", self.machine.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, state: State, why: &str) -> ProcessState {
        ProcessState {
            pid,
            image: r"C:\App\server.exe".to_owned(),
            services: Vec::new(),
            started: Moment::from_seconds(0),
            state,
            why: why.to_owned(),
            remedy: Some("do something".to_owned()),
            as_desired: state > State::Blocked,
            on_disk: OnDisk::Old,
            restart_by: None,
            deferred_until: (state == State::Deferred).then(|| Moment::from_seconds(86_400)),
            cves_fixed: Vec::new(),
            cves_open: Vec::new(),
            packages: Vec::new(),
        }
    }

    #[test]
    fn one_line_says_what_is_how_often_and_the_worst_first() {
        let mut machine = MachineReport::default();
        assert_eq!(machine.states(), "no process that a package is for");
        machine.processes = vec![
            process(1, State::Hotpatched, "1 d"),
            process(2, State::Blocked, "HP519 fibers"),
            process(3, State::Deferred, "FIX may be applied later"),
            process(4, State::Blocked, "HP508 no code; HP519 fibers"),
            process(5, State::Hotpatched, "1 d"),
        ];
        assert_eq!(
            machine.states(),
            "2 blocked (HP508, HP519), 1 deferred to 1970-01-02, 2 hotpatched"
        );
        assert!(!machine.as_desired());
    }

    #[test]
    fn a_cve_is_counted_with_the_longest_time_for_which_it_is_open() {
        let mut machine = MachineReport::default();
        for (pid, hours) in [(1, 2), (2, 60), (3, 0)] {
            let mut process = process(pid, State::Exposed, "would apply");
            match hours {
                0 => process.cves_fixed.push("CVE-1".to_owned()),
                _ => process.cves_open.push(OpenCve {
                    cve: "CVE-1".to_owned(),
                    since: Moment::from_seconds(0),
                    seconds: hours * 3600,
                }),
            }
            machine.processes.push(process);
        }
        let mut text = || {
            machine.count();
            let text = machine.cves[0].text();
            machine.processes.remove(1);
            text
        };
        assert_eq!(
            text(),
            "CVE-1: fixed in 1, open in 2, for 2 d 12 h at the longest"
        );
        assert_eq!(text(), "CVE-1: fixed in 1, open in 1 for 2 h 0 min");
    }

    #[test]
    fn the_table_is_followed_by_what_to_do_once_for_all() {
        let processes = vec![
            process(1, State::Exposed, "would apply \x1b[2J"),
            process(22, State::Exposed, "would apply X"),
            process(3, State::Held, "it is held"),
        ];
        let mut machine = MachineReport {
            processes,
            ..MachineReport::default()
        };
        machine.processes[2].services = vec!["billing".to_owned(), "mail".to_owned()];
        let text = machine.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "PID  PROGRAM     SERVICE       STATE    WHY");
        assert_eq!(
            lines[3],
            "3    server.exe  billing,mail  held     it is held"
        );
        assert_eq!(lines[4], "1, 22: do something");
        assert!(!text.contains('\x1b'), "{text}");
    }
}
