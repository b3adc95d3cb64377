//! The faces of the diff report: why a function changed, side by side, SARIF, HTML.

use serde_json::Value;

use super::support::{Folder, Run};
use super::{diff, fixture, server};

fn json(old: &str, new: &str, options: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(options);
    diff(&server(old), &server(new), &all).json()
}

fn changed<'r>(report: &'r Value, name: &str) -> &'r Value {
    let list = report["functions"]["changed"].as_array().unwrap();
    list.iter().find(|f| f["name"] == name).expect(name)
}

#[test]
fn the_first_difference_has_both_instructions_with_their_lines() {
    let report = json("old", "new", &[]);
    let first = &changed(&report, "handle_version")["first_difference"];
    assert_eq!(first["old"]["offset"], 0);
    assert_eq!(
        first["old"]["instruction"],
        "lea rdx, [rel \"OK line-server 1.4.2\"]"
    );
    assert_eq!(
        first["new"]["instruction"],
        "lea rdx, [rel \"OK line-server 1.4.3\"]"
    );
    assert_eq!(first["old"]["line"], 6);
    let file = first["old"]["file"].as_str().unwrap();
    assert!(file.ends_with("beat.c"), "{file}");
    let first = &changed(&report, "handle_beat")["first_difference"];
    assert_eq!(first["old"]["line"], 24);
    assert_eq!(first["new"]["line"], 31);
    assert!(
        changed(&report, "handle_beat")
            .get("side_by_side")
            .is_none()
    );
}

#[test]
fn one_function_is_shown_side_by_side() {
    let run = diff(&server("old"), &server("new"), &["--show", "handle_beat"]);
    let text = run.good();
    let at = text.find("\nhandle_beat\n").expect("its listing");
    let listing = &text[at..];
    assert!(listing.contains(" > +0x059  call refuse_beat\n"), "{text}");
    assert!(listing.contains("beat.c:24"), "{text}");
    assert!(!text.contains("\nhandle_version\n"), "{text}");

    let report = json("old", "new", &["--show", "handle_beat"]);
    let rows = &changed(&report, "handle_beat")["side_by_side"];
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().any(|r| r["same"] == true));
    let added = rows.iter().filter(|r| r["old"].is_null());
    assert!(added.count() > 3);
    assert!(
        changed(&report, "handle_version")
            .get("side_by_side")
            .is_none()
    );
}

#[test]
fn all_functions_are_shown_side_by_side() {
    let report = json("msvc-old", "msvc-new", &["--side-by-side"]);
    for function in report["functions"]["changed"].as_array().unwrap() {
        let rows = function["side_by_side"].as_array().unwrap();
        let size = |side: &str| {
            let last = rows.iter().rev().find(|r| !r[side].is_null()).unwrap();
            last[side]["offset"].as_u64().unwrap()
        };
        assert!(size("old") < function["old_size"].as_u64().unwrap());
        assert!(size("new") < function["new_size"].as_u64().unwrap());
    }
}

#[test]
fn a_function_that_has_not_changed_cannot_be_shown() {
    let run = diff(&server("old"), &server("new"), &["--show", "reply_start"]);
    assert!(run.failed(2).contains("reply_start"), "{run:?}");
}

#[test]
fn only_diff_has_sarif_and_html() {
    let folder = Folder::new();
    for format in ["sarif", "html"] {
        let run = folder.run(&format!("explain HP301 --format {format}"));
        assert!(run.failed(2).contains("hotpatch diff"), "{run:?}");
    }
    let old = server("old");
    let run = diff(&old, &old, &["--format", "markdown"]);
    assert!(run.failed(2).contains("hotpatch explain"), "{run:?}");
}

#[test]
fn the_report_can_go_to_a_file() {
    let folder = Folder::new();
    let run = Run::of(
        folder
            .program()
            .arg("diff")
            .args([server("old"), server("new")])
            .args("--format html -o report.html".split_whitespace()),
    );
    assert_eq!(run.good(), "");
    let page = String::from_utf8(folder.read("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>"));
}

/// What SARIF 2.1.0 requires of a log with one run, and what code scanning needs.
fn check_sarif(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let artifacts = runs[0]["artifacts"].as_array().unwrap();
    assert!(artifacts.windows(2).all(|pair| pair[0] != pair[1]));
    let driver = &runs[0]["tool"]["driver"];
    assert_eq!(driver["name"], "hotpatch");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty());
        }
        assert!(is_level(&rule["defaultConfiguration"]["level"]));
    }
    for result in runs[0]["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(is_level(&result["level"]));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let locations = result["locations"].as_array().unwrap();
        assert_eq!(locations.len(), 1);
        let physical = &locations[0]["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/-._~:%".contains(c);
        assert!(!uri.is_empty() && uri.chars().all(allowed), "{uri}");
        if let Some(region) = physical.get("region") {
            assert!(region["startLine"].as_u64().unwrap() >= 1);
        }
    }
}

fn is_level(level: &Value) -> bool {
    ["none", "note", "warning", "error"]
        .iter()
        .any(|l| level == l)
}

