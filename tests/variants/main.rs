//! One program, compiled and linked in many ways: what the linker can do to an image or a
//! PDB is no change, and a fix is found in all of them.
#![cfg(target_os = "linux")]

mod build;

use std::path::Path;
use std::process::Command;

use build::{Variant, Workshop};
use serde_json::Value;

/// What `FIX` changes in the source.
const FIXED: &[&str] = &["Derived::get", "local_reader", "parse"];

/// Variants of the link alone.
const LINKS: &[(&str, &[&str])] = &[
    ("plain", &[]),
    ("unreferenced code left out", &["/opt:ref,noicf"]),
    ("identical functions folded", &["/opt:icf"]),
    ("delay-loaded imports", &["/delayload:kernel32.dll"]),
    ("PDB pages of 8 KB", &["/pdbpagesize:8192"]),
    ("PDB pages of 16 KB", &["/pdbpagesize:16384"]),
    ("PDB pages of 32 KB", &["/pdbpagesize:32768"]),
    ("types hashed by the linker", &["/debug:ghash"]),
    ("sections of 8 KB", &["/align:8192", "/driver"]),
    ("a DLL", &["/dll", "/export:parse", "/export:dispatch"]),
];

/// Variants of compiler and link.
const BUILDS: &[(&str, &[&str], &[&str])] = &[
    (
        "control flow guard",
        &["-Xclang", "-cfguard"],
        &["/guard:cf"],
    ),
    (
        "all guards",
        &["-Xclang", "-cfguard", "-Xclang", "-ehcontguard"],
        &["/guard:cf,longjmp,ehcont"],
    ),
    ("thin link-time optimisation", &["-flto=thin"], &[]),
    ("full link-time optimisation", &["-flto"], &[]),
    (
        "room for hotpatches",
        &["-fms-hotpatch"],
        &["/functionpadmin:6"],
    ),
    ("no optimisation", &["-O0"], &[]),
];

/// The report of `hotpatch diff`, and its exit code.
fn diff(old: &Path, new: &Path) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_hotpatch"))
        .args(["diff", "--format", "json"])
        .args([old, new])
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|e| panic!("{e}: {output:?}"));
    (output.status.code(), report)
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    let mut names: Vec<String> = list
        .map(|f| f["name"].as_str().expect("a name").to_owned())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn assert_same(what: &str, old: &Path, new: &Path) -> Value {
    let (exit, report) = diff(old, new);
    assert_eq!(exit, Some(3), "{what}: {report:#}");
    assert_eq!(report["verdict"]["status"], "unchanged", "{what}");
    for kind in ["functions", "data"] {
        for list in ["changed", "added", "removed"] {
            assert_eq!(report[kind][list], Value::Array(vec![]), "{what}: {kind}");
        }
    }
    report
}

#[track_caller]
fn assert_fixed(what: &str, old: &Path, new: &Path, expected: &[&str]) -> Value {
    let (_, report) = diff(old, new);
    let functions = &report["functions"];
    assert_eq!(names(&functions["changed"]), expected, "{what}");
    for list in ["added", "removed"] {
        assert_eq!(names(&functions[list]), [""; 0], "{what}: {list}");
    }
    report
}

/// Links a variant twice, and once with the fix.
fn check(variant: &Variant) {
    let workshop = Workshop::new();
    let what = variant.name;
    let old = workshop.build(variant, "old", &[], false);
    let moved = workshop.build(variant, "moved", &[], true);
    let fixed = workshop.build(variant, "fixed", &["-DFIX"], true);
    variant.assert_effect(&old);
    let report = assert_same(what, &old, &moved);
    let count = report["functions"]["unchanged"].as_u64().expect("a count");
    if variant.link.contains(&"/opt:icf") {
        assert!(count < 30, "{what}: {count} functions after folding");
    } else {
        assert!(count > 35, "{what}: {count} functions");
    }
    assert_fixed(what, &moved, &fixed, FIXED);
    assert_fixed(what, &old, &fixed, FIXED);
}

#[test]
fn however_it_is_linked() {
    for (name, link) in LINKS {
        check(&Variant {
            name,
            compile: &[],
            link,
        });
    }
}

#[test]
fn however_it_is_compiled() {
    for (name, compile, link) in BUILDS {
        check(&Variant {
            name,
            compile,
            link,
        });
    }
}

/// The PDB's pages and the kind of its type hashes say nothing about the code.
#[test]
fn however_the_pdb_is_written() {
    let workshop = Workshop::new();
    let plain = Variant {
        name: "plain",
        compile: &[],
        link: &[],
    };
    let old = workshop.build(&plain, "old", &[], false);
    for link in [
        &["/pdbpagesize:8192"][..],
        &["/debug:ghash"],
        &["/pdbpagesize:32768"],
    ] {
        let variant = Variant {
            name: "another PDB",
            link,
            ..plain
        };
        let folder = link[0].replace(['/', ':'], "-");
        let new = workshop.build(&variant, &folder, &[], true);
        assert_same(link[0], &old, &new);
    }
}

#[test]
fn a_changed_function_among_folded_ones_comes_with_its_callers() {
    let workshop = Workshop::new();
    let folded = Variant {
        name: "folded",
        compile: &[],
        link: &["/opt:icf"],
    };
    let old = workshop.build(&folded, "old", &[], false);
    let new = workshop.build(&folded, "new", &["-DFIX_SAME"], true);
    let report = diff(&old, &new).1;
    let functions = &report["functions"];
    // A jump leads there from the one, and the other calls all of them.
    assert_eq!(names(&functions["changed"]), ["start", "through_thunk"]);
    assert_eq!(names(&functions["added"]), ["same_13"]);
    let findings = report["verdict"]["findings"].as_array().unwrap();
    let codes: Vec<&str> = findings.iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(
        codes.contains(&"HP229") && !codes.contains(&"HP213"),
        "{codes:?}"
    );
    // Where nothing was folded it is an ordinary change.
    let plain = Variant {
        name: "plain",
        link: &[],
        ..folded
    };
    let old = workshop.build(&plain, "old-plain", &[], false);
    let new = workshop.build(&plain, "new-plain", &["-DFIX_SAME"], true);
    let report = assert_fixed("not folded", &old, &new, &["same_13"]);
    assert_eq!(report["verdict"]["status"], "patchable", "{report:#}");
}

/// A jump without a procedure record leads somewhere else.
#[test]
fn thunks_without_a_record_are_compared() {
    let workshop = Workshop::new();
    let plain = Variant {
        name: "thunks",
        compile: &[],
        link: &[],
    };
    let old = workshop.build(&plain, "old", &[], false);
    let new = workshop.build(&plain, "new", &["-Wa,-defsym,RETARGET=1"], true);
    let report = diff(&old, &new).1;
    let changed = names(&report["functions"]["changed"]);
    assert_eq!(changed, ["through_thunk"], "{report:#}");
}

/// The static of a function that is now inlined elsewhere, too, is the same variable.
#[test]
fn statics_of_inlined_functions_stay_what_they_are() {
    let workshop = Workshop::new();
    let plain = Variant {
        name: "inlined",
        compile: &[],
        link: &[],
    };
    let old = workshop.build(&plain, "old", &[], false);
    let new = workshop.build(&plain, "new", &["-DINLINED"], true);
    let report = assert_fixed("inlined", &old, &new, &["dispatch", "start"]);
    for list in ["changed", "added", "removed"] {
        assert_eq!(names(&report["data"][list]), [""; 0], "{list}");
    }
}
