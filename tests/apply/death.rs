//! The patcher dies.

use super::hotpatch::{dies, hotpatch};
use super::package::PackageFile;
use super::target::Answer;

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
