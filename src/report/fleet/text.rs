//! The report as text.

use std::fmt::Write;

use super::model::{ExposureReport, FleetReport, GroupReport};
use super::{age_words, model::CveReport};
use crate::moment::span;
use crate::report::LISTED;
use crate::report::sanitize::line;
use crate::report::table::table;

/// Exposures that are shown one by one; nobody reads more of them on a terminal.
const SHOWN: usize = 20;

impl FleetReport {
    /// The report as text: the groups, who is exposed, the CVEs, what is wrong with the reports,
    /// and a summary.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.groups.is_empty() {
            let rows = self.groups.iter().take(LISTED).map(GroupReport::row);
            let headings = [
                "STATE",
                "RING",
                "PROGRAM",
                "PACKAGE",
                "PROCESSES",
                "MACHINES",
            ];
            text.push_str(&table(headings, &rows.collect::<Vec<_>>()));
            more(&mut text, self.groups.len(), LISTED);
        }
        if !self.exposures.is_empty() {
            text.push_str("\nexposed, for longest first:\n");
            let rows = self.exposures.iter().take(SHOWN).map(|e| self.row(e));
            let headings = [
                "FOR",
                "CVE",
                "MACHINE",
                "RING",
                "PROGRAM",
                "STATE",
                "PROCESSES",
            ];
            text.push_str(&table(headings, &rows.collect::<Vec<_>>()));
            more(&mut text, self.exposures.len(), SHOWN);
        }
        if !self.cves.is_empty() {
            text.push('\n');
        }
        for cve in &self.cves {
            let _ = writeln!(text, "{}", self.cve(cve));
        }
        self.push_problems(&mut text);
        let _ = writeln!(text, "{}", self.summary());
        text
    }

    fn row(&self, exposure: &ExposureReport) -> [String; 7] {
        let lasts = exposure.since.map(|since| span(self.lasts(since)));
        [
            lasts.unwrap_or_else(|| "-".to_owned()),
            exposure.what(),
            exposure.computer.clone(),
            or_dash(&exposure.ring),
            exposure.program.clone(),
            exposure.state.word().to_owned(),
            exposure.pids.len().to_string(),
        ]
    }

    fn cve(&self, cve: &CveReport) -> String {
        let name = line(&cve.cve);
        let longest = cve.since.map_or_else(String::new, |since| {
            let lasts = span(self.lasts(since));
            format!(" on {}, for {lasts} at the longest", machines(cve.machines))
        });
        format!(
            "{name}: fixed in {}, open in {}{longest}",
            cve.fixed, cve.open
        )
    }

    fn push_problems(&self, text: &mut String) {
        let mut problems = Vec::new();
        for machine in &self.machines {
            if let Some(age) = age_words(machine.age) {
                problems.push(format!("{}: {age}", machine.computer));
            }
            if machine.refused + machine.broken > 0 {
                problems.push(format!(
                    "{}: {} packages or lists refused, {} of the store cannot be used",
                    machine.computer, machine.refused, machine.broken
                ));
            }
        }
        let unreadable = self.unreadable.iter();
        problems.extend(unreadable.map(|f| format!("no report: {}: {}", f.path, f.why)));
        let others = self.other_files.iter();
        problems.extend(others.map(|f| format!("not read: {f}")));
        for problem in problems.iter().take(LISTED) {
            let _ = writeln!(text, "{}", line(problem));
        }
        more(text, problems.len(), LISTED);
    }

    /// One line that says it all.
    pub fn summary(&self) -> String {
        let (processes, exposed) = self.processes();
        let good = self.count(|m| m.is_good());
        let mut parts = vec![format!(
            "{}: {good} as desired",
            machines(self.machines.len())
        )];
        for (count, words) in [
            (self.count(|m| m.tally.exposed > 0), "exposed"),
            (self.count(|m| m.stale), "STALE"),
            (self.count(|m| m.ahead), "with a clock ahead"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {words}"));
            }
        }
        let mut summary = parts.join(", ");
        let _ = write!(summary, "; {processes} processes, {exposed} exposed");
        for (count, words) in [
            (self.unreadable.len(), "of the files NO REPORTS"),
            (
                self.older_reports,
                "of the reports OLDER than another of their machine",
            ),
            (self.other_files.len(), "files of another kind"),
        ] {
            if count > 0 {
                let _ = write!(summary, "; {count} {words}");
            }
        }
        summary
    }
}

impl GroupReport {
    fn row(&self) -> [String; 6] {
        [
            self.state.word().to_owned(),
            or_dash(&self.ring),
            self.program.clone(),
            or_dash(&self.package),
            self.processes.to_string(),
            self.machines.to_string(),
        ]
    }
}

impl ExposureReport {
    /// The CVE, or the packages where these name none.
    pub(super) fn what(&self) -> String {
        match &self.cve {
            Some(cve) => cve.clone(),
            None => self.packages.join(", "),
        }
    }
}

fn machines(count: usize) -> String {
    match count {
        1 => "1 machine".to_owned(),
        count => format!("{count} machines"),
    }
}

pub(super) fn or_dash(text: &Option<String>) -> String {
    text.as_deref().unwrap_or("-").to_owned()
}

fn more(text: &mut String, count: usize, shown: usize) {
    if count > shown {
        let _ = writeln!(text, "and {} more (--format json has all)", count - shown);
    }
}
