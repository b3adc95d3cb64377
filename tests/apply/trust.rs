//! The trust store decides about real processes, and remembers.

use std::path::PathBuf;

use super::hotpatch::{Run, command, read};
use super::package::PackageFile;
use super::target::Answer;
use crate::start::started;

struct Store(tempfile::TempDir);

impl Store {
    /// A store that trusts the key of the packages, as a builder's.
    fn new(package: &PackageFile, rules: &str) -> Self {
        let store = Store(tempfile::tempdir().unwrap());
        let run = store.run(&["trust", "add", &package.key(), "--role", "builder"]);
        assert_eq!(run.code, 0, "{run:?}");
        let path = store.file("policy.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{before}\n{rules}")).unwrap();
        store
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("trust").join(name)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = command(arguments);
        command.env("HOTPATCH_TRUST", self.0.path().join("trust"));
        read(started(|| command.output()).unwrap())
    }

    #[track_caller]
    fn refuses(&self, arguments: &[&str], why: &str) {
        let run = self.run(arguments);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.json["causes"].to_string().contains(why), "{run:?}");
    }
}

#[test]
fn what_was_applied_is_remembered_for_all_processes() {
    let package = PackageFile::new();
    let rule = "[[rule]]\nname = \"a\"\nsignatures = { builder = 1 }\nmax_freeze_ms = 10000\n";
    let store = Store::new(&package, rule);
    let mut one = Answer::start();
    let pid = one.pid().to_string();
    let run = store.run(&["check", "--pid", &pid, &package.path()]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!store.file("state.toml").exists(), "check writes nothing");
    let run = store.run(&["apply", "--pid", &pid, &package.path()]);
    assert_eq!((run.code, run.outcome()), (0, "applied"), "{run:?}");
    assert_eq!(one.ask().version(), 2);
    let state = std::fs::read_to_string(store.file("state.toml")).unwrap();
    assert!(state.contains("\"answer.exe\" = 2"), "{state}");

    let mut two = Answer::start();
    let pid = two.pid().to_string();
    let old = PackageFile::with(|m| m.patch.sequence = 1);
    for verb in ["check", "apply"] {
        let by_store = [verb, "--pid", &pid, &old.path()];
        store.refuses(&by_store, "sequence: sequence 1");
        let by_key = [verb, "--pid", &pid, &old.path(), "--key", &old.key()];
        store.refuses(&by_key, "sequence: sequence 1");
    }
    assert_eq!(two.ask().version(), 1);
    let run = store.run(&[
        "apply",
        "--pid",
        &pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!((run.code, run.outcome()), (0, "applied"), "{run:?}");
}

#[test]
fn what_the_policy_refuses_touches_no_process() {
    let package = PackageFile::new();
    let rule = "[[rule]]\nname = \"a\"\nclassifications = [\"security\"]\n";
    let store = Store::new(&package, rule);
    let mut target = Answer::start();
    let pid = target.pid().to_string();
    store.refuses(
        &["apply", "--pid", &pid, &package.path()],
        "classification: ",
    );
    assert!(!store.file("state.toml").exists());
    assert_eq!(target.ask().version(), 1);
}
