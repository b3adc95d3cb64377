//! The DSC resource, called as DSC calls it: by its manifest, with an instance as JSON on standard
//! input.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::machine::{Machine, stamped};
use super::package::PackageFile;
use super::target::Answer;
use crate::start::started;

/// What an operation answered.
#[derive(Debug)]
struct Said {
    code: i32,
    lines: Vec<Value>,
    stderr: String,
}

/// The arguments of an operation, as the engine makes them out of the manifest.
fn arguments(operation: &str, what_if: bool) -> Vec<String> {
    let text = include_str!("../../examples/dsc/hotpatch.dsc.resource.json");
    let manifest: Value = serde_json::from_str(text).unwrap();
    let method = &manifest[operation];
    assert_eq!(
        (&method["executable"], &method["input"]),
        (&"hotpatch".into(), &"stdin".into())
    );
    let words = method["args"].as_array().unwrap().iter();
    let words = words.filter_map(|word| match word.as_str() {
        Some(word) => Some(word),
        None => what_if.then(|| word["whatIfArg"].as_str().unwrap()),
    });
    words.map(str::to_owned).collect()
}

fn run(machine: &Machine, (operation, what_if): (&str, bool), instance: &str) -> Said {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hotpatch"));
    command
        .args(arguments(operation, what_if))
        .env("HOTPATCH_TRUST", machine.file("trust"))
        .env("HOTPATCH_STORE", machine.file("store"))
        .env("HOTPATCH_AUDIT", machine.file("audit.jsonl"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = started(|| command.spawn()).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(instance.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Said {
        code: output.status.code().unwrap(),
        lines: text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The lines that an operation answered where all went well.
#[track_caller]
fn good(machine: &Machine, operation: (&str, bool), instance: &Value) -> Vec<Value> {
    let said = run(machine, operation, &instance.to_string());
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{said:?}");
    let expected = match operation.0 {
        "get" => 1,
        "set" | "test" => 2,
        _ => said.lines.len(),
    };
    assert_eq!(said.lines.len(), expected, "{said:?}");
    said.lines
}

/// Whether an instance is as desired, and what differs.
#[track_caller]
fn test(machine: &Machine, instance: &Value) -> (bool, Vec<Value>) {
    let lines = good(machine, ("test", false), instance);
    let state = lines[0]["_inDesiredState"].as_bool().unwrap();
    (state, lines[1].as_array().unwrap().clone())
}

#[test]
fn a_package_comes_into_the_store_and_into_every_process_and_out_again() {
    let machine = Machine::new("dsc-day.exe");
    let mut target = machine.start();
    // Of its own: what has the same id is taken out of the processes of other tests as well.
    let package = PackageFile::with(|m| {
        m.target.file_name.clone_from(&machine.program);
        m.patch.id = "dsc-day".to_owned();
        m.patch.cves = vec!["CVE-2026-1001".to_owned()];
        m.build.new_image_sha256 = hex::encode(Sha256::digest(stamped(2)));
    });
    let instance = json!({"id": "dsc-day", "package": package.path(), "maxFreezeMs": 5000});
    assert_eq!(test(&machine, &instance), (false, vec!["_exist".into()]));
    let state = &good(&machine, ("get", false), &instance)[0];
    assert_eq!(state["_exist"], false);
    assert!(state["_inDesiredState"].is_null());

    let lines = good(&machine, ("set", true), &instance);
    assert_eq!(
        (&lines[0]["_exist"], &lines[0]["state"]),
        (&true.into(), &"hotpatched".into())
    );
    assert!(lines[1].as_array().unwrap().contains(&"_exist".into()));
    assert_eq!(target.ask().version(), 1);
    assert_eq!(test(&machine, &instance), (false, vec!["_exist".into()]));

    let lines = good(&machine, ("set", false), &instance);
    assert_eq!(target.ask().version(), 2);
    let state = &lines[0];
    assert_eq!(
        (&state["_exist"], &state["state"], &state["exposed"]),
        (&true.into(), &"hotpatched".into(), &0.into())
    );
    assert_eq!(state["onDisk"], "old");
    assert_eq!(state["cves"], json!(["CVE-2026-1001"]));
    let restart = &state["_restartRequired"][0]["process"];
    assert_eq!(
        (&restart["name"], &restart["id"]),
        (&"dsc-day.exe".into(), &state["processes"][0]["id"])
    );
    assert_eq!(test(&machine, &instance), (true, vec![]));
    let lines = good(&machine, ("set", false), &instance);
    assert_eq!(lines[1], json!([]));

    // One that is started later.
    let mut later: Answer = machine.start();
    assert_eq!(test(&machine, &instance), (false, vec!["state".into()]));
    good(&machine, ("set", false), &json!({"id": "dsc-day"}));
    assert_eq!(later.ask().version(), 2);

    // All packages, without an instance to look for.
    for input in ["", "{}"] {
        let said = run(&machine, ("export", false), input);
        assert_eq!((said.code, said.lines.len()), (0, 1), "{said:?}");
        assert_eq!(said.lines[0]["id"], "dsc-day");
    }

    let absent = json!({"id": "dsc-day", "_exist": false});
    let differing = vec!["_exist".into(), "processes".into()];
    assert_eq!(test(&machine, &absent), (false, differing));
    let lines = good(&machine, ("set", true), &absent);
    assert_eq!(lines[0]["_exist"], false);
    assert_eq!(target.ask().version(), 2);
    good(&machine, ("set", false), &absent);
    assert_eq!((target.ask().version(), later.ask().version()), (1, 1));
    assert_eq!(test(&machine, &absent), (true, vec![]));
    assert!(good(&machine, ("export", false), &json!({})).is_empty());
}

#[test]
fn what_is_pinned_is_taken_and_nothing_else() {
    let machine = Machine::new("dsc-pin.exe");
    let package = machine.package();
    let wrong = json!({"id": "two", "package": package.path(), "sha256": "ab".repeat(32)});
    let said = run(&machine, ("set", false), &wrong.to_string());
    assert_eq!((said.code, said.lines.len()), (5, 0), "{said:?}");
    let other = json!({"id": "three", "package": package.path()});
    let said = run(&machine, ("set", false), &other.to_string());
    assert_eq!(said.code, 5, "{said:?}");
    let nowhere = json!({"id": "three"});
    let said = run(&machine, ("set", false), &nowhere.to_string());
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stderr.contains("three"), "{said:?}");
    assert!(good(&machine, ("export", false), &json!({})).is_empty());
}

#[test]
fn what_is_no_instance_is_refused() {
    let machine = Machine::new("dsc-bad.exe");
    for input in [
        "",
        "{}",
        "no json",
        r#"{"id":"two","packge":"x"}"#,
        r#"{"id":"two","maxFreezeMs":60001}"#,
    ] {
        let said = run(&machine, ("get", false), input);
        assert_eq!((said.code, said.lines.len()), (2, 0), "{input}: {said:?}");
        assert!(!said.stderr.is_empty());
    }
}

#[test]
fn a_package_that_is_held_is_left_alone() {
    let machine = Machine::with_package("dsc-held.exe");
    let mut target = machine.start();
    machine.ends(&["store", "hold", "two"], 0);
    let instance = json!({"id": "two"});
    assert_eq!(test(&machine, &instance), (true, vec![]));
    let lines = good(&machine, ("set", false), &instance);
    assert_eq!(lines[0]["state"], "held");
    assert_eq!(target.ask().version(), 1);
}
