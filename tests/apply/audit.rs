//! What `apply` and `revert` put on record.

use std::path::Path;

use serde_json::Value;

use super::hotpatch::{Run, command, hotpatch, read};
use super::package::PackageFile;
use super::target::Answer;
use crate::start::started;

/// Runs `hotpatch` with an audit log of its own.
fn with(log: &Path, arguments: &[&str]) -> Run {
    let mut program = command(arguments);
    program.env("HOTPATCH_AUDIT", log);
    read(started(|| program.output()).unwrap())
}

fn records(log: &Path) -> Vec<Value> {
    let shown = with(log, &["audit", "show", "--last", "0"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let records = shown.json["records"].as_array().unwrap();
    records.iter().map(|r| r["record"].clone()).collect()
}

#[test]
fn applying_reverting_and_being_refused_are_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("logs").join("audit.jsonl");
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());

    let apply = with(&log, &["apply", "--pid", &pid, &path, "--key", &key]);
    assert_eq!((apply.code, apply.stderr.as_str()), (0, ""), "{apply:?}");
    let revert = with(&log, &["revert", "--pid", &pid]);
    assert_eq!(revert.code, 0, "{revert:?}");
    let untrusted = ["apply", "--pid", &pid, &path, "--key", &package.other_key()];
    assert_eq!(with(&log, &untrusted).code, 5);
    let other = PackageFile::with(|m| m.target.pdb_age += 1);
    let wrong = ["apply", "--pid", &pid, &other.path(), "--key", &other.key()];
    assert_eq!(with(&log, &wrong).code, 6);
    let gone = ["revert", "--pid", "3", "--id", "two"];
    assert_eq!(with(&log, &gone).code, 1);
    assert_eq!(target.ask().version(), 1);

    let records = records(&log);
    let said: Vec<_> = records
        .iter()
        .map(|r| {
            let word = |field: &str| r[field].as_str().unwrap_or("-").to_owned();
            [word("event"), word("command"), word("outcome")].join(" ")
        })
        .collect();
    assert_eq!(
        said,
        [
            "started apply -",
            "ended apply applied",
            "started revert -",
            "ended revert reverted",
            "refused apply refused",
            "started apply -",
            "ended apply refused",
            "refused revert failed",
        ]
    );
    let applied = &records[1];
    assert_eq!(
        (&applied["attempt"], &applied["exit_code"]),
        (&1.into(), &0.into())
    );
    assert_eq!(applied["target"]["pid"], target.pid());
    assert_eq!(applied["target"]["module"], "answer.exe");
    let image = applied["target"]["image"].as_str().unwrap();
    assert!(image.ends_with("answer.exe"), "{image}");
    let created = applied["target"]["created"].as_str().unwrap();
    assert!(created.starts_with("20"), "{created}");
    assert_eq!(applied["package"]["id"], "two");
    assert_eq!(applied["package"]["sequence"], 2);
    assert_eq!(applied["package"]["signers"].as_array().unwrap().len(), 1);
    assert_eq!(applied["frozen_us"], apply.json["frozen_us"]);
    assert_eq!(applied["attempts"], 1);
    assert!(!applied["who"]["user"].as_str().unwrap().is_empty());
    let sid = applied["who"]["id"].as_str().unwrap();
    assert!(sid.starts_with("S-1-"), "{sid}");
    assert!(!applied["where"]["host"].as_str().unwrap().is_empty());
    assert_eq!(records[3]["package"]["id"], "two");

    // Nothing that no trusted key vouches for but the hash of the file.
    let refused = &records[4];
    assert_eq!(refused["exit_code"], 5);
    assert_eq!(refused["package"]["id"], Value::Null);
    assert_eq!(refused["package"]["sha256"], applied["package"]["sha256"]);
    assert_eq!(records[6]["findings"][0], "HP502");

    let verify = with(&log, &["audit", "verify"]);
    assert_eq!((verify.code, verify.outcome()), (0, "intact"), "{verify:?}");
    assert_eq!(verify.json["unfinished"].as_array().unwrap().len(), 0);
}

#[test]
fn what_cannot_be_put_on_record_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    let apply = ["apply", "--pid", &pid, &path, "--key", &key];
    // A folder is no file; and a file that is no log is left alone.
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "my notes\n").unwrap();
    for log in [folder.path(), &notes] {
        let run = with(log, &apply);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(
            run.json["hint"]
                .as_str()
                .unwrap()
                .contains("hotpatch audit")
                || log != notes
        );
        assert_eq!(target.ask().version(), 1);
    }
    assert_eq!(std::fs::read(&notes).unwrap(), b"my notes\n");
    let status = hotpatch(&["status", "--pid", &pid]);
    assert_eq!(status.json["processes"][0]["patches"], Value::Array(vec![]));
}

#[test]
fn a_killed_attempt_is_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    let target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    let mut program = command(&["apply", "--pid", &pid, &path, "--key", &key]);
    program
        .env("HOTPATCH_AUDIT", &log)
        .env("HOTPATCH_FAULT", "frozen");
    let died = started(|| program.output()).unwrap();
    assert_eq!(died.status.code(), Some(99), "{died:?}");
    let verify = with(&log, &["audit", "verify"]);
    assert_eq!(verify.code, 0, "{verify:?}");
    assert_eq!(verify.json["unfinished"], serde_json::json!([1]));
}
