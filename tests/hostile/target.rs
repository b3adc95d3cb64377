//! The program, and what is done to it.

use std::path::PathBuf;

use crate::hotpatch::{Run, hotpatch};
use crate::running::Running;

/// A file that `run.sh` has built.
pub fn built(path: &str) -> String {
    let folder = PathBuf::from(std::env::var_os("HOTPATCH_HOSTILE").expect("HOTPATCH_HOSTILE"));
    folder.join(path).to_str().expect("text").to_owned()
}

/// The running program.
pub struct Target(Running);

/// What it answers to `ask`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub value: i64,
    pub thrown: i64,
    pub faults: i64,
    pub wrong: i64,
    pub flips: i64,
}

impl Target {
    pub fn start() -> Target {
        let program = built("0/hostile.exe");
        let mut running = Running::start(program.as_ref(), &[], built("").as_ref());
        assert_eq!(running.line(), "ready");
        Target(running)
    }

    pub fn pid(&self) -> String {
        self.0.pid().to_string()
    }

    pub fn tell(&mut self, command: &str) -> String {
        self.0.send(format!("{command}\n").as_bytes());
        self.0.line()
    }

    pub fn ask(&mut self) -> Asked {
        let mut asked = Asked::default();
        for field in self.tell("ask").split_whitespace() {
            let (name, number) = field.split_once('=').expect("a field");
            let number = number.parse().expect("a number");
            match name {
                "value" => asked.value = number,
                "thrown" => asked.thrown = number,
                "faults" => asked.faults = number,
                "wrong" => asked.wrong = number,
                "flips" => asked.flips = number,
                _ => panic!("{field}"),
            }
        }
        asked
    }

    /// Applies the package of an image.
    pub fn apply(&self, image: &str, timeout: &str) -> Run {
        self.with_package("apply", image, &["--timeout", timeout])
    }

    pub fn check(&self, image: &str) -> Run {
        self.with_package("check", image, &[])
    }

    fn with_package(&self, verb: &str, image: &str, more: &[&str]) -> Run {
        let (package, key) = (built(&format!("{image}.hpk")), built("key.pub.pem"));
        let arguments = [verb, "--pid", &self.pid(), &package, "--key", &key];
        hotpatch(&[&arguments, more].concat())
    }

    pub fn revert(&self) -> Run {
        hotpatch(&["revert", "--pid", &self.pid(), "--timeout", "30"])
    }

    pub fn recover(&self) -> Run {
        hotpatch(&["recover", "--pid", &self.pid()])
    }

    /// Ids and states of the patches that `status` sees.
    pub fn status(&self) -> Vec<(String, String)> {
        let run = hotpatch(&["status", "--pid", &self.pid()]);
        assert_eq!(run.code, 0, "{run:?}");
        let patches = run.json["processes"][0]["patches"].as_array().cloned();
        let text = |v: &serde_json::Value| v.as_str().expect("text").to_owned();
        let patches = patches.expect("a list");
        patches
            .iter()
            .map(|p| (text(&p["id"]), text(&p["state"])))
            .collect()
    }
}
