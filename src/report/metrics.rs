//! What `sync` found as metrics, in the text format that Prometheus reads, for the textfile
//! collector of windows_exporter.
//!
//! Each series is there once, for one that is there twice stops the whole exporter; and all of
//! them, zero or not, so that none seems to go on where it ended.

use std::fmt::Write;

use super::machine::CveCount;
use super::sync::SyncReport;
use crate::ops::desired::State;

/// The metrics about a round of `sync`.
pub fn metrics(report: &SyncReport) -> String {
    let mut text = Metrics(String::new());
    let machine = &report.machine;
    text.family(
        "processes",
        "Processes that packages of the store are for, by their state.",
    );
    for state in State::ALL {
        let count = machine
            .processes
            .iter()
            .filter(|p| p.state == state)
            .count();
        text.series("processes", Some(("state", state.word())), count as u64);
    }
    let cve = |count: &CveCount| count.cve.clone();
    let cves: Vec<(String, &CveCount)> = machine.cves.iter().map(|c| (cve(c), c)).collect();
    text.family("cve_open_processes", "Processes in which a CVE is open.");
    for (cve, count) in &cves {
        text.series("cve_open_processes", Some(("cve", cve)), count.open as u64);
    }
    text.family("cve_fixed_processes", "Processes in which a CVE is fixed.");
    for (cve, count) in &cves {
        text.series(
            "cve_fixed_processes",
            Some(("cve", cve)),
            count.fixed as u64,
        );
    }
    text.family(
        "cve_open_seconds",
        "For how long a CVE has been open in any process.",
    );
    for (cve, count) in &cves {
        let seconds = count.open_seconds.unwrap_or(0);
        text.series("cve_open_seconds", Some(("cve", cve)), seconds);
    }
    let done = |actions: &[&str]| {
        let done = report.actions.iter().filter(|a| a.exit_code == Some(0));
        done.filter(|a| actions.contains(&a.action)).count() as u64
    };
    let frozen = report
        .actions
        .iter()
        .map(|a| a.frozen_us)
        .max()
        .unwrap_or(0);
    for (name, help, value) in [
        (
            "in_desired_state",
            "Whether every process is what the store and the policy ask for.",
            u64::from(report.in_desired_state),
        ),
        (
            "sync_exit_code",
            "Exit code of the last round.",
            u64::from(report.exit_code),
        ),
        (
            "sync_timestamp_seconds",
            "When the last round ended.",
            report.at.seconds(),
        ),
        (
            "sync_applied",
            "Packages that the last round applied to processes.",
            done(&["apply"]),
        ),
        (
            "sync_taken_out",
            "Withdrawn patches that the last round took out of processes.",
            done(&["revert", "rollback"]),
        ),
        (
            "sync_quarantined",
            "Packages that ended a process in the last round.",
            report.quarantined.len() as u64,
        ),
        (
            "sync_refused_files",
            "Packages and lists that the last round refused.",
            report.refused.len() as u64,
        ),
        (
            "sync_frozen_microseconds_max",
            "Longest time that a process stood still in the last round.",
            frozen,
        ),
        (
            "packages_broken",
            "Packages of the store that cannot be used.",
            machine.broken.len() as u64,
        ),
        (
            "processes_inaccessible",
            "Processes that could not be opened.",
            machine.inaccessible as u64,
        ),
    ] {
        text.family(name, help);
        text.series(name, None, value);
    }
    text.0
}

struct Metrics(String);

impl Metrics {
    fn family(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP hotpatch_{name} {help}");
        let _ = writeln!(self.0, "# TYPE hotpatch_{name} gauge");
    }

    fn series(&mut self, name: &str, label: Option<(&str, &str)>, value: u64) {
        let _ = match label {
            None => writeln!(self.0, "hotpatch_{name} {value}"),
            Some((key, of)) => {
                let of = escaped(of);
                writeln!(self.0, "hotpatch_{name}{{{key}=\"{of}\"}} {value}")
            }
        };
    }
}

/// The value of a label: a backslash, a quote or a line feed in it would end it.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::moment::Moment;
    use crate::report::machine::MachineReport;
    use crate::report::sync::Mode;

    fn report(cves: &[&str]) -> SyncReport {
        let count = |cve: &&str| CveCount {
            cve: (*cve).to_owned(),
            fixed: 1,
            open: 2,
            open_seconds: Some(3),
        };
        SyncReport {
            schema: "hotpatch.sync/1",
            computer: "web-1".to_owned(),
            ring: None,
            at: Moment::from_seconds(7),
            mode: Mode::Sync,
            exit_code: 9,
            in_desired_state: false,
            added: Vec::new(),
            lists: Vec::new(),
            refused: Vec::new(),
            actions: Vec::new(),
            quarantined: Vec::new(),
            machine: MachineReport {
                cves: cves.iter().map(count).collect(),
                ..MachineReport::default()
            },
        }
    }

    #[test]
    fn each_series_is_there_once_and_each_family_has_its_own_lines() {
        let text = metrics(&report(&["CVE-2026-1", "CVE-2026-2"]));
        assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
        let mut seen = BTreeSet::new();
        let mut family = "";
        for line in text.lines() {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(seen.insert(series), "{series} is there twice");
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                family = kind.strip_suffix(" gauge").unwrap();
            } else if !line.starts_with('#') {
                assert_eq!(series.split('{').next(), Some(family));
                value.parse::<u64>().unwrap();
            }
        }
        assert!(
            text.contains("\nhotpatch_processes{state=\"failed\"} 0\n"),
            "{text}"
        );
        assert!(
            text.contains("\nhotpatch_cve_open_processes{cve=\"CVE-2026-2\"} 2\n"),
            "{text}"
        );
        assert!(
            text.contains("\nhotpatch_sync_timestamp_seconds 7\n"),
            "{text}"
        );
    }

    #[test]
    fn a_label_cannot_end_early() {
        let text = metrics(&report(&["a\"} 1\nhotpatch_x{b=\"\\"]));
        assert!(
            text.contains("{cve=\"a\\\"} 1\\nhotpatch_x{b=\\\"\\\\\"} 2\n"),
            "{text}"
        );
        assert!(!text.lines().any(|line| line.starts_with("hotpatch_x")));
    }
}
