//! The program, and what is done to it.

use std::sync::LazyLock;

use crate::desk::{Desk, fixture};
use crate::hotpatch::{Run, hotpatch};
use crate::running::Running;

/// The desk, with a package for each image, made once for all tests.
static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let desk = Desk::named("hostile").with_key();
    for image in ["hostile.exe", "plug.dll"] {
        let build = |fix: &str| fixture(&format!("hostile/{fix}/{image}"));
        desk.build(&build("0"), &build("1"), image, &[]);
    }
    desk
});

/// A build of the program or of its library.
pub fn built(path: &str) -> String {
    let file = fixture(&format!("hostile/{path}"));
    file.to_str().expect("text").to_owned()
}

/// The package of an image, and the key that it is signed with.
pub fn package(image: &str) -> [String; 2] {
    let path = |name: &str| DESK.path(name).to_str().expect("text").to_owned();
    [path(&format!("{image}.hpk")), path("key.pub.pem")]
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
        let mut running = Running::start(program.as_ref(), &[], DESK.folder());
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
        let [package, key] = package(image);
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
