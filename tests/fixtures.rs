//! Every fixture is what fixtures/README.md says it is, through the real program.

#[path = "support/start.rs"]
mod start;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

fn fixture(path: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("fixtures").join(path);
    assert!(file.is_file(), "{} is missing", file.display());
    file
}

/// Runs `hotpatch diff --format json` and returns its exit code and its document.
fn diff(old: &str, new: &str) -> (i32, Value) {
    let diff = || {
        Command::new(env!("CARGO_BIN_EXE_hotpatch"))
            .args(["diff", "--format", "json"])
            .args([fixture(old), fixture(new)])
            .output()
    };
    let output = start::started(diff).expect("hotpatch starts");
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{old} and {new}: no JSON document on stdout: {e}\n{output:?}");
    });
    (output.status.code().expect("an exit code"), document)
}

/// A field of every element of a list, sorted.
fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().expect("a list");
    let mut values: Vec<&str> = list.iter().map(|e| e[field].as_str().unwrap()).collect();
    values.sort_unstable();
    values
}

fn codes(document: &Value) -> Vec<&str> {
    let mut codes = each(&document["verdict"]["findings"], "code");
    codes.dedup();
    codes
}

fn assert_is_the_fix(old: &str, new: &str) {
    let (exit, document) = diff(old, new);
    let functions = &document["functions"];
    assert_eq!(
        each(&functions["changed"], "name"),
        ["handle_beat", "handle_version"]
    );
    assert_eq!(each(&functions["added"], "name"), ["refuse_beat"]);
    assert_eq!(functions["removed"].as_array().map(Vec::len), Some(0));
    assert_eq!(document["verdict"]["status"], "patchable");
    assert_eq!(codes(&document), [""; 0]);
    assert_eq!(exit, 0);
}

fn assert_is_refused(image: &str, code: &str) {
    let (exit, document) = diff(image, image);
    assert_eq!(codes(&document), [code]);
    assert_eq!(document["verdict"]["status"], "restart-required");
    assert_eq!(exit, 4);
}

#[test]
fn the_fix_changes_two_functions_and_adds_one() {
    assert_is_the_fix("server/old/server.exe", "server/new/server.exe");
}

#[test]
fn the_fix_is_the_same_in_microsofts_abi() {
    assert_is_the_fix("server/msvc-old/server.exe", "server/msvc-new/server.exe");
}

#[test]
fn a_build_that_only_moved_is_unchanged() {
    let (exit, document) = diff("server/old/server.exe", "server/same/server.exe");
    for kind in ["changed", "added", "removed"] {
        assert_eq!(
            document["functions"][kind].as_array().map(Vec::len),
            Some(0)
        );
        assert_eq!(document["data"][kind].as_array().map(Vec::len), Some(0));
    }
    assert_eq!(document["verdict"]["status"], "unchanged");
    assert_eq!(exit, 3);
}

#[test]
fn a_changed_layout_with_live_instances_needs_a_restart() {
    let (exit, document) = diff("server/old/server.exe", "server/new-unpatchable/server.exe");
    assert_eq!(each(&document["types"]["changed"], "name"), ["entry"]);
    assert_eq!(each(&document["data"]["changed"], "name"), ["entries"]);
    assert_eq!(codes(&document), ["HP302", "HP305"]);
    assert_eq!(document["verdict"]["status"], "restart-required");
    assert_eq!(exit, 4);
}

#[test]
fn a_32_bit_image_is_refused() {
    assert_is_refused("refused/x86.exe", "HP101");
}

#[test]
fn an_arm64_image_is_refused() {
    assert_is_refused("refused/arm64.exe", "HP101");
}

#[test]
fn a_managed_image_is_refused() {
    assert_is_refused("refused/managed.exe", "HP102");
}

#[test]
fn a_kernel_image_is_refused() {
    assert_is_refused("refused/kernel.sys", "HP103");
}

#[test]
fn a_pdb_without_procedures_is_refused() {
    assert_is_refused("refused/no-procedures.exe", "HP111");
}

#[test]
fn the_pdb_of_another_build_is_an_error() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hotpatch"));
    program
        .args(["diff", "--format", "json", "--old-pdb"])
        .arg(fixture("server/new/server.pdb"))
        .args([
            fixture("server/old/server.exe"),
            fixture("server/new/server.exe"),
        ]);
    let output = start::started(|| program.output()).expect("hotpatch starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("a JSON document");
    assert_eq!(document["schema"], "hotpatch.error/1");
    let message = document["message"].as_str().expect("a message");
    assert!(message.contains("another build"), "{message}");
}
