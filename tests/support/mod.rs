//! What every test crate uses: a folder that goes away, and runs of the program.
#![allow(dead_code, reason = "each test crate uses its own part")]

pub mod start;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that goes away with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        write(&self.path(name), bytes);
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// The program, to be run in this folder, with no trust store and no passphrase.
    pub fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hotpatch"));
        program
            .current_dir(self.0.path())
            .env("HOTPATCH_TRUST", self.path("no-trust-store"))
            .env_remove("HOTPATCH_PASSPHRASE");
        program
    }

    /// Runs the program with arguments that have no spaces.
    pub fn run(&self, args: &str) -> Run {
        Run::of(self.program().args(args.split_whitespace()))
    }
}

pub fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Run {
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = start::started(|| command.output()).unwrap();
        Run {
            exit: status.code(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Standard output of a run that was good and had nothing to complain about.
    #[track_caller]
    pub fn good(&self) -> &str {
        assert_eq!((self.exit, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        &self.stdout
    }

    /// The one document on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Standard error of a run that failed with this exit code and printed no result.
    #[track_caller]
    pub fn failed(&self, exit: i32) -> &str {
        assert_eq!(
            (self.exit, self.stdout.as_str()),
            (Some(exit), ""),
            "{self:?}"
        );
        &self.stderr
    }
}
