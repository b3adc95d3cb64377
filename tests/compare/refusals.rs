//! Inputs that cannot be compared, or must not be patched.

use super::support::{Folder, Run};
use super::{diff, fixture, server};

#[test]
fn images_of_another_kind_are_refused_by_name() {
    for (file, code, word) in [
        ("x86.exe", "HP101", "x86"),
        ("arm64.exe", "HP101", "ARM64"),
        ("managed.exe", "HP102", "CLR"),
        ("kernel.sys", "HP103", "kernel-mode"),
    ] {
        let path = fixture(&format!("refused/{file}"));
        let run = diff(&path, &path, &[]);
        assert_eq!(run.exit, Some(4), "{file}: {run:?}");
        assert!(
            run.stdout.contains(code) && run.stdout.contains(word),
            "{}",
            run.stdout
        );
        let json = diff(&path, &path, &["--format", "json"]).json();
        assert_eq!(json["verdict"]["status"], "restart-required", "{file}");
        assert_eq!(json["verdict"]["findings"][0]["code"], code, "{file}");
    }
}

#[test]
fn a_pdb_without_procedures_proves_nothing() {
    let path = fixture("refused/no-procedures.exe");
    let run = diff(&path, &path, &["--format", "json"]);
    assert_eq!(run.exit, Some(4), "{run:?}");
    let report = run.json();
    let findings = report["verdict"]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["code"] == "HP111"), "{report:#}");
}

#[test]
fn the_pdb_of_another_build_is_refused_with_both_guids() {
    let pdb = fixture("server/new/server.pdb");
    let pdb = pdb.to_str().unwrap();
    let run = diff(&server("old"), &server("new"), &["--old-pdb", pdb]);
    let message = run.failed(1);
    let own = guid(&server("old"));
    let other = guid(&server("new"));
    assert!(
        message.contains(&own) && message.contains(&other),
        "{message}"
    );
    assert!(message.contains("hint:"), "{message}");
}

/// The GUID in an image's debug record, by way of the report.
fn guid(image: &std::path::Path) -> String {
    let report = diff(image, image, &["--format", "json"]).json();
    report["old"]["pdb_guid"].as_str().unwrap().to_owned()
}

#[test]
fn a_missing_pdb_says_where_it_was_looked_for() {
    let folder = Folder::new();
    let bytes = std::fs::read(server("old")).unwrap();
    folder.write("server.exe", &bytes);
    let run = folder.run("diff server.exe server.exe");
    let message = run.failed(1);
    assert!(
        message.contains("server.pdb") && message.contains("--old-pdb"),
        "{message}"
    );
}

#[test]
fn what_is_no_image_is_an_error() {
    let folder = Folder::new();
    folder.write("empty", b"");
    folder.write("text", b"MZ is how it begins, and that is all");
    for name in ["empty", "text", "missing"] {
        let run = folder.run(&format!("diff {name} {name}"));
        assert!(run.failed(1).contains(name), "{run:?}");
        let run = folder.run(&format!("diff {name} {name} --format json"));
        assert_eq!(run.exit, Some(1));
        assert_eq!(run.json()["schema"], "hotpatch.error/1");
    }
}

#[test]
fn only_risks_can_be_accepted() {
    let old = server("old");
    for code in ["HP305", "HP999", "nonsense"] {
        let run = diff(&old, &old, &["--accept", code]);
        assert!(run.failed(2).contains("--all"), "{run:?}");
    }
}

#[test]
fn a_refusal_writes_no_package() {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let run = Run::of(
        folder
            .program()
            .arg("build")
            .args([server("old"), server("new-unpatchable")])
            .args("-o out.hpk --key k.pem --id X".split_whitespace()),
    );
    assert_eq!(run.exit, Some(4), "{run:?}");
    assert!(run.stdout.starts_with("No package was written."), "{run:?}");
    assert!(!folder.path("out.hpk").exists());
}
