//! No quiet moment in time.

use hotpatch::package::manifest::WatchedCode;

use super::hotpatch::{command, hotpatch, read};
use super::package::PackageFile;
use super::target::Answer;
use crate::start::started;

#[test]
fn apply_waits_for_a_thread_in_old_code_and_gives_up_in_time() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    target.tell("linger 5000");
    let apply = ["apply", "--pid", &pid, &path, "--key", &key, "--timeout"];
    let busy = hotpatch(&[&apply[..], &["1"]].concat());
    assert_eq!((busy.code, busy.outcome()), (7, "busy"), "{busy:?}");
    assert_eq!(busy.json["blocked_by"][0]["function"], "linger", "{busy:?}");
    assert!(busy.json["attempts"].as_u64().unwrap() > 1);
    assert_eq!(target.ask().version(), 1);
    let status = hotpatch(&["status", "--pid", &pid]);
    assert!(
        status.json["processes"][0]["patches"]
            .as_array()
            .unwrap()
            .is_empty()
    );

    let patient = hotpatch(&[&apply[..], &["30"]].concat());
    assert_eq!(patient.outcome(), "applied", "{patient:?}");
    assert_eq!(target.ask().version(), 2);
}

/// As if `nap` were gone in the new build, and a caller under way went on to call it.
#[test]
fn apply_waits_for_a_thread_that_holds_the_address_of_what_is_gone() {
    let mut target = Answer::start();
    let package = PackageFile::with(|m| {
        let nap = m.externals.iter().find(|e| e.symbol == "answer.exe!nap");
        m.watched = vec![WatchedCode {
            name: "nap".to_owned(),
            rva: nap.unwrap().rva,
            size: 0x10,
            addressed: true,
        }];
    });
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    target.tell("hold 4000");
    let apply = ["apply", "--pid", &pid, &path, "--key", &key, "--timeout"];
    let busy = hotpatch(&[&apply[..], &["1"]].concat());
    assert_eq!((busy.code, busy.outcome()), (7, "busy"), "{busy:?}");
    let blocker = &busy.json["blocked_by"][0];
    assert_eq!(
        (&blocker["function"], &blocker["seen"]),
        (&"nap".into(), &"address".into()),
        "{busy:?}"
    );
    assert_eq!(target.ask().version(), 1);
    let patient = hotpatch(&[&apply[..], &["30"]].concat());
    assert_eq!(patient.outcome(), "applied", "{patient:?}");
    assert_eq!(target.ask().version(), 2);
}

#[test]
fn revert_waits_for_a_thread_in_new_code() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let pid = target.pid().to_string();
    let apply = hotpatch(&[
        "apply",
        "--pid",
        &pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!(apply.code, 0, "{apply:?}");
    target.tell("linger 5000");
    let busy = hotpatch(&["revert", "--pid", &pid, "--timeout", "1"]);
    assert_eq!((busy.code, busy.outcome()), (7, "busy"), "{busy:?}");
    assert_eq!(busy.json["blocked_by"][0]["function"], "linger", "{busy:?}");
    assert_eq!(target.ask().version(), 2);
    let revert = hotpatch(&["revert", "--pid", &pid, "--timeout", "30"]);
    assert_eq!(revert.outcome(), "reverted", "{revert:?}");
    assert_eq!(target.ask().version(), 1);
}

#[test]
fn a_process_that_cannot_run_new_threads_is_left_alone() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    target.tell("lock 8000");
    let failed = hotpatch(&["apply", "--pid", &pid, &path, "--key", &key]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert_eq!(failed.json["schema"], "hotpatch.error/1");
    assert_eq!(target.ask().version(), 1);
    let later = hotpatch(&["apply", "--pid", &pid, &path, "--key", &key]);
    assert_eq!(later.outcome(), "applied", "{later:?}");
    assert_eq!(target.ask().version(), 2);
}

#[test]
fn two_at_once_do_not_meet() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    let apply = ["apply", "--pid", &pid, &path, "--key", &key];
    let running: Vec<_> = (0..3)
        .map(|_| started(|| command(&apply).spawn()).unwrap())
        .collect();
    let mut applied = 0;
    for child in running {
        let run = read(child.wait_with_output().unwrap());
        match run.code {
            0 if run.outcome() == "applied" => applied += 1,
            0 => assert_eq!(run.outcome(), "already-applied", "{run:?}"),
            // Locked for longer than it waits.
            1 => assert!(
                run.json["message"]
                    .as_str()
                    .unwrap()
                    .contains("another hotpatch")
            ),
            _ => panic!("{run:?}"),
        }
    }
    assert_eq!(applied, 1);
    assert_eq!(target.ask().version(), 2);
}
