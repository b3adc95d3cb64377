//! Which share of a build could be hotpatched.

use serde_json::Value;

use super::support::{Folder, Run};
use super::{fixture, server};

fn coverage(image: &std::path::Path, options: &[&str]) -> Run {
    let folder = Folder::new();
    Run::of(folder.program().arg("coverage").arg(image).args(options))
}

fn json(image: &std::path::Path) -> Value {
    let run = coverage(image, &["--format", "json"]);
    assert_eq!(run.exit, Some(0), "{run:?}");
    run.json()
}

#[test]
fn the_shares_add_up() {
    for variant in ["old", "msvc-old"] {
        let report = json(&server(variant));
        assert_eq!(report["schema"], "hotpatch.coverage/1");
        let count = |shares: &Value, field: &str| shares[field].as_u64().unwrap();
        let all = &report["functions"];
        let parts = ["patchable", "at_risk", "not_patchable"];
        let sum: u64 = parts.iter().map(|p| count(all, p)).sum();
        assert_eq!(sum, count(all, "total"));
        let sizes = report["by_size"].as_array().unwrap();
        for field in ["total", "patchable", "total_bytes"] {
            let sum: u64 = sizes.iter().map(|s| count(&s["functions"], field)).sum();
            assert_eq!(sum, count(all, field), "{field}");
        }
        assert!(count(all, "patchable") * 10 > count(all, "total") * 8);
    }
}

#[test]
fn a_function_that_never_returns_is_a_risk_with_its_name() {
    let report = json(&server("old"));
    let reasons = report["reasons"].as_array().unwrap();
    let never = reasons.iter().find(|r| r["code"] == "HP217").unwrap();
    assert_eq!(never["severity"], "risk");
    let examples = never["examples"].as_array().unwrap();
    assert!(examples.iter().any(|e| e["name"] == "accept_forever"));
}

#[test]
fn it_agrees_with_the_plan() {
    // What `diff` finds patchable, `coverage` of the old build must find patchable.
    let report = json(&server("old"));
    let text = report["reasons"].to_string();
    for name in ["handle_beat", "handle_version"] {
        assert!(!text.contains(name), "{text}");
    }
}

#[test]
fn text_has_the_share_first_and_advice_last() {
    let run = coverage(&server("old"), &[]);
    let text = run.good();
    assert!(text.contains(" functions could be patched ("), "{text}");
    assert!(text.contains("\nWhat would help\n"), "{text}");
    assert!(text.contains("-ffunction-sections"), "{text}");
    let msvc = coverage(&server("msvc-old"), &[]);
    assert!(!msvc.good().contains("/Gy"), "{msvc:?}");
}

#[test]
fn an_image_of_another_kind_has_no_function_to_patch() {
    let run = coverage(&fixture("refused/x86.exe"), &[]);
    let text = run.good();
    assert!(text.starts_with("No function can be patched"), "{text}");
    assert!(text.contains("HP101"), "{text}");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let run = coverage(&fixture("README.md"), &[]);
    assert!(run.failed(1).contains("README.md"), "{run:?}");
}
