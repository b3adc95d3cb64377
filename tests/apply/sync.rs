//! A store of packages, and all processes of a program of its own: other tests run meanwhile,
//! and `sync` works on whatever it finds.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::hotpatch::Run;
use super::machine::{Machine, actions, applied, stamped};
use super::package::PackageFile;
use super::target::Answer;
use crate::start::started;

#[test]
fn processes_are_brought_to_the_desired_state_whenever_there_are_new_ones() {
    let machine = Machine::with_package("sync-day.exe");
    let mut targets: Vec<Answer> = (0..3).map(|_| machine.start()).collect();
    let check = machine.ends(&["sync", "--check"], 9);
    assert_eq!(
        (&check["mode"], actions(&check).len()),
        (&"check".into(), 3)
    );
    assert_eq!(check["in_desired_state"], false);
    let plan = machine.ends(&["sync", "--what-if"], 0);
    assert_eq!(actions(&plan).len(), 3);
    assert!(actions(&plan)[0]["outcome"].is_null());
    assert!(targets.iter_mut().all(|t| t.ask().version() == 1));
    assert_eq!(machine.states(), ["exposed"; 3]);
    let list = machine.ends(&["list"], 0);
    let open = &list["processes"][0]["cves_open"][0];
    assert_eq!(open["cve"], "CVE-2026-1001");
    assert_eq!(
        (&list["cves"][0]["open"], &list["cves"][0]["fixed"]),
        (&3.into(), &0.into())
    );

    let sync = machine.ends(&["sync"], 0);
    assert_eq!(sync["schema"], "hotpatch.sync/1");
    applied(&sync, 3);
    assert!(targets.iter_mut().all(|t| t.ask().version() == 2));
    let list = machine.ends(&["list"], 0);
    let one = &list["processes"][0];
    assert_eq!(
        (&one["state"], &one["on_disk"]),
        (&"hotpatched".into(), &"old".into())
    );
    assert_eq!(one["cves_fixed"][0], "CVE-2026-1001");
    assert!(one["packages"][0]["unpatched_ms"].as_u64().unwrap() > 0);
    assert_eq!(
        (&list["cves"][0]["open"], &list["cves"][0]["fixed"]),
        (&0.into(), &3.into())
    );
    applied(&machine.ends(&["sync"], 0), 0);
    machine.ends(&["sync", "--check"], 0);

    // One that is started later.
    targets.push(machine.start());
    machine.ends(&["sync", "--check"], 9);
    let sync = machine.ends(&["sync"], 0);
    applied(&sync, 1);
    assert_eq!(actions(&sync)[0]["is_new"], true);
    assert_eq!(targets[3].ask().version(), 2);

    // What is held or paused or excluded is as desired, and stays as it is.
    let mut new = machine.start();
    for (stop, go_on) in [
        (
            &["store", "hold", "two"][..],
            &["store", "release", "two"][..],
        ),
        (
            &["store", "pause", "--program", "SYNC-DAY.exe"],
            &["store", "resume", "--program", "sync-day.exe"],
        ),
        (&["store", "pause"], &["store", "resume"]),
    ] {
        machine.ends(stop, 0);
        applied(&machine.ends(&["sync"], 0), 0);
        machine.ends(&["sync", "--check"], 0);
        let states = machine.states();
        let count = |word: &str| states.iter().filter(|s| *s == word).count();
        assert_eq!((count("hotpatched"), count("held")), (4, 1), "{stop:?}");
        assert_eq!(new.ask().version(), 1);
        machine.ends(go_on, 0);
        machine.ends(&["sync", "--check"], 9);
    }
    machine.policy("[sync]\nexclude = [\"sync-*\"]\n");
    applied(&machine.ends(&["sync"], 0), 0);
    machine.policy("");
    applied(&machine.ends(&["sync"], 0), 1);
    assert_eq!(new.ask().version(), 2);
    assert!(targets.iter_mut().all(|t| t.ask().version() == 2));

    // A package that is taken out of the store stays in the processes.
    machine.ends(&["store", "remove", "two"], 0);
    machine.ends(&["sync"], 0);
    assert_eq!(machine.states(), [""; 0]);
    assert_eq!(new.ask().version(), 2);
}

