//! The DSC resource as far as it is no matter of processes: its schema and its manifest.
//! `tests/apply/dsc.rs` calls it.

use serde_json::{Value, json};

use super::support::Folder;

fn manifest() -> Value {
    serde_json::from_str(include_str!(
        "../../examples/dsc/hotpatch.dsc.resource.json"
    ))
    .unwrap()
}

#[test]
fn the_schema_is_one_line_and_the_published_one() {
    let run = Folder::new().run("dsc schema");
    let line = run.good();
    assert_eq!(line.lines().count(), 1);
    let schema: Value = serde_json::from_str(line).unwrap();
    let published = include_str!("../../examples/schemas/dsc-instance.json");
    assert_eq!(schema, serde_json::from_str::<Value>(published).unwrap());
    assert_eq!(schema["required"], json!(["id"]));
    for name in ["state", "processes", "exposed", "blocked", "cves", "onDisk"] {
        assert_eq!(schema["properties"][name]["readOnly"], true, "{name}");
    }
    // The engine judges what is answered by it: nothing may be missing, and nothing else come in.
    assert_eq!(schema["additionalProperties"], false);
    for name in ["_exist", "_inDesiredState", "_restartRequired"] {
        assert!(!schema["properties"][name].is_null(), "{name}");
    }
}

#[test]
fn the_manifest_calls_commands_that_there_are() {
    let manifest = manifest();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    let folder = Folder::new();
    let methods = ["get", "set", "test", "export"].map(|name| &manifest[name]);
    for method in methods.into_iter().chain([&manifest["schema"]["command"]]) {
        assert_eq!(method["executable"], "hotpatch");
        let words = method["args"].as_array().unwrap().iter();
        let words: Vec<&str> = words
            .map(|w| w.as_str().or_else(|| w["whatIfArg"].as_str()).unwrap())
            .collect();
        folder.run(&format!("{} --help", words.join(" "))).good();
    }
    assert_eq!(manifest["set"]["return"], "stateAndDiff");
    assert_eq!(manifest["test"]["return"], "stateAndDiff");
}

#[test]
fn the_manifest_has_every_exit_code() {
    let codes = Folder::new()
        .run("explain --exit-codes --format json")
        .json();
    let codes = codes["exit_codes"].as_array().unwrap();
    let manifest = manifest();
    let meanings = manifest["exitCodes"].as_object().unwrap();
    assert_eq!(codes.len(), meanings.len());
    for code in codes {
        let meaning = code["meaning"].as_str().unwrap();
        let said = meanings[&code["code"].to_string()].as_str().unwrap();
        assert!(meaning.starts_with(said), "{said}");
    }
}

#[cfg(not(windows))]
#[test]
fn the_rest_needs_windows() {
    let run = Folder::new().run("dsc get");
    assert!(run.failed(1).contains("hotpatch.exe"), "{run:?}");
}
