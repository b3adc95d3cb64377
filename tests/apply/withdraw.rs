//! Packages that are withdrawn, and what `sync` does about it.

use std::path::PathBuf;

use hotpatch::package::SigningKey;
use serde_json::Value;

use super::machine::{Machine, actions, applied};
use super::package::PackageFile;
use super::target::Answer;
use crate::start::started;

/// A machine with a package, and a folder that somebody fills with lists.
struct Desk {
    machine: Machine,
    share: PathBuf,
}

impl Desk {
    fn new(program: &str) -> Self {
        let machine = Machine::with_package(program);
        let share = machine.file("share");
        std::fs::create_dir(&share).unwrap();
        for (name, seed) in [("release.pem", 7), ("stranger.pem", 8)] {
            let pem = SigningKey::from_seed(&[seed; 32]).to_pem(None).unwrap();
            std::fs::write(machine.file(name), pem.as_bytes()).unwrap();
        }
        std::fs::copy(machine.package().path(), machine.file("fix.hpk")).unwrap();
        Desk { machine, share }
    }

    fn path(&self, name: &str) -> String {
        self.machine.file(name).to_str().unwrap().to_owned()
    }

    /// Writes a list into the share.
    fn write(&self, name: &str, more: &[&str]) -> Value {
        let output = self.share.join(name).to_str().unwrap().to_owned();
        let key = self.path("release.pem");
        let mut arguments = vec!["withdraw", "write", "-o", &output];
        if !more.contains(&"--key") {
            arguments.extend(["--key", &key]);
        }
        if !more.contains(&"--expires") {
            arguments.extend(["--expires", "9000-01-01"]);
        }
        arguments.extend(more);
        self.machine.ends(&arguments, 0)
    }

    fn sync(&self, code: i32) -> Value {
        let from = self.share.to_str().unwrap();
        self.machine.ends(&["sync", "--from", from], code)
    }
}

#[track_caller]
fn took_out(sync: &Value, count: usize) {
    assert_eq!(actions(sync).len(), count, "{sync}");
    for action in actions(sync) {
        assert_eq!(
            (&action["action"], &action["outcome"], &action["package_id"]),
            (&"revert".into(), &"reverted".into(), &"two".into()),
            "{sync}"
        );
    }
}

#[test]
fn what_is_withdrawn_is_taken_out_everywhere_and_comes_back_when_it_is_restored() {
    let desk = Desk::new("gone-day.exe");
    let mut targets: Vec<Answer> = (0..2).map(|_| desk.machine.start()).collect();
    applied(&desk.sync(0), 2);
    let fix = desk.path("fix.hpk");
    desk.write("1.hpw", &[&fix, "--reason", "leaks", "--revert"]);
    let from = desk.share.to_str().unwrap();
    let plan = desk.machine.ends(&["sync", "--what-if", "--from", from], 0);
    assert_eq!(plan["lists"][0]["sequence"], 1);
    assert_eq!(actions(&plan).len(), 2);
    assert_eq!(actions(&plan)[0]["action"], "revert");
    let store = desk.machine.ends(&["store", "list"], 0);
    assert_eq!(
        store["lists"],
        Value::Array(Vec::new()),
        "nothing is written"
    );
    assert!(targets.iter_mut().all(|t| t.ask().version() == 2));
    let check = desk.machine.ends(&["sync", "--check", "--from", from], 9);
    assert_eq!(check["processes"][0]["state"], "held");

    let sync = desk.sync(0);
    took_out(&sync, 2);
    assert_eq!(sync["in_desired_state"], true);
    assert!(targets.iter_mut().all(|t| t.ask().version() == 1));
    let list = desk.machine.ends(&["list"], 0);
    let why = list["processes"][0]["why"].as_str().unwrap();
    assert_eq!(why, "two was withdrawn: leaks");
    assert_eq!(list["cves"][0]["open"], 2, "and says what is open");
    targets.push(desk.machine.start());
    took_out(&desk.sync(0), 0);
    assert_eq!(desk.machine.states(), ["held"; 3]);
    assert_eq!(targets[2].ask().version(), 1);
    let shown = desk.machine.ends(&["audit", "show"], 0);
    assert!(shown.to_string().contains("reverted"), "{shown}");

    let one = desk.share.join("1.hpw").to_str().unwrap().to_owned();
    desk.write("2.hpw", &["--after", &one, "--restore", "two"]);
    applied(&desk.sync(0), 3);
    assert!(targets.iter_mut().all(|t| t.ask().version() == 2));
    // The list before is still there, and is no news.
    took_out(&desk.sync(0), 0);
    std::fs::remove_file(desk.share.join("2.hpw")).unwrap();
    took_out(&desk.sync(0), 0);
    desk.machine.ends(&["store", "add", &one], 5);
    assert!(targets.iter_mut().all(|t| t.ask().version() == 2));
}

