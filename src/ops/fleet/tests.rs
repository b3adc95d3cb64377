use serde_json::{Value, json};

use super::*;

/// A process as it stands in a report.
fn process(pid: u32, program: &str, state: &str, open: &[(&str, &str)]) -> Value {
    let opened = |(cve, since): &(&str, &str)| json!({"cve": cve, "since": since, "seconds": 1});
    json!({
        "pid": pid,
        "image": format!("C:\\App\\{program}"),
        "services": [],
        "started": "2026-11-01T00:00:00Z",
        "state": state,
        "why": format!("process {pid} is {state}"),
        "remedy": null,
        "as_desired": state == "hotpatched",
        "on_disk": "old",
        "restart_by": null,
        "deferred_until": null,
        "cves_fixed": if open.is_empty() { vec!["CVE-1"] } else { vec![] },
        "cves_open": open.iter().map(opened).collect::<Vec<_>>(),
        "packages": [{
            "id": "FIX", "sha256": null, "module": program, "state": state, "why": "",
            "remedy": null, "withdrawn": null, "on_disk": "old", "applied_at": null,
            "restart_by": null, "deferred_until": null, "unpatched_ms": null,
        }],
    })
}

fn machine(name: &str, ring: Option<&str>, processes: Vec<Value>) -> Machine {
    let report = json!({
        "schema": "hotpatch.sync/1", "computer": name, "ring": ring,
        "at": "2026-11-28T12:00:00Z", "mode": "sync", "exit_code": 9,
        "in_desired_state": false, "added": [], "lists": [], "refused": [], "actions": [],
        "quarantined": [], "store": "x", "processes": processes, "cves": [], "broken": [],
        "inaccessible": 2, "left_alone": 1, "unanswered": 3,
    });
    serde_json::from_value(report).unwrap()
}

fn fleet() -> Vec<Machine> {
    let (early, late) = ("2026-11-10T00:00:00Z", "2026-11-20T00:00:00Z");
    vec![
        machine(
            "a",
            Some("canary"),
            vec![
                process(1, "server.exe", "exposed", &[("CVE-1", late)]),
                process(2, "SERVER.EXE", "failed", &[("CVE-1", early)]),
                process(3, "server.exe", "hotpatched", &[]),
            ],
        ),
        machine(
            "b",
            None,
            vec![
                process(4, "server.exe", "blocked", &[("CVE-1", late)]),
                process(5, "mail.exe", "exposed", &[]),
            ],
        ),
    ]
}

#[test]
fn processes_of_a_program_are_exposed_together_since_the_first_of_them() {
    let fleet = fleet();
    let all = exposures(&fleet);
    let shown: Vec<_> = all
        .iter()
        .map(|e| {
            let pids: Vec<u32> = e.processes.iter().map(|p| p.pid).collect();
            let since = e.since.map(|s| s.to_string()[..10].to_owned());
            (&*e.machine.computer, e.program, e.cve, since, pids, e.state)
        })
        .collect();
    let day = |text: &str| Some(text.to_owned());
    assert_eq!(
        shown,
        [
            (
                "a",
                "server.exe",
                Some("CVE-1"),
                day("2026-11-10"),
                vec![1, 2],
                State::Failed
            ),
            (
                "b",
                "server.exe",
                Some("CVE-1"),
                day("2026-11-20"),
                vec![4],
                State::Blocked
            ),
            ("b", "mail.exe", None, None, vec![5], State::Exposed),
        ]
    );
    assert_eq!(all[0].why(), "process 2 is failed");
    assert!(all[2].packages.contains("FIX"));
}

#[test]
fn a_package_that_was_withdrawn_is_not_missing() {
    let mut fleet = fleet();
    fleet[1].processes[1].packages[0].withdrawn = Some("leaks".to_owned());
    assert_eq!(exposures(&fleet).len(), 2);
    assert!(!fleet[1].processes[1].is_exposed());
}

#[test]
fn the_most_urgent_groups_come_first_and_names_have_no_case() {
    let fleet = fleet();
    let groups = groups(&fleet);
    let states: Vec<State> = groups.iter().map(|g| g.state).collect();
    assert!(
        states.is_sorted() && states[0] == State::Failed,
        "{states:?}"
    );
    let total: usize = groups.iter().map(|g| g.processes).sum();
    assert_eq!((groups.len(), total), (5, 5));
    let programs: Vec<_> = by_program(&fleet).into_iter().collect();
    let [(mail, _), (server, tally)] = &programs[..] else {
        panic!("{programs:?}");
    };
    assert_eq!((*mail, *server), ("mail.exe", "server.exe"));
    assert_eq!(
        (tally.machines, tally.processes, tally.exposed_processes),
        (2, 4, 3)
    );
}

#[test]
fn rings_and_cves_are_counted_over_all_machines() {
    let fleet = fleet();
    let rings = by_ring(&fleet);
    let [(None, without), (Some("canary"), canary)] = &rings[..] else {
        panic!("{rings:?}");
    };
    assert_eq!(
        (without.exposed_processes, without.exposed_machines),
        (2, 1)
    );
    assert_eq!((canary.processes, canary.states[&State::Failed]), (3, 1));
    let cves = cves(&fleet);
    assert_eq!(cves.len(), 1);
    let tally = &cves[0].1;
    assert_eq!((tally.fixed, tally.open, tally.machines), (2, 3, 2));
    assert_eq!(tally.since.unwrap().to_string(), "2026-11-10T00:00:00Z");
}

#[test]
fn a_report_is_stale_after_the_time_that_was_asked_for_and_a_clock_ahead_is_said() {
    let machine = machine("a", None, Vec::new());
    let at = |seconds: i64| {
        let seconds = machine.at.seconds().saturating_add_signed(seconds);
        machine.age(Moment::from_seconds(seconds), 60)
    };
    assert_eq!(at(60), Age::Fresh(60));
    assert_eq!(at(61), Age::Stale(61));
    assert_eq!(at(-300), Age::Fresh(0));
    assert_eq!(at(-301), Age::Ahead(301));
    assert_eq!(machine.unseen(), 5);
}

#[test]
fn a_state_that_nobody_knows_is_no_report() {
    let mut strange = process(1, "a.exe", "exposed", &[]);
    strange["state"] = "resting".into();
    assert!(serde_json::from_value::<Process>(strange).is_err());
}
