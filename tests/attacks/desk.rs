//! The desk at which packages are made and the machine that receives them, in one folder.

use std::process::Command;

use hotpatch::package::manifest::Manifest;
use hotpatch::package::{SigningKey, seal};

use crate::common::{Folder, Run, write};
use crate::hpk::{manifest, payload};

/// Keys by what their owners are.
pub const BUILDER: u8 = 1;
pub const TESTER: u8 = 2;
pub const APPROVER: u8 = 3;
pub const SECOND_APPROVER: u8 = 4;
pub const STRANGER: u8 = 9;

pub struct Desk(pub Folder);

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

impl Desk {
    /// A store that trusts the keys of builder, tester and approvers, with these rules.
    pub fn new(rules: &str) -> Self {
        let desk = Desk(Folder::new());
        for (seed, name, role) in [
            (BUILDER, "builder", "builder"),
            (TESTER, "tester", "tester"),
            (APPROVER, "approver", "approver"),
            (SECOND_APPROVER, "second-approver", "approver"),
        ] {
            let file = format!("{name}.pem");
            desk.0.write(&file, key(seed).public().to_pem().as_bytes());
            desk.run(&format!("trust add {file} --role {role} --name {name}"))
                .good();
        }
        let stranger = key(STRANGER).public().to_pem();
        desk.0.write("stranger.pem", stranger.as_bytes());
        desk.add_to_policy(rules);
        desk
    }

    pub fn add_to_policy(&self, text: &str) {
        let path = self.0.path("trust").join("policy.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        write(&path, format!("{before}\n{text}").as_bytes());
    }

    /// What the machine has seen before.
    pub fn seen(&self, latest: &str, sequence: u64) {
        let text = format!(
            "format = 1\nlatest = \"{latest}\"\n\n[sequence]\n\"server.exe\" = {sequence}\n"
        );
        write(&self.0.path("trust").join("state.toml"), text.as_bytes());
    }

    pub fn program(&self) -> Command {
        let mut program = self.0.program();
        program.env("HOTPATCH_TRUST", self.0.path("trust"));
        program
    }

    pub fn run(&self, args: &str) -> Run {
        Run::of(self.program().args(args.split_whitespace()))
    }

    /// Writes `fix.hpk`, signed by these keys.
    pub fn package(&self, seeds: &[u8], change: impl FnOnce(&mut Manifest)) {
        self.0.write("fix.hpk", &package(seeds, change));
    }

    /// The package passes, in every way of asking.
    #[track_caller]
    pub fn passes(&self) {
        self.run("verify fix.hpk").good();
        self.run("policy check fix.hpk").good();
    }

    /// The store's policy refuses the package by these checks, in every way of asking.
    #[track_caller]
    pub fn refused_by(&self, checks: &[&str]) {
        self.run("verify fix.hpk").failed(5);
        let run = self.run("policy check fix.hpk --format json");
        assert_eq!((run.exit, run.stderr.as_str()), (Some(5), ""), "{run:?}");
        let decision = &run.json()["decision"];
        assert_eq!(decision["allowed"], false);
        let refusing: Vec<&str> = decision["rules"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|outcome| outcome["verdict"] == "refuses")
            .map(|outcome| outcome["check"].as_str().unwrap())
            .collect();
        assert_eq!(refusing, checks, "{decision}");
        let text = self.run("policy check fix.hpk");
        assert_eq!((text.exit, text.stderr.as_str()), (Some(5), ""));
        assert!(text.stdout.starts_with("fix.hpk: REFUSED\n"), "{text:?}");
    }

    /// The package, or the store, is no good at all; the reason has these words.
    #[track_caller]
    pub fn refused(&self, why: &str) {
        for args in ["verify fix.hpk", "policy check fix.hpk"] {
            let run = self.run(args);
            assert!(run.failed(5).contains(why), "{run:?}");
        }
    }
}

/// A package that is signed by these keys.
pub fn package(seeds: &[u8], change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let mut manifest = manifest();
    change(&mut manifest);
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
    seal(&manifest, &payload(), &keys).unwrap()
}
