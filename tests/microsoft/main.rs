//! Microsoft's fix of its Brotli decoder, live: a process that decodes in four threads is
//! kept busy for ever by a stream, answers it while it is patched, and is kept busy again.
//! `tests/microsoft/run.sh` builds what it needs and runs this.
#![cfg(windows)]

#[path = "../transplant/running.rs"]
mod running;

use std::path::{Path, PathBuf};

use running::{Running, hotpatch_done, texts};
use serde_json::Value;

const LIBRARY: &str = "System.IO.Compression.Native.dll";
const FIX: &str = "BROTLI-ENDLESS";

/// A process with one of the releases, and where `hotpatch` runs.
struct Session {
    process: Running,
    home: tempfile::TempDir,
}

fn folder() -> PathBuf {
    let folder = std::env::var("HOTPATCH_MICROSOFT").expect("HOTPATCH_MICROSOFT, see run.sh");
    PathBuf::from(folder)
}

fn library(version: &str) -> String {
    let path = folder()
        .join(format!("compression-{version}"))
        .join(LIBRARY);
    path.to_str().expect("text").to_owned()
}

impl Session {
    fn start(version: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let program = folder().join("brotli.exe");
        let mut process = Running::start(&program, &[&library(version)], home.path());
        assert_eq!(process.line(), "ready", "{version}");
        Session { process, home }
    }

    fn ask(&mut self, request: &str) -> String {
        self.process.send(format!("{request}\n").as_bytes());
        self.process.line()
    }

    /// Runs `hotpatch` on the process.
    fn hotpatch(&self, command: &str, rest: &[&str]) -> Value {
        let pid = self.process.pid().to_string();
        let mut arguments = vec![command, "--pid", &pid];
        arguments.extend(rest);
        hotpatch_done(self.home(), &arguments)
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    /// Builds a package with these options; returns the report.
    fn build(&self, from: &str, to: &str, rest: &[&str]) -> Value {
        if !self.home().join("key.pem").exists() {
            hotpatch_done(self.home(), &["keygen", "-o", "key.pem"]);
        }
        let (old, new) = (library(from), library(to));
        let mut arguments = vec!["build", &old, &new, "-o", "fix.hpk", "--key", "key.pem"];
        arguments.extend(rest);
        hotpatch_done(self.home(), &arguments)
    }

    fn apply(&self) -> Value {
        let report = self.hotpatch("apply", &["fix.hpk", "--key", "key.pem", "--timeout", "20"]);
        assert_eq!(report["outcome"], "applied", "{report:#}");
        let proof = self.hotpatch("verify", &["fix.hpk", "--key", "key.pem"]);
        assert_eq!(proof["outcome"], "proven", "{proof:#}");
        report
    }

    fn revert(&self, id: &str) {
        let report = self.hotpatch("revert", &["--id", id, "--timeout", "20"]);
        assert_eq!(report["outcome"], "reverted", "{report:#}");
    }
}

/// What is true of the library before, while and after it is patched.
fn assert_works(session: &mut Session, damaged: &str) {
    assert_eq!(session.ask("workers"), "0 wrong");
    assert_eq!(session.ask("damaged"), damaged);
}

#[test]
fn the_fix_arrives_and_goes_again() {
    // What the new release does.
    let mut new = Session::start("10.0.14");
    let (damaged, version) = (new.ask("damaged"), new.ask("version"));
    assert_eq!(new.ask("endless"), "error -17");
    drop(new);

    let mut session = Session::start("10.0.12");
    let old_version = session.ask("version");
    assert_ne!(old_version, version);
    assert_eq!(session.ask("endless"), "no answer");
    assert_works(&mut session, &damaged);
    let left = session.ask("begin");

    let built = session.build("10.0.12", "10.0.14", &["--id", FIX]);
    assert_eq!(texts(&built["functions"], "").len(), 10);
    let applied = session.apply();
    assert_eq!(session.ask("version"), version);
    assert_eq!(session.ask("endless"), "error -17");
    assert_eq!(session.ask("end"), "right", "begun before, {left}");
    assert_works(&mut session, &damaged);
    let left = session.ask("begin");

    session.revert(FIX);
    assert_eq!(session.ask("version"), old_version);
    assert_eq!(session.ask("endless"), "no answer");
    assert_eq!(session.ask("end"), "right", "begun patched, {left}");
    assert_works(&mut session, &damaged);
    assert_eq!(session.process.finish().code, Some(0));
    println!("fix of 10 functions: frozen {} µs", applied["frozen_us"]);
}

#[test]
fn all_functions_move_and_come_back() {
    let mut session = Session::start("10.0.12");
    let (damaged, encoded) = (session.ask("damaged"), session.ask("encoded"));
    let options = ["--all-functions", "--id", "MOVE"];
    let built = session.build("10.0.12", "10.0.12", &options);
    let functions = texts(&built["functions"], "").len();
    assert!(functions >= 480, "{functions}");
    for _ in 0..3 {
        session.ask("begin");
        let applied = session.apply();
        assert_eq!(session.ask("end"), "right");
        assert_works(&mut session, &damaged);
        assert_eq!(session.ask("encoded"), encoded);
        println!(
            "{functions} functions moved: frozen {} µs",
            applied["frozen_us"]
        );
        session.ask("begin");
        session.revert("MOVE");
        assert_eq!(session.ask("end"), "right");
        assert_works(&mut session, &damaged);
        assert_eq!(session.ask("encoded"), encoded);
    }
    assert_eq!(session.process.finish().code, Some(0));
}
