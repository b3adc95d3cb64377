//! Threads that run through the replaced functions all the time.

use super::hotpatch::{hotpatch, is_given_back};
use super::package::PackageFile;
use super::target::Answer;

#[test]
fn every_call_is_wholly_old_or_wholly_new() {
    let mut target = Answer::start();
    target.tell("threads 6");
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    let mut frozen = Vec::new();
    let mut before = 0;
    for round in 0..10 {
        let apply = hotpatch(&["apply", "--pid", &pid, &path, "--key", &key]);
        assert_eq!(apply.outcome(), "applied", "round {round}: {apply:?}");
        frozen.push(apply.json["frozen_us"].as_u64().unwrap());
        assert_eq!(target.ask().version(), 2);
        let revert = hotpatch(&["revert", "--pid", &pid]);
        assert_eq!(revert.outcome(), "reverted", "round {round}: {revert:?}");
        is_given_back(&revert, &pid);
        let asked = target.ask();
        assert_eq!(asked.version(), 1);
        assert!(asked.calls > before, "the threads stand still");
        before = asked.calls;
    }
    frozen.sort_unstable();
    println!("frozen for {frozen:?} us");
}

#[test]
fn threads_may_start_end_and_never_run() {
    let mut target = Answer::start();
    target.tell("suspended");
    target.tell("churn");
    target.tell("churn");
    let package = PackageFile::new();
    let (pid, path, key) = (target.pid().to_string(), package.path(), package.key());
    for round in 0..5 {
        let apply = hotpatch(&["apply", "--pid", &pid, &path, "--key", &key]);
        assert_eq!(apply.outcome(), "applied", "round {round}: {apply:?}");
        assert_eq!(target.ask().version(), 2);
        let revert = hotpatch(&["revert", "--pid", &pid]);
        assert_eq!(revert.outcome(), "reverted", "round {round}: {revert:?}");
        assert_eq!(target.ask().version(), 1);
    }
}
