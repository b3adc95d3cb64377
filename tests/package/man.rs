//! `hotpatch man`. mandoc judges the pages in `tests/shells/run.sh`.

use std::collections::BTreeSet;

use super::support::Folder;

/// The commands that the help of a command lists, without `help` itself.
fn commands(folder: &Folder, of: &str) -> Vec<String> {
    let run = folder.run(&format!("{of} --help"));
    let lines = run.good().lines().map(str::to_owned);
    let below = lines.skip_while(|l| l != "Commands:").skip(1);
    below
        .take_while(|l| !l.is_empty())
        .filter(|l| !l.starts_with("   "))
        .map(|l| l.split_whitespace().next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn every_command_has_a_page_that_ends_with_the_exit_codes() {
    let folder = Folder::new();
    let run = folder.run("man pages/man1 --format json");
    run.good();
    let json = run.json();
    let mut expected = BTreeSet::from(["hotpatch.1".to_owned()]);
    for command in commands(&folder, "") {
        expected.insert(format!("hotpatch-{command}.1"));
        for below in commands(&folder, &command) {
            expected.insert(format!("hotpatch-{command}-{below}.1"));
        }
    }
    // Of Windows alone, and hidden.
    assert!(!expected.iter().any(|name| name.contains("watchdog")));
    assert!(expected.len() > 35, "{expected:?}");
    let files = json["files"].as_array().unwrap().iter();
    let files: BTreeSet<String> = files.map(|f| f.as_str().unwrap().to_owned()).collect();
    assert_eq!(files, expected);
    let codes = folder.run("explain --exit-codes --format json").json();
    for name in files {
        let page = String::from_utf8(folder.read(&format!("pages/man1/{name}"))).unwrap();
        let title = name.trim_end_matches(".1");
        assert!(page.starts_with(&format!(".TH {title} 1 ")), "{page}");
        for code in codes["exit_codes"].as_array().unwrap() {
            let item = format!("\n\\fB{}\\fR\n", code["code"]);
            assert!(page.contains(&item), "{name}: {item}");
        }
    }
}

#[test]
fn the_pages_are_the_same_each_time_and_written_anew() {
    let folder = Folder::new();
    let text = folder.run("man .");
    assert!(text.good().starts_with("wrote "), "{text:?}");
    let first = folder.read("hotpatch-apply.1");
    folder.write("hotpatch-apply.1", b"old");
    folder.run("man .").good();
    assert_eq!(folder.read("hotpatch-apply.1"), first);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let folder = Folder::new();
    folder.write("file", b"");
    assert!(folder.run("man file/pages").failed(1).contains("file"));
}
