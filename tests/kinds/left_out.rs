//! What `build` says where the version is left out.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::build::{self, Abi};
use crate::case::Case;

/// Runs the program.
fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(crate::program());
    command.args(arguments).output().expect("the program runs")
}

#[test]
fn only_what_differs_in_the_version_alone_is_left_out() {
    let name = "version_left_out";
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds/cases");
    let case = Case::read(&cases.join(name));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kinds-left-out");
    let _ = std::fs::remove_dir_all(&folder);
    let image = |is_new: bool| {
        let which = if is_new { "new" } else { "old" };
        let image = build::build(&case, Abi::Msvc, is_new, &folder.join(which));
        image.expect("the case builds").display().to_string()
    };
    let (old, new) = (image(false), image(true));
    let [key, package] = ["key.pem", "fix.hpk"].map(|f| folder.join(f).display().to_string());
    assert!(run(&["keygen", "--out", &key]).status.success());
    let build = |more: &[&str]| {
        let mut all = vec![
            "build", &old, &new, "--id", "kind", "--key", &key, "-o", &package,
        ];
        all.extend(more);
        run(&all)
    };
    for (wrong, problem) in [
        ("price", "price can't be left out"),
        ("start", "start has not changed"),
        ("pri", "no function with the name"),
    ] {
        let output = build(&["--leave-out", wrong]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(problem), "{said}");
    }
    assert!(build(&["--leave-out-version"]).status.success());
    let inspected = run(&["inspect", &package, "--format", "json"]);
    let report: Value = serde_json::from_slice(&inspected.stdout).expect("a report");
    let manifest = &report["manifest"];
    let version = json!({ "old": "2.5.11", "new": "2.5.12" });
    assert_eq!(manifest["version"], version);
    assert_eq!(manifest["build"]["options"]["leave_out_version"], true);
    let left_out = manifest["left_out"].as_array().expect("a list");
    let names: Vec<&Value> = left_out.iter().map(|f| &f["name"]).collect();
    assert_eq!(names, ["fill", "number", "text"]);
    assert_eq!(
        left_out[0]["reason"],
        "part 3 of the file version 11 → 12 at +0x14"
    );
    let said = report["package"]["version"].as_str().expect("a text");
    assert!(said.starts_with("2.5.11 on disk"), "{said}");

    let compared = run(&[
        "diff",
        &old,
        &new,
        "--leave-out-version",
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_slice(&compared.stdout).expect("a report");
    let account = &report["account"];
    let sizes = report["functions"]["left_out"].as_array().expect("a list");
    let code: u64 = sizes.iter().filter_map(|f| f["size"].as_u64()).sum();
    let text = "lib/2.5.11 (x64)".len() as u64 + 1;
    assert_eq!(account["old"]["left_out"], code + text);
    assert_eq!(account["new"]["left_out"], code + text);
    assert_eq!(account["unexplained_count"], 0);
}
