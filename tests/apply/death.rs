//! The patcher dies.

use super::hotpatch::{dies, dies_with, hotpatch};
use super::package::PackageFile;
use super::target::Answer;
use hotpatch::addr::Va;
use hotpatch::apply::loaded;
use hotpatch::apply::target::{Target, TargetError};
use hotpatch::process::{Access, Process};
use std::time::Duration;

/// Where `apply` is killed, and the version that runs afterwards.
const IN_APPLY: [(&str, u64); 13] = [
    ("allocated", 1),
    ("recorded", 1),
    ("written", 1),
    ("sealed", 1),
    ("registered", 1),
    ("armed", 1),
    ("frozen", 1),
    ("unprotected", 1),
    ("entries-written", 1),
    ("redirected", 1),
    ("active", 2),
    ("thawed", 2),
    ("committed", 2),
];

const IN_REVERT: [(&str, u64); 9] = [
    ("frozen", 2),
    ("reverting", 2),
    ("inactive", 1),
    ("unprotected", 1),
    ("entries-written", 1),
    ("entries-restored", 1),
    ("reverted-thawed", 1),
    ("restored", 1),
    ("unregistered", 1),
];

/// Looks at a target whose patcher has died, and uses it on.
fn survives(target: &mut Answer, package: &PackageFile, point: &str, version: u64) {
    let pid = target.pid().to_string();
    println!("died at {point}");
    assert_eq!(target.ask().version(), version, "after {point}");
    let status = hotpatch(&["status", "--pid", &pid]);
    let patches = status.json["processes"][0]["patches"].as_array().unwrap();
    for patch in patches {
        let state = if version == 2 { "active" } else { "pending" };
        assert_eq!(patch["state"], state, "after {point}");
    }
    assert!(version == 1 || patches.len() == 1, "after {point}");
    let again = hotpatch(&[
        "apply",
        "--pid",
        &pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    let outcome = if version == 2 {
        "already-applied"
    } else {
        "applied"
    };
    assert_eq!(again.outcome(), outcome, "after {point}: {again:?}");
    assert_eq!(target.ask().version(), 2, "after {point}");
    let revert = hotpatch(&["revert", "--pid", &pid]);
    assert_eq!(revert.outcome(), "reverted", "after {point}: {revert:?}");
    assert_eq!(target.ask().version(), 1, "after {point}");
    let status = hotpatch(&["status", "--pid", &pid]);
    let patches = status.json["processes"][0]["patches"].as_array().unwrap();
    assert!(patches.is_empty(), "after {point}: {patches:?}");
}

#[test]
fn apply_may_die_anywhere() {
    let mut target = Answer::start();
    target.tell("threads 2");
    let package = PackageFile::new();
    let pid = target.pid().to_string();
    for (point, version) in IN_APPLY {
        dies(
            point,
            &[
                "apply",
                "--pid",
                &pid,
                &package.path(),
                "--key",
                &package.key(),
            ],
        );
        survives(&mut target, &package, point, version);
    }
}

#[test]
fn revert_may_die_anywhere() {
    let mut target = Answer::start();
    target.tell("threads 2");
    let package = PackageFile::new();
    let pid = target.pid().to_string();
    for (point, version) in IN_REVERT {
        let applied = hotpatch(&[
            "apply",
            "--pid",
            &pid,
            &package.path(),
            "--key",
            &package.key(),
        ]);
        assert_eq!(applied.code, 0, "{applied:?}");
        dies(point, &["revert", "--pid", &pid]);
        survives(&mut target, &package, point, version);
    }
}

#[test]
fn a_target_left_frozen_is_found_and_thawed() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    let apply = ["apply", "--pid", &pid, &path, "--key", &key];
    for (point, version) in [("frozen", 1), ("entries-written", 1), ("active", 2)] {
        dies_with("watchdog", point, &apply);
        let status = hotpatch(&["status", "--pid", &pid]);
        let patch = &status.json["processes"][0]["patches"][0];
        assert_eq!(patch["frozen"], true, "{status:?}");
        let again = hotpatch(&apply);
        let outcome = ["applied", "already-applied"][version - 1];
        assert_eq!(again.outcome(), outcome, "after {point}: {again:?}");
        assert_eq!(target.ask().version(), 2, "after {point}");
        let revert = hotpatch(&["revert", "--pid", &pid]);
        assert_eq!(revert.outcome(), "reverted", "after {point}: {revert:?}");
        assert_eq!(target.ask().version(), 1, "after {point}");
    }
}

#[test]
fn threads_of_others_do_not_hide_that_it_stands_still() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    let apply = ["apply", "--pid", &pid, &path, "--key", &key];
    let process = Process::open(target.pid(), Access::Change).unwrap();
    let modules = process.modules().unwrap();
    let kernel32 = modules.iter().find(|m| m.name == "kernel32.dll");
    let sleep = loaded::export(&process, kernel32.unwrap(), "Sleep").unwrap();
    dies_with("watchdog", "redirected", &apply);
    // As a console does for Ctrl+C; it sleeps for a minute.
    let slept = process.call(sleep.unwrap(), Va(60_000), Duration::from_millis(500));
    assert!(
        matches!(slept, Err(TargetError::MayStillRun(_))),
        "{slept:?}"
    );
    // Among all threads it is the one that runs; among those of that time all stand still.
    assert_eq!(process.is_frozen(0), Some(false));
    let recovered = hotpatch(&["recover", "--pid", &pid]);
    assert_eq!(recovered.outcome(), "recovered", "{recovered:?}");
    assert_eq!(target.ask().version(), 1);
    assert_eq!(process.is_frozen(u64::MAX), Some(false));
}