#[test]
fn the_text_fits_a_terminal_and_one_line_says_it_all() {
    let machine = Machine::with_package("sync-text.exe");
    let _target = machine.start();
    let text = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hotpatch"));
        command
            .args(arguments)
            .env("HOTPATCH_TRUST", machine.file("trust"))
            .env("HOTPATCH_STORE", machine.file("store"))
            .env("HOTPATCH_AUDIT", machine.file("audit.jsonl"));
        let output = started(|| command.output()).unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, list) = text(&["list"]);
    assert_eq!(code, 0, "{list}");
    assert!(
        list.contains("sync-text.exe  -        exposed  would apply two"),
        "{list}"
    );
    assert!(
        list.contains("CVE-2026-1001: fixed in 0, open in 1"),
        "{list}"
    );
    assert!(list.ends_with("1 process: 1 exposed\n"), "{list}");
    assert!(list.lines().all(|l| l.chars().count() <= 80), "{list}");
    let (code, quiet) = text(&["sync", "--check", "--quiet"]);
    assert_eq!((code, quiet.as_str()), (9, "sync: would do 1; 1 exposed\n"));
    let (code, quiet) = text(&["sync", "--quiet", "--settle", "0"]);
    assert_eq!(code, 0, "{quiet}");
    assert!(
        quiet.starts_with("sync: applied 1; 1 hotpatched; new ones ran"),
        "{quiet}"
    );
    let (_, quiet) = text(&["sync", "--quiet", "--settle", "0"]);
    assert_eq!(quiet, "sync: 1 hotpatched\n");
    let (_, list) = text(&["list"]);
    assert!(list.contains("disk is old"), "{list}");
    let (_, status) = text(&["status"]);
    assert!(status.contains("\n  hotpatched: "), "{status}");
    assert!(status.contains("\n    fixed: CVE-2026-1001\n"), "{status}");
}

#[test]
fn status_says_what_the_store_means_for_a_process() {
    let machine = Machine::with_package("sync-status.exe");
    let target = machine.start();
    let pid = target.pid().to_string();
    let of = |status: &Value| {
        let all = status["processes"].as_array().unwrap();
        let found = all.iter().find(|p| p["pid"] == target.pid());
        found.unwrap_or_else(|| panic!("{status}")).clone()
    };
    // Also where it is not patched, and nobody asked for it.
    for arguments in [&["status"][..], &["status", "--pid", &pid]] {
        let status = machine.ends(arguments, 0);
        assert!(status["store"].is_string(), "{status}");
        let process = of(&status);
        assert_eq!(process["patches"], Value::Array(Vec::new()));
        let state = &process["by_store"];
        assert_eq!(
            (&state["state"], &state["on_disk"]),
            (&"exposed".into(), &"old".into())
        );
        assert_eq!(state["remedy"], "`hotpatch sync` applies it");
        assert_eq!(state["cves_open"][0]["cve"], "CVE-2026-1001");
    }
    machine.policy("[sync]\nmax_age_days = 3\n");
    machine.ends(&["sync"], 0);
    let state = of(&machine.ends(&["status"], 0))["by_store"].clone();
    assert_eq!(state["state"], "hotpatched");
    assert_eq!(state["cves_fixed"][0], "CVE-2026-1001");
    assert!(state["restart_by"].is_string(), "{state}");
    let why = state["why"].as_str().unwrap();
    assert!(why.contains("disk is old: restart by"), "{why}");
    // What is in a process is shown whatever is wrong with the store.
    std::fs::write(machine.file("store").join("store.toml"), "format = 9").unwrap();
    let status = machine.ends(&["status"], 0);
    assert_eq!(of(&status)["patches"][0]["state"], "active");
    assert!(status["store"].is_null() && of(&status)["by_store"].is_null());
    let problem = status["store_problem"].as_str().unwrap();
    assert!(problem.contains("format 9 is not supported"), "{problem}");
}