#[test]
fn a_list_that_proves_nothing_changes_nothing() {
    let desk = Desk::new("gone-bad.exe");
    let mut target = desk.machine.start();
    applied(&desk.sync(0), 1);
    let fix = desk.path("fix.hpk");
    let all = [&fix, "--reason", "leaks", "--revert"];
    desk.write("good.hpw", &all);
    let good = std::fs::read(desk.share.join("good.hpw")).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    std::fs::remove_file(desk.share.join("good.hpw")).unwrap();
    let stranger = desk.path("stranger.pem");
    let of_stranger = [&all[..], &["--key", &stranger]].concat();
    desk.write("stranger.hpw", &of_stranger);
    let of_stranger = std::fs::read(desk.share.join("stranger.hpw")).unwrap();
    let bad = desk.share.join("stranger.hpw");
    let unsigned = text.split("#signed").next().unwrap();
    let damaged = text.replace("sequence = 1", "sequence = 9");
    for bytes in [
        &of_stranger,
        &good[..good.len() / 2],
        unsigned.as_bytes(),
        damaged.as_bytes(),
        b"format = \xff",
        b"",
    ] {
        std::fs::write(&bad, bytes).unwrap();
        let sync = desk.sync(5);
        assert_eq!(sync["refused"].as_array().unwrap().len(), 1, "{sync}");
        took_out(&sync, 0);
        assert_eq!(target.ask().version(), 2);
    }
    // It keeps nothing else from being done.
    let mut second = desk.machine.start();
    applied(&desk.sync(5), 1);
    assert_eq!(second.ask().version(), 2);
}

#[test]
fn what_is_only_stopped_stays_where_it_is() {
    let desk = Desk::new("gone-stop.exe");
    let mut target = desk.machine.start();
    applied(&desk.sync(0), 1);
    let fix = desk.path("fix.hpk");
    desk.write("1.hpw", &[&fix, "--reason", "leaks"]);
    let _second = desk.machine.start();
    took_out(&desk.sync(0), 0);
    let mut states = desk.machine.states();
    states.sort();
    assert_eq!(states, ["held", "hotpatched"]);
    assert_eq!(target.ask().version(), 2);
    // The next list takes it out; also where the store has no package any more, but not where
    // the program is paused.
    let one = desk.share.join("1.hpw").to_str().unwrap().to_owned();
    desk.write(
        "2.hpw",
        &["--after", &one, &fix, "--reason", "worse", "--revert"],
    );
    desk.machine.ends(&["store", "remove", "two"], 0);
    desk.machine.ends(&["store", "pause"], 0);
    took_out(&desk.sync(0), 0);
    assert_eq!(target.ask().version(), 2);
    desk.machine.ends(&["store", "resume"], 0);
    took_out(&desk.sync(0), 1);
    assert_eq!(target.ask().version(), 1);
}

#[test]
fn what_it_replaced_runs_again() {
    let desk = Desk::new("gone-back.exe");
    let mut target = desk.machine.start();
    applied(&desk.sync(0), 1);
    let three = PackageFile::with(|m| {
        m.target.file_name.clone_from(&desk.machine.program);
        m.patch.id = "three".to_owned();
        m.patch.sequence = 3;
        m.patch.supersedes = vec!["two".to_owned()];
    });
    desk.machine.ends(&["store", "add", &three.path()], 0);
    applied(&desk.sync(0), 1);
    let three = three.path();
    desk.write("1.hpw", &[&three, "--reason", "leaks", "--revert"]);
    let sync = desk.sync(0);
    let action = &actions(&sync)[0];
    assert_eq!(
        (&action["action"], &action["outcome"]),
        (&"rollback".into(), &"rolled-back".into()),
        "{sync}"
    );
    let pid = target.pid().to_string();
    let status = desk.machine.ends(&["status", "--pid", &pid], 0);
    let patches = status["processes"][0]["patches"].as_array().unwrap();
    assert_eq!(
        (patches.len(), &patches[0]["id"]),
        (1, &"two".into()),
        "{status}"
    );
    assert_eq!(target.ask().version(), 2);
    // A machine never goes back to a lower sequence: new ones wait for one that is higher.
    let _new = desk.machine.start();
    took_out(&desk.sync(9), 0);
    let mut states = desk.machine.states();
    states.sort();
    assert_eq!(states, ["blocked", "held"]);
}

#[test]
fn what_a_killed_one_left_the_next_one_ends() {
    for point in [
        "store-list-written",
        "store-list-counts",
        "reverting",
        "reverted-thawed",
        "restored",
        "sync-acted",
    ] {
        let desk = Desk::new("gone-killed.exe");
        let mut target = desk.machine.start();
        applied(&desk.sync(0), 1);
        let fix = desk.path("fix.hpk");
        desk.write("1.hpw", &[&fix, "--reason", "leaks", "--revert"]);
        let from = desk.share.to_str().unwrap();
        let arguments = ["sync", "--settle", "0", "--from", from];
        let mut dying = desk.machine.command(&arguments);
        dying.env("HOTPATCH_FAULT", point);
        let output = started(|| dying.output()).unwrap();
        assert_eq!(output.status.code(), Some(99), "{point} was not reached");
        let sync = desk.sync(0);
        assert_eq!(target.ask().version(), 1, "after {point}: {sync}");
        assert_eq!(desk.machine.states(), ["held"], "after {point}");
        desk.machine.ends(&["sync", "--check"], 0);
        let verified = desk.machine.ends(&["audit", "verify"], 0);
        assert_eq!(verified["problem_count"], 0, "{verified}");
    }
}
