//! Functions that differ in nothing but line numbers.

use serde_json::Value;

use super::{diff, fixture};

fn compare(prefix: &str, options: &[&str]) -> Value {
    let image = |variant: &str| fixture(&format!("noise/{prefix}{variant}/noise.exe"));
    let mut all = vec!["--format", "json"];
    all.extend(options);
    let run = diff(&image("old"), &image("new"), &all);
    assert_eq!(run.exit, Some(0), "{run:?}");
    run.json()
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    let mut names: Vec<&str> = list.iter().filter_map(|f| f["name"].as_str()).collect();
    names.sort_unstable();
    names
}

const NOISE: [&str; 6] = [
    "check_header",
    "check_held",
    "check_inlined",
    "check_range",
    "check_traced",
    "check_twice",
];
// Nothing says that what `check_logged` passes is a line: no file's name, and no other call.
const CHANGED: [&str; 6] = [
    "check_fixed",
    "check_held_limit",
    "check_held_reason",
    "check_limit",
    "check_logged",
    "check_reason",
];

#[test]
fn line_numbers_are_no_change_and_everything_else_is() {
    for prefix in ["", "msvc-"] {
        let functions = &compare(prefix, &[])["functions"];
        assert_eq!(names(&functions["noise"]), NOISE, "{prefix}");
        assert_eq!(names(&functions["changed"]), CHANGED, "{prefix}");
    }
}

#[test]
fn it_can_be_switched_off() {
    let functions = &compare("", &["--keep-line-numbers"])["functions"];
    assert_eq!(functions["noise"], serde_json::json!([]));
    let mut all = [NOISE.as_slice(), &CHANGED].concat();
    all.sort_unstable();
    assert_eq!(names(&functions["changed"]), all);
}

#[test]
fn every_line_number_is_listed_with_its_file() {
    let report = compare("", &[]);
    let noise = report["functions"]["noise"].as_array().unwrap();
    let numbers = |name: &str| -> Vec<(u64, u64)> {
        let function = noise.iter().find(|n| n["name"] == name).unwrap();
        let list = function["line_numbers"].as_array().unwrap();
        assert!(list.iter().all(|n| n["file"] == "checks.c"));
        list.iter()
            .map(|n| {
                (
                    n["old_line"].as_u64().unwrap(),
                    n["new_line"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    assert_eq!(numbers("check_range"), [(9, 12)]);
    // The last line of a macro over several lines.
    assert_eq!(numbers("check_header"), [(20, 23)]);
    // The line of the function that is inlined.
    assert!(numbers("check_inlined").iter().all(|n| *n == (28, 31)));
    // Before a call that comes between them and the one that gets them.
    assert_eq!(numbers("check_held").len(), 2);
    let mut twice = numbers("check_twice");
    twice.sort_unstable();
    assert_eq!(twice, [(56, 59), (58, 61), (59, 62)]);
}

#[test]
fn text_lists_them_apart() {
    let image = |variant: &str| fixture(&format!("noise/{variant}/noise.exe"));
    let run = diff(&image("old"), &image("new"), &[]);
    let text = run.good();
    assert!(text.starts_with("Patchable: 6 functions changed"), "{text}");
    assert!(text.contains("\nOnly line numbers differ (6)\n"), "{text}");
    assert!(
        text.contains("  check_header: checks.c 20 → 23\n"),
        "{text}"
    );
}