#[test]
fn two_at_once_do_everything_once() {
    let machine = Machine::with_package("sync-both.exe");
    let mut targets: Vec<Answer> = (0..3).map(|_| machine.start()).collect();
    let both: Vec<Run> = std::thread::scope(|scope| {
        let one = || scope.spawn(|| machine.run(&["sync"]));
        let both = [one(), one(), one()];
        both.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let mut done = 0;
    for run in &both {
        assert_eq!(run.code, 0, "{run:?}");
        applied(&run.json, actions(&run.json).len());
        done += actions(&run.json).len();
    }
    assert_eq!(done, 3, "{both:?}");
    assert!(targets.iter_mut().all(|t| t.ask().version() == 2));
}

#[test]
fn what_a_killed_one_left_the_next_one_ends() {
    let machine = Machine::with_package("sync-killed.exe");
    for point in [
        "sync-locked",
        "allocated",
        "sealed",
        "frozen",
        "redirected",
        "active",
        "committed",
        "sync-acted",
        "sync-remembered",
    ] {
        let mut target = machine.start();
        let mut dying = machine.command(&["sync", "--settle", "0"]);
        dying.env("HOTPATCH_FAULT", point);
        let output = started(|| dying.output()).unwrap();
        assert_eq!(output.status.code(), Some(99), "{point} was not reached");
        let sync = machine.ends(&["sync"], 0);
        assert_eq!(target.ask().version(), 2, "after {point}: {sync}");
        machine.ends(&["sync", "--check"], 0);
        let pid = target.pid().to_string();
        let status = machine.ends(&["status", "--pid", &pid], 0);
        let patches = status["processes"][0]["patches"].as_array().unwrap();
        assert_eq!(patches.len(), 1, "after {point}: {status}");
        assert_eq!(patches[0]["state"], "active");
        assert_eq!(patches[0]["frozen"], false);
    }
    let verified = machine.ends(&["audit", "verify"], 0);
    assert_eq!(verified["problem_count"], 0, "{verified}");
}

#[test]
fn a_busy_process_is_tried_again() {
    let machine = Machine::with_package("sync-busy.exe");
    let mut target = machine.start();
    target.tell("linger 8000");
    let sync = machine.ends(&["sync", "--timeout", "1"], 9);
    assert_eq!(actions(&sync)[0]["outcome"], "busy", "{sync}");
    let list = machine.ends(&["list"], 0);
    let process = &list["processes"][0];
    assert_eq!(process["state"], "deferred", "{list}");
    assert!(
        process["why"].as_str().unwrap().contains("linger"),
        "{list}"
    );
    machine.ends(&["sync", "--check"], 9);
    let sync = machine.ends(&["sync", "--timeout", "30"], 0);
    applied(&sync, 1);
    assert_eq!(machine.states(), ["hotpatched"]);
    assert_eq!(target.ask().version(), 2);
}

#[test]
fn a_folder_fills_the_store() {
    let machine = Machine::new("sync-from.exe");
    let share = machine.file("share");
    std::fs::create_dir(&share).unwrap();
    let from = share.to_str().unwrap();
    let package = std::fs::read(machine.package().path()).unwrap();
    std::fs::write(share.join("fix.hpk"), &package).unwrap();
    std::fs::write(share.join("notes.txt"), "not a package").unwrap();
    let mut target = machine.start();
    let plan = machine.ends(&["sync", "--what-if", "--from", from], 0);
    assert_eq!(
        (&plan["added"][0], actions(&plan).len()),
        (&"two".into(), 1)
    );
    assert!(!machine.file("store").exists(), "nothing is written");
    let sync = machine.ends(&["sync", "--from", from], 0);
    assert_eq!(sync["added"][0], "two");
    applied(&sync, 1);
    assert_eq!(target.ask().version(), 2);
    // What is refused is said, and keeps nothing else from being done.
    std::fs::write(share.join("bad.hpk"), &package[..200]).unwrap();
    let mut second = machine.start();
    let sync = machine.ends(&["sync", "--from", from], 5);
    let refused = sync["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 1);
    assert!(refused[0]["path"].as_str().unwrap().ends_with("bad.hpk"));
    assert!(sync["added"].as_array().unwrap().is_empty());
    applied(&sync, 1);
    assert_eq!(second.ask().version(), 2);
    machine.ends(&["sync", "--from", "no-such-folder"], 1);
}

#[test]
fn other_builds_have_their_own_words() {
    let machine = Machine::with_package("sync-build.exe");
    let program = machine.file("sync-build.exe");
    // A package knows the fixed build by its file.
    std::fs::write(&program, stamped(2)).unwrap();
    let mut fixed = machine.start();
    assert_eq!(machine.states(), ["updated"]);
    machine.ends(&["sync", "--check"], 0);
    applied(&machine.ends(&["sync"], 0), 0);
    assert_eq!(fixed.ask().version(), 1);
    drop(fixed);
    overwrite(&program, &stamped(3));
    let _other = machine.start();
    assert_eq!(machine.states(), ["not-applicable"]);
    machine.ends(&["sync", "--check"], 0);
}

#[test]
fn what_the_policy_forbids_for_now_is_deferred() {
    let machine = Machine::with_package("sync-later.exe");
    let mut target = machine.start();
    let rule = "[[rule]]\nname = \"a\"\nvalid_from = \"9000-01-01T00:00:00Z\"\n";
    machine.policy(rule);
    applied(&machine.ends(&["sync"], 0), 0);
    assert_eq!(machine.states(), ["deferred"]);
    machine.policy("[[rule]]\nname = \"a\"\nfiles = [\"other.exe\"]\n");
    machine.ends(&["sync"], 9);
    assert_eq!(machine.states(), ["blocked"]);
    assert_eq!(target.ask().version(), 1);
    machine.policy("");
    machine.ends(&["sync"], 0);
    assert_eq!(target.ask().version(), 2);
}

#[test]
fn a_package_that_ends_a_process_is_quarantined() {
    let machine = Machine::new("sync-dead.exe");
    let deadly = PackageFile::deadly(|m| {
        m.target.file_name.clone_from(&machine.program);
        m.patch.id = "deadly".to_owned();
    });
    machine.ends(&["store", "add", &deadly.path()], 0);
    let mut victim = machine.start();
    let sync = std::thread::scope(|scope| {
        let sync = scope.spawn(|| machine.ends(&["sync", "--settle", "60"], 9));
        // It is patched where the next call is its last.
        let pid = victim.pid().to_string();
        let start = Instant::now();
        while machine.ends(&["status", "--pid", &pid], 0)["processes"][0]["patches"][0]["state"]
            != "active"
        {
            assert!(start.elapsed() < Duration::from_secs(60));
        }
        victim.tell_the_last("ask");
        sync.join().unwrap()
    });
    let quarantined = &sync["quarantined"][0];
    assert_eq!(quarantined["program"], "sync-dead.exe");
    let reason = quarantined["reason"].as_str().unwrap();
    assert!(reason.contains("0xc000001d"), "{reason}");

    // The program is not patched with it any more, until somebody says so.
    let mut next = machine.start();
    applied(&machine.ends(&["sync"], 9), 0);
    assert_eq!(machine.states(), ["quarantined"]);
    assert_eq!(next.ask().version(), 1);
    let list = machine.ends(&["store", "list"], 0);
    assert_eq!(list["quarantined"].as_array().unwrap().len(), 1);
    machine.ends(&["store", "release", "deadly"], 0);
    assert_eq!(machine.states(), ["exposed"]);
}

/// A `sync` that goes on until it is dropped.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn new_processes_do_not_wait_for_the_next_round() {
    let machine = Machine::with_package("sync-every.exe");
    let mut command = machine.command(&["sync", "--every", "1h"]);
    let _watching = Watching(started(|| command.spawn()).unwrap());
    for _ in 0..3 {
        let mut target = machine.start();
        let start = Instant::now();
        while target.ask().version() == 1 {
            assert!(start.elapsed() < Duration::from_secs(60), "nobody came");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Writes a program anew; the system may still hold the file of one that has just ended.
fn overwrite(path: &Path, bytes: &[u8]) {
    let start = Instant::now();
    while let Err(error) = std::fs::write(path, bytes) {
        assert!(start.elapsed() < Duration::from_secs(20), "{error}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_machine_waits_for_its_turn() {
    let machine = Machine::with_package("sync-turn.exe");
    let mut target = machine.start();
    let ring = "[[rollout.ring]]\nname = \"all\"\n";
    machine.policy(&format!("[rollout]\n{ring}defer_days = 3\n"));
    applied(&machine.ends(&["sync"], 0), 0);
    let list = machine.ends(&["list"], 0);
    assert_eq!(list["processes"][0]["state"], "deferred");
    assert!(list["processes"][0]["deferred_until"].is_string(), "{list}");
    machine.policy(&format!("[rollout]\n{ring}approval = true\n"));
    applied(&machine.ends(&["sync"], 0), 0);
    let list = machine.ends(&["list"], 0);
    assert_eq!(list["processes"][0]["state"], "held");
    let remedy = &list["processes"][0]["remedy"];
    assert_eq!(remedy, "`hotpatch rollout approve two`");
    assert_eq!(target.ask().version(), 1);
    machine.ends(&["rollout", "approve", "two"], 0);
    applied(&machine.ends(&["sync"], 0), 1);
    assert_eq!(target.ask().version(), 2);
    // What it says in the end is what the gate of its ring reads.
    let share = machine.file("reports");
    std::fs::create_dir(&share).unwrap();
    let share = share.to_str().unwrap();
    machine.ends(&["sync", "--report", share], 0);
    let gate = ["rollout", "gate", share, "--id", "two", "--ring", "all"];
    machine.ends(&gate, 9);
    let go = machine.ends(&[&gate[..], &["--bake", "0s"]].concat(), 0);
    assert_eq!(go["standing"].as_array().unwrap().len(), 1, "{go}");
    let report = machine.ends(&["report", share], 0);
    let of_machines = report["machines"].as_array().unwrap();
    assert_eq!(
        (of_machines.len(), &of_machines[0]["ring"]),
        (1, &"all".into())
    );
    assert_eq!(report["cves"][0]["fixed"], 1, "{report}");
    assert_eq!(report["exposures"].as_array().unwrap().len(), 0, "{report}");
    let metrics = machine.file("hotpatch.prom");
    machine.ends(&["sync", "--metrics", metrics.to_str().unwrap()], 0);
    let text = std::fs::read_to_string(&metrics).unwrap();
    let has = |line: &str| text.lines().any(|l| l == line);
    assert!(has("hotpatch_processes{state=\"hotpatched\"} 1"), "{text}");
    assert!(
        has("hotpatch_cve_fixed_processes{cve=\"CVE-2026-1001\"} 1"),
        "{text}"
    );
    // One that can't be written keeps nothing from being done.
    let nowhere = machine.file("nowhere");
    machine.ends(&["sync", "--report", nowhere.to_str().unwrap()], 0);
}
