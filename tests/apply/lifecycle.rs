//! In, shown, out.

use super::hotpatch::{hotpatch, is_given_back};
use super::package::PackageFile;
use super::target::Answer;

#[test]
fn a_patch_goes_in_is_shown_and_comes_out() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    assert_eq!(target.ask().version(), 1);

    let check = hotpatch(&["check", "--pid", &pid, &path, "--key", &key]);
    assert_eq!((check.code, check.outcome()), (0, "ready"), "{check:?}");
    assert_eq!(check.json["schema"], "hotpatch.check/1");
    assert_eq!(check.codes(), [""; 0]);
    assert_eq!(target.ask().version(), 1);

    let apply = hotpatch(&["apply", "--pid", &pid, &path, "--key", &key]);
    assert_eq!((apply.code, apply.outcome()), (0, "applied"), "{apply:?}");
    assert_eq!(apply.stderr, "");
    let json = &apply.json;
    assert_eq!(json["schema"], "hotpatch.apply/1");
    assert_eq!(json["pid"], target.pid());
    assert_eq!(json["module"], "answer.exe");
    assert_eq!(json["package_id"], "two");
    assert_eq!(json["functions"].as_array().unwrap().len(), 4);
    assert_eq!(
        (&json["attempts"], &json["threads"]),
        (&1.into(), &1.into())
    );
    assert!(json["frozen_us"].as_u64().unwrap() > 0);
    assert!(json["bytes_allocated"].as_u64().unwrap() >= 0x3000);
    assert!(json["blocked_by"].as_array().unwrap().is_empty());
    assert_eq!(target.ask().version(), 2);

    // New code calls old code, and can be unwound through.
    target.tell("linger 0");
    let asked = target.ask();
    assert_eq!((asked.naps, asked.unwound), (1, 1));

    let status = hotpatch(&["status", "--pid", &pid]);
    assert_eq!(status.code, 0);
    assert_eq!(status.json["schema"], "hotpatch.status/1");
    let patch = &status.json["processes"][0]["patches"][0];
    assert_eq!(patch["id"], "two");
    assert_eq!(patch["sequence"], 2);
    assert_eq!(patch["state"], "active");
    assert_eq!(patch["functions"].as_array().unwrap().len(), 4);
    assert!(patch["applied_at"].as_str().unwrap().ends_with('Z'));

    let again = hotpatch(&["apply", "--pid", &pid, &path, "--key", &key]);
    assert_eq!((again.code, again.outcome()), (0, "already-applied"));

    let revert = hotpatch(&["revert", "--pid", &pid]);
    assert_eq!(
        (revert.code, revert.outcome()),
        (0, "reverted"),
        "{revert:?}"
    );
    assert_eq!(revert.json["package_id"], "two");
    is_given_back(&revert, &pid);
    assert_eq!(target.ask().version(), 1);
    target.tell("linger 0");
    let asked = target.ask();
    assert_eq!((asked.naps, asked.unwound), (2, 2));

    let status = hotpatch(&["status", "--pid", &pid]);
    assert!(
        status.json["processes"][0]["patches"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let nothing = hotpatch(&["revert", "--pid", &pid, "--id", "two"]);
    assert_eq!((nothing.code, nothing.outcome()), (0, "not-applied"));
}

#[test]
fn status_finds_patched_and_unpatched_processes() {
    let (patched, plain) = (Answer::start(), Answer::start());
    let package = PackageFile::with(|m| m.patch.id = "status-test".to_owned());
    let pid = patched.pid().to_string();
    let apply = hotpatch(&[
        "apply",
        "--pid",
        &pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!(apply.code, 0, "{apply:?}");

    let status = hotpatch(&["status", "--package", &package.path()]);
    assert_eq!(status.code, 0, "{status:?}");
    let pids = |list: &str| -> Vec<u64> {
        let list = status.json[list].as_array().unwrap();
        list.iter().map(|p| p["pid"].as_u64().unwrap()).collect()
    };
    assert!(pids("processes").contains(&u64::from(patched.pid())));
    assert!(!pids("not_patched").contains(&u64::from(patched.pid())));
    assert!(pids("not_patched").contains(&u64::from(plain.pid())));
}
