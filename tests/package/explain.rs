//! `hotpatch explain`.

use super::support::Folder;
use super::support::start::started;

#[test]
fn one_finding_at_length() {
    let folder = Folder::new();
    let run = folder.run("explain hp301");
    let text = run.good();
    assert!(text.starts_with("HP301: initial value of writable data changed\n"));
    assert!(text.contains("--accept HP301") && text.contains("What to do: "));
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let run = folder.run("explain HP301 --format json");
    run.good();
    let report = run.json();
    assert_eq!(report["schema"], "hotpatch.explain/1");
    assert_eq!(report["rules"][0]["code"], "HP301");
    assert_eq!(report["rules"][0]["severity"], "risk");
}

#[test]
fn all_findings() {
    let folder = Folder::new();
    let list = folder.run("explain");
    let count = hotpatch::finding::rules::all().count();
    assert_eq!(list.good().lines().count(), count);
    assert_eq!(list.stdout, folder.run("explain --all").good());
    let run = folder.run("explain --all --format json");
    assert_eq!(run.json()["rules"].as_array().unwrap().len(), count);
}

#[test]
fn exit_codes() {
    let run = Folder::new().run("explain --exit-codes --format json");
    run.good();
    assert_eq!(run.json()["exit_codes"][5]["code"], 5);
}

#[test]
fn an_unknown_code_is_a_usage_error() {
    let folder = Folder::new();
    assert!(folder.run("explain HP999").failed(2).contains("HP999"));
    let run = folder.run("explain HP999 --format json");
    assert_eq!(
        (run.exit, run.json()["exit_code"].as_i64()),
        (Some(2), Some(2))
    );
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    for args in ["explain", "explain --format json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = Folder::new().program();
        program.args(args.split_whitespace()).current_dir(".");
        let child = program.stdout(writer).stderr(std::process::Stdio::piped());
        let child = started(|| child.spawn()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut program = Folder::new().program();
    let status = program
        .arg("explain")
        .current_dir(".")
        .stdout(full)
        .stderr(std::process::Stdio::null());
    assert_eq!(status.status().unwrap().code(), Some(1));
}
