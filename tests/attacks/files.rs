//! Attacks with files: links, pipes, names that are taken, and files that are read and written.

use std::fs;

use super::common::Folder;
use super::desk::{BUILDER, Desk};

/// A log with one record: of a package that was refused.
fn log_with_a_record(desk: &Desk) {
    desk.0.write(
        "key.pem",
        super::desk::key(BUILDER).to_pem(None).unwrap().as_bytes(),
    );
    desk.package(&[BUILDER], |_| ());
    hotpatch::ops::audit::Log::at(desk.0.path("log.jsonl"))
        .append(hotpatch::ops::audit::Event::Started(
            hotpatch::ops::audit::Facts::new("apply"),
        ))
        .unwrap();
}

/// Everybody who rotates to the same name at once: one of them does, and nothing is lost.
#[test]
fn archive_that_others_write_too() {
    let desk = Desk::new("");
    log_with_a_record(&desk);
    let rotate = || desk.run("audit rotate --audit-log log.jsonl --to old.jsonl");
    let ends: Vec<Option<i32>> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(|| rotate().exit)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let done = ends.iter().filter(|end| **end == Some(0)).count();
    assert_eq!(done, 1, "{ends:?}");
    let archived = fs::read_to_string(desk.0.path("old.jsonl")).unwrap();
    assert_eq!(archived.lines().count(), 1);
    for log in ["old.jsonl", "log.jsonl"] {
        desk.run(&format!("audit verify --audit-log {log}")).good();
    }
    // Nor is a file replaced that was there before.
    let before = fs::read(desk.0.path("key.pem")).unwrap();
    desk.run("audit rotate --audit-log log.jsonl --to key.pem")
        .failed(1);
    assert_eq!(fs::read(desk.0.path("key.pem")).unwrap(), before);
    desk.run("audit verify --audit-log log.jsonl").good();
}

#[cfg(unix)]
#[test]
fn log_under_two_names() {
    let desk = Desk::new("");
    log_with_a_record(&desk);
    let log = desk.0.path("log.jsonl");
    std::os::unix::fs::symlink(&log, desk.0.path("link.jsonl")).unwrap();
    let said = desk.run("audit rotate --audit-log link.jsonl --to old.jsonl");
    assert!(said.failed(1).contains("is a link"), "{said:?}");
    fs::hard_link(&log, desk.0.path("other.jsonl")).unwrap();
    let said = desk.run("audit rotate --audit-log log.jsonl --to old.jsonl");
    assert!(said.failed(1).contains("several names"), "{said:?}");
    assert!(!desk.0.path("old.jsonl").exists());
}

#[cfg(unix)]
#[test]
fn log_that_is_a_pipe() {
    let desk = Desk::new("");
    let pipe = desk.0.path("pipe.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for what in ["verify", "show"] {
        let said = desk.run(&format!("audit {what} --audit-log pipe.jsonl"));
        assert!(said.failed(1).contains("not a regular file"), "{said:?}");
    }
}

/// Somebody puts a file where an administrator revokes the key of that name.
#[test]
fn file_called_as_a_key() {
    let desk = Desk::new("");
    desk.package(&[BUILDER], |_| ());
    fs::copy(desk.0.path("fix.hpk"), desk.0.path("builder")).unwrap();
    let said = desk.run("trust revoke builder");
    assert!(said.failed(2).contains("and a file as well"), "{said:?}");
    desk.passes();
    fs::remove_file(desk.0.path("builder")).unwrap();
    desk.run("trust revoke builder").good();
    desk.refused_by(&["signature"]);
}

#[cfg(unix)]
#[test]
fn lock_held_by_another_user() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("");
    let lock = desk.0.path("trust").join("state.lock");
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o644)).unwrap();
    desk.run("trust revoke stranger.pem").good();
    // Who can't open it can't lock it.
    assert_eq!(
        fs::metadata(&lock).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

/// What a command writes is none of what it reads, whatever it is called.
#[test]
fn output_that_is_an_input() {
    let desk = Desk::new("");
    log_with_a_record(&desk);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/server");
    let builds = format!("{fixtures}/old/server.exe {fixtures}/new/server.exe");
    let files = |folder: &Folder| {
        ["key.pem", "fix.hpk", "tester-private.pem"].map(|f| fs::read(folder.path(f)).unwrap())
    };
    let tester = super::desk::key(super::desk::TESTER).to_pem(None).unwrap();
    desk.0.write("tester-private.pem", tester.as_bytes());
    let before = files(&desk.0);
    for attempt in [
        format!("build {builds} --id a --key key.pem -o key.pem"),
        format!("build {builds} --id a --key key.pem -o ./key.pem"),
        "sign fix.hpk --key tester-private.pem -o tester-private.pem".to_owned(),
        "sign fix.hpk --export key.pem --public-key key.pem".to_owned(),
        "sign fix.hpk --export fix.hpk".to_owned(),
        "inspect fix.hpk --extract-payload fix.hpk".to_owned(),
        "export fix.hpk --as in-toto --key builder.pem -o fix.hpk".to_owned(),
    ] {
        desk.run(&attempt).failed(2);
        assert!(files(&desk.0) == before, "{attempt}");
    }
}

#[cfg(unix)]
#[test]
fn output_through_a_link() {
    let desk = Desk::new("");
    log_with_a_record(&desk);
    let other = desk.0.path("other.txt");
    fs::write(&other, "ours").unwrap();
    std::os::unix::fs::symlink(&other, desk.0.path("out.bin")).unwrap();
    let said = desk.run("inspect fix.hpk --extract-payload out.bin");
    assert!(said.failed(2).contains("is a link"), "{said:?}");
    assert_eq!(fs::read(&other).unwrap(), b"ours");
}

#[test]
fn names_that_look_like_others() {
    let desk = Desk::new("");
    for (n, name) in [
        "builder ",
        " builder",
        "build\u{202e}re",
        "build\u{200b}er",
        " ",
    ]
    .iter()
    .enumerate()
    {
        let file = format!("{n}.pem");
        let key = super::desk::key(20 + n as u8).public().to_pem();
        desk.0.write(&file, key.as_bytes());
        let mut program = desk.program();
        program.args(["trust", "add", &file, "--name", name]);
        let run = super::common::Run::of(&mut program);
        assert_ne!(run.exit, Some(0), "{name:?}");
    }
}

#[test]
fn lists_that_are_empty_by_mistake() {
    for list in ["files", "products", "keys", "classifications", "window"] {
        let desk = Desk::new(&format!("[[rule]]\nname = \"a\"\n{list} = []"));
        desk.package(&[BUILDER], |_| ());
        desk.refused("the list is empty");
    }
}
