//! Names that try to act on a terminal or in a browser.

use super::support::{Folder, Run};
use super::{fixture, server};

/// As long as `handle_beat`, which it takes the place of.
const HOSTILE: &[u8] = b"<script>\x1b[m";

/// A folder with the server's old and new build, in whose PDBs `handle_beat` is called
/// [`HOSTILE`].
fn folder() -> Folder {
    let folder = Folder::new();
    for variant in ["old", "new"] {
        let image = std::fs::read(server(variant)).unwrap();
        let mut pdb = std::fs::read(fixture(&format!("server/{variant}/server.pdb"))).unwrap();
        replace(&mut pdb, b"handle_beat", HOSTILE);
        folder.write(&format!("{variant}.exe"), &image);
        folder.write(&format!("{variant}.pdb"), &pdb);
    }
    folder
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(from.len()).position(|w| w == from) {
        at += found;
        bytes[at..at + to.len()].copy_from_slice(to);
    }
}

fn run(options: &str) -> Run {
    folder().run(&format!("diff old.exe new.exe {options}"))
}

#[test]
fn text_and_json_hold_no_escape_sequence() {
    let run_sarif = run("--format sarif");
    assert!(!run_sarif.stdout.contains('\x1b'));
    for options in ["", "--side-by-side", "--format json"] {
        let run = run(options);
        assert_eq!(run.exit, Some(0), "{run:?}");
        assert!(!run.stdout.contains('\x1b'), "{options}");
        assert!(run.stdout.contains("<script>"), "{options}");
    }
    let report = run("--format json").json();
    let name = std::str::from_utf8(HOSTILE).unwrap();
    let changed = report["functions"]["changed"].as_array().unwrap();
    assert!(changed.iter().any(|f| f["name"] == name), "{report:#}");
}

#[test]
fn the_page_shows_the_name_and_does_not_run_it() {
    let run = run("--format html");
    assert_eq!(run.exit, Some(0), "{run:?}");
    assert!(!run.stdout.contains('\x1b'));
    assert!(!run.stdout.contains("<script>"));
    assert!(
        run.stdout.contains(r"script&#62;\u{1b}[m") || run.stdout.contains(r"script&gt;\u{1b}[m")
    );
}

#[test]
fn coverage_holds_no_escape_sequence() {
    let run = folder().run("coverage old.exe");
    assert!(!run.good().contains('\x1b'));
}
