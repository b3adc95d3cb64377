//! What changed, and what merely moved.

use serde_json::Value;

use super::{diff, server};

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    let mut names: Vec<&str> = list.iter().filter_map(|f| f["name"].as_str()).collect();
    names.sort_unstable();
    names
}

fn compare(old: &str, new: &str, exit: i32) -> Value {
    let run = diff(&server(old), &server(new), &["--format", "json"]);
    assert_eq!(run.exit, Some(exit), "{run:?}");
    let report = run.json();
    assert_eq!(report["schema"], "hotpatch.diff/1");
    report
}

#[test]
fn a_fix_is_two_changed_functions_and_a_new_one() {
    for prefix in ["", "msvc-"] {
        let report = compare(&format!("{prefix}old"), &format!("{prefix}new"), 0);
        let functions = &report["functions"];
        assert_eq!(
            names(&functions["changed"]),
            ["handle_beat", "handle_version"]
        );
        assert_eq!(names(&functions["added"]), ["refuse_beat"]);
        assert_eq!(names(&functions["removed"]), [""; 0]);
        assert_eq!(report["verdict"]["status"], "patchable");
        assert_eq!(report["types"]["changed"], serde_json::json!([]));
    }
}

#[test]
fn an_image_is_the_same_as_itself() {
    for variant in [
        "old",
        "new",
        "same",
        "new-unpatchable",
        "msvc-old",
        "msvc-new",
    ] {
        let report = compare(variant, variant, 3);
        assert_eq!(report["verdict"]["status"], "unchanged", "{variant}");
        assert_eq!(
            report["verdict"]["findings"],
            serde_json::json!([]),
            "{variant}"
        );
    }
}

#[test]
fn what_merely_moved_has_not_changed() {
    let report = compare("old", "same", 3);
    assert_eq!(names(&report["functions"]["changed"]), [""; 0]);
    assert_eq!(names(&report["functions"]["added"]), [""; 0]);
    assert_eq!(report["data"]["changed"], serde_json::json!([]));
}

#[test]
fn a_grown_structure_is_refused_with_its_sizes() {
    let report = compare("old", "new-unpatchable", 4);
    assert_eq!(report["verdict"]["status"], "restart-required");
    assert_eq!(names(&report["types"]["changed"]), ["entry"]);
    let findings = report["verdict"]["findings"].as_array().unwrap();
    let layout = findings
        .iter()
        .find(|f| f["code"] == "HP305")
        .expect("HP305");
    assert_eq!(layout["subject"], "entry");
    assert_eq!(
        layout["detail"],
        "its size is 112 instead of 100 bytes; new: last_read (u64) at offset 0x60; \
         1 other member moved; store_set, store_get touch it"
    );
    assert!(layout["remedy"].as_str().is_some_and(|r| !r.is_empty()));
}

#[test]
fn addresses_and_sizes_are_those_of_the_symbols() {
    let report = compare("old", "new", 0);
    let changed = report["functions"]["changed"].as_array().unwrap();
    let beat = changed.iter().find(|f| f["name"] == "handle_beat").unwrap();
    assert_eq!(beat["linkage_name"], "handle_beat");
    assert_eq!(beat["old_rva"], "0x1be0");
    assert_eq!(beat["old_size"], 140);
    assert_eq!(beat["new_size"], 153);
    assert!(report["timings_ms"]["total"].is_u64());
}

#[test]
fn text_gives_the_verdict_first() {
    let run = diff(&server("old"), &server("new"), &[]);
    assert!(
        run.good().starts_with("Patchable: 2 functions changed"),
        "{run:?}"
    );
    let run = diff(&server("old"), &server("old"), &[]);
    assert_eq!(run.exit, Some(3));
    assert!(run.stdout.starts_with("Unchanged"), "{run:?}");
}

#[test]
fn a_changed_string_alone_is_found_by_its_content() {
    let run = diff(&server("old"), &server("new"), &[]);
    let expected = "refers to the string \"OK line-server 1.4.3\" instead of the string \"OK line-server 1.4.2\"";
    assert!(run.stdout.contains(expected), "{}", run.stdout);
}
