//! A machine with a trust store, a store of packages, and all processes of a program of its own.

use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::hotpatch::{Run, command, read};
use super::package::PackageFile;
use super::target::{self, Answer};
use crate::start::started;

/// A machine with a trust store, a store of packages and a program of its own.
pub struct Machine {
    folder: tempfile::TempDir,
    pub program: String,
}

impl Machine {
    /// A machine on which `program`, a copy of `answer.exe`, is found, and nothing in the store.
    pub fn new(program: &str) -> Self {
        let machine = Machine {
            folder: tempfile::tempdir().unwrap(),
            program: program.to_owned(),
        };
        std::fs::copy(target::path(), machine.file(program)).unwrap();
        let run = machine.run(&["trust", "add", &machine.package().key()]);
        assert_eq!(run.code, 0, "{run:?}");
        machine
    }

    /// The same, with a package in its store.
    pub fn with_package(program: &str) -> Self {
        let machine = Machine::new(program);
        let run = machine.run(&["store", "add", &machine.package().path()]);
        assert_eq!(run.code, 0, "{run:?}");
        machine
    }

    /// A package for the program.
    pub fn package(&self) -> PackageFile {
        PackageFile::with(|m| {
            m.target.file_name.clone_from(&self.program);
            m.patch.cves = vec!["CVE-2026-1001".to_owned()];
            m.build.new_image_sha256 = hex::encode(Sha256::digest(stamped(2)));
        })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn start(&self) -> Answer {
        Answer::start_copy(&self.file(&self.program))
    }

    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = command(arguments);
        command
            .env("HOTPATCH_TRUST", self.file("trust"))
            .env("HOTPATCH_STORE", self.file("store"));
        command
    }

    /// Runs `hotpatch`; a `sync` ends without watching what it patched.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        if arguments[0] == "sync" && !arguments.contains(&"--settle") {
            command.args(["--settle", "0"]);
        }
        read(started(|| command.output()).unwrap())
    }

    #[track_caller]
    pub fn ends(&self, arguments: &[&str], code: i32) -> Value {
        let run = self.run(arguments);
        assert_eq!(run.code, code, "{run:?}");
        run.json
    }

    /// The state of each process, by `list`.
    pub fn states(&self) -> Vec<String> {
        let list = self.ends(&["list"], 0);
        assert_eq!(list["schema"], "hotpatch.list/1");
        let states = list["processes"].as_array().unwrap().iter();
        let states = states.map(|p| p["state"].as_str().unwrap().to_owned());
        states.collect()
    }

    pub fn policy(&self, text: &str) {
        let path = self.file("trust").join("policy.toml");
        std::fs::write(path, format!("format = 1\n{text}")).unwrap();
    }
}

/// The program with another time stamp in its headers, which makes it another build.
pub fn stamped(stamp: u32) -> Vec<u8> {
    let mut bytes = std::fs::read(target::path()).unwrap();
    let header = u32::from_le_bytes(bytes[0x3c..0x40].try_into().unwrap()) as usize;
    bytes[header + 8..header + 12].copy_from_slice(&stamp.to_le_bytes());
    bytes
}

pub fn actions(sync: &Value) -> &Vec<Value> {
    sync["actions"].as_array().unwrap()
}

#[track_caller]
pub fn applied(sync: &Value, count: usize) {
    assert_eq!(actions(sync).len(), count, "{sync}");
    for action in actions(sync) {
        assert_eq!(
            (&action["action"], &action["outcome"]),
            (&"apply".into(), &"applied".into()),
            "{sync}"
        );
        assert!(action["frozen_us"].as_u64().unwrap() > 0);
        assert!(action["unpatched_ms"].as_u64().unwrap() > 0);
    }
}