#[test]
fn sarif_has_a_result_for_each_finding() {
    let run = diff(
        &server("old"),
        &server("new-unpatchable"),
        &["--format", "sarif"],
    );
    assert_eq!(run.exit, Some(4));
    let log = run.json();
    check_sarif(&log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let layout = results.iter().find(|r| r["ruleId"] == "HP305").unwrap();
    assert_eq!(layout["level"], "error");
    let logical = &layout["locations"][0]["logicalLocations"][0];
    assert_eq!(
        (&logical["name"], &logical["kind"]),
        (&"entry".into(), &"type".into())
    );
}

#[test]
fn sarif_of_a_good_pair_or_of_no_pair_is_a_log_as_well() {
    for (old, new) in [
        (server("old"), server("new")),
        (server("old"), server("same")),
        (fixture("refused/x86.exe"), fixture("refused/x86.exe")),
    ] {
        let log = diff(&old, &new, &["--format", "sarif"]).json();
        check_sarif(&log);
    }
}

/// Text of the page between its tags must be the only place where `<` stands for itself.
fn check_page(page: &str) {
    for needle in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(needle), "{needle}");
    }
    let mut open: Vec<&str> = Vec::new();
    let style = page.find("</style>").unwrap();
    let tags = page[style..].split('<').skip(1);
    for tag in tags {
        let name_end = tag.find(|c: char| !c.is_ascii_alphanumeric() && c != '/');
        let name = &tag[..name_end.unwrap_or(tag.len())];
        let empty = tag[..tag.find('>').expect("a tag's end")].ends_with('/');
        match name.strip_prefix('/') {
            Some("style" | "head") if open.is_empty() => {}
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{tag}"),
            None if empty || matches!(name, "col" | "meta" | "br") => {}
            None => open.push(name),
        }
    }
    // The document's own element was opened before the style sheet.
    assert_eq!(open, [""; 0]);
}

#[test]
fn the_page_is_self_contained_and_well_formed() {
    for (old, new) in [
        (server("old"), server("new")),
        (server("old"), server("new-unpatchable")),
        (server("old"), server("old")),
        (
            fixture("noise/old/noise.exe"),
            fixture("noise/new/noise.exe"),
        ),
        (fixture("refused/x86.exe"), fixture("refused/x86.exe")),
    ] {
        let run = diff(&old, &new, &["--format", "html"]);
        let page = run.stdout.replace("</html>", "");
        check_page(&page);
    }
}

#[test]
fn the_page_says_what_the_reviewer_needs() {
    let run = diff(
        &server("old"),
        &server("new-unpatchable"),
        &["--format", "html"],
    );
    let page = &run.stdout;
    let at = |needle: &str| page.find(needle).unwrap_or_else(|| panic!("{needle}"));
    assert!(at("<h1>Restart required</h1>") < at("HP305"));
    assert!(at("HP305") < at("<svg"));
    assert!(at("<svg") < at("id=\"functions\""));
    assert!(at("What to do:") < at("its size is 112 instead of 100 bytes") + 400);
    at("call text_length");
    at("<mark>0x70</mark>");
    at("beat.c:24");
}

#[test]
fn a_changed_type_lists_the_functions_that_touch_it() {
    let report = json("old", "new-unpatchable", &[]);
    let types = report["types"]["changed"].as_array().unwrap();
    assert_eq!(types[0]["name"], "entry");
    let functions = types[0]["functions"].as_array().unwrap();
    let of = |name: &str| functions.iter().find(|f| f["name"] == name).expect(name);
    for name in ["store_set", "store_get"] {
        assert_eq!(of(name)["status"], "changed");
        assert_eq!(of(name)["relation"], "is");
    }
    let through = of("store_get")["through"].as_array().unwrap();
    let ways: Vec<&str> = through.iter().filter_map(|t| t["what"].as_str()).collect();
    assert_eq!(
        ways,
        ["inlined find", "static variable entries", "variable entry"]
    );
    assert!(through.iter().all(|t| t["type"] == "entry"));
    let findings = report["verdict"]["findings"].as_array().unwrap();
    let layout = findings.iter().find(|f| f["code"] == "HP305").unwrap();
    let detail = layout["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("; store_set, store_get touch it"),
        "{detail}"
    );
    assert!(detail.contains("; new: "), "{detail}");

    let layout = &types[0]["layout"];
    assert_eq!([&layout["old_size"], &layout["new_size"]], [100, 112]);
    let of_members = |key: &str| -> Vec<&str> {
        let members = layout["members"].as_array().unwrap().iter();
        members.filter_map(|m| m[key].as_str()).collect()
    };
    assert_eq!(of_members("name"), ["last_read", "reads"]);
    assert_eq!(of_members("change"), ["came", "moved"]);
    assert_eq!(layout["members"][1]["old"]["offset"], 0x60);
    assert_eq!(layout["members"][1]["new"]["offset"], 0x68);
    assert_eq!(of("store_get")["in_patch"], true);
    let used = serde_json::json!(["last_read", "reads"]);
    assert_eq!(of("store_get")["members"], used);

    let (old, new) = (server("old"), server("new-unpatchable"));
    let text = diff(&old, &new, &[]).stdout;
    let came = "came     last_read (u64 at 0x60): code at that offset in store_get\n";
    assert!(text.contains(came), "{text}");
    assert!(
        text.contains("moved    reads (u32, 0x60 → 0x68)\n"),
        "{text}"
    );
    assert!(
        text.contains("functions that touch it: 2 changed\n"),
        "{text}"
    );
    let page = diff(&old, &new, &["--format", "html"]).stdout;
    assert!(page.contains("static variable entries"), "{page}");
    let came = "code at that offset in store_get";
    assert!(page.contains(came), "{page}");
}
