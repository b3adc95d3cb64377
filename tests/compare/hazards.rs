//! Changes that a patch cannot bring along, each reported under its code.

use super::{diff, fixture};

/// The details of the findings with one code.
fn findings(old: &str, new: &str, code: &str) -> Vec<String> {
    let image = |variant: &str| fixture(&format!("hazards/{variant}/hazards.exe"));
    let report = diff(&image(old), &image(new), &["--format", "json"]).json();
    let all = report["verdict"]["findings"].as_array().unwrap();
    let of_code = all.iter().filter(|f| f["code"] == code);
    of_code
        .map(|f| {
            let subject = f["subject"].as_str().unwrap_or("image");
            format!("{subject}: {}", f["detail"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn new_initialisers_are_start_up_code() {
    for (prefix, list) in [
        ("", "list of C++ initialisers"),
        ("gnu-", "list of constructors"),
    ] {
        let found = findings(
            &format!("{prefix}old"),
            &format!("{prefix}new-initialiser"),
            "HP214",
        );
        let listed = format!("image: late is new in the {list}, which has run already");
        assert!(found.contains(&listed), "{found:?}");
        let changed = "_GLOBAL__sub_I_main.cpp: it initialises static data";
        assert!(found.iter().any(|f| f.starts_with(changed)), "{found:?}");
    }
}

#[test]
fn new_thrown_types_are_refused() {
    let found = findings("old", "new-thrown", "HP309");
    assert!(
        found.iter().any(|f| f.starts_with("_TI1?AUFailure@@: ")),
        "{found:?}"
    );
    assert_eq!(findings("old", "new-unnamed", "HP309"), [""; 0]);
}

#[test]
fn unnamed_writable_data_is_compared() {
    let found = findings("old", "new-unnamed", "HP307");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("image: table.o: 16 bytes differ (at 0x"),
        "{found:?}"
    );
    assert_eq!(findings("old", "new-thrown", "HP307"), [""; 0]);
}

#[test]
fn what_is_gone_is_reported() {
    let removed = findings("new-initialiser", "old", "HP303");
    assert!(
        removed.iter().any(|f| f.starts_with("second: ")),
        "{removed:?}"
    );
    let removed = findings("new-initialiser", "old", "HP234");
    assert!(
        removed.iter().any(|f| f.starts_with("late: ")),
        "{removed:?}"
    );
    let unlisted = findings("new-initialiser", "old", "HP214");
    let expected = "image: late is no longer in the list of C++ initialisers".to_owned();
    assert!(unlisted.contains(&expected), "{unlisted:?}");
}

#[test]
fn static_variables_of_an_inlined_function_stay_the_same() {
    for prefix in ["", "gnu-"] {
        let image = |variant: &str| fixture(&format!("hazards/{prefix}{variant}/hazards.exe"));
        for (old, new) in [("old", "new-inlined"), ("new-inlined", "old")] {
            let report = diff(&image(old), &image(new), &["--format", "json"]).json();
            let none = serde_json::json!([]);
            assert_eq!(report["data"]["added"], none, "{prefix}{old}");
            assert_eq!(report["data"]["removed"], none, "{prefix}{old}");
            let counted = if old == "old" { "removed" } else { "added" };
            let functions = report["functions"][counted].as_array().unwrap();
            assert_eq!(functions[0]["name"], "counted");
        }
    }
}
