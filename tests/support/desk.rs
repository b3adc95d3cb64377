//! A release engineer's desk for programs of `fixtures/`: a key, and packages made of builds.
#![allow(dead_code, reason = "each test crate uses its own part")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::start::started;

/// A build of a fixture's program.
pub fn fixture(path: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(path);
    assert!(file.exists(), "{} is missing", file.display());
    file
}

/// Where a key and the packages lie.
pub struct Desk(PathBuf);

impl Desk {
    /// The desk of that name, as an earlier run left it.
    pub fn named(name: &str) -> Desk {
        Desk(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// A file on it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes the key `key.pem`, where there is none yet.
    pub fn with_key(self) -> Desk {
        std::fs::create_dir_all(&self.0).expect("a folder");
        if !self.path("key.pem").exists() {
            let key = self.path("key.pem");
            self.run(&["keygen", "--out", key.to_str().expect("text")]);
        }
        self
    }

    /// Makes `ID.hpk` of two builds.
    pub fn build(&self, old: &Path, new: &Path, id: &str, more: &[&str]) {
        let text = |path: &Path| path.to_str().expect("text").to_owned();
        let package = self.path(&format!("{id}.hpk"));
        let (old, new, package) = (text(old), text(new), text(&package));
        let key = text(&self.path("key.pem"));
        let arguments = [
            "build", &old, &new, "--key", &key, "--id", id, "-o", &package,
        ];
        self.run(&[&arguments, more].concat());
    }

    fn run(&self, arguments: &[&str]) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hotpatch"));
        program.args(arguments);
        let output = started(|| program.output()).expect("hotpatch starts");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}
