//! Passphrases that are typed: `script` (of util-linux) gives the program a terminal.

use std::io::Write;
use std::process::{Command, Stdio};

use hotpatch::package::SigningKey;

use super::support::{Folder, folder_with_package, key};

/// Runs the program at a terminal and types lines; what the terminal showed, and whether it
/// was good.
fn type_into(folder: &Folder, args: &str, lines: &str) -> (String, bool) {
    let program = folder.program();
    let command = format!("{} {args}", program.get_program().to_str().unwrap());
    let mut script = Command::new("script");
    script
        .current_dir(folder.path(""))
        .args(["-qec", &command, "/dev/null"])
        .env("HOTPATCH_TRUST", folder.path("no-trust-store"))
        .env_remove("HOTPATCH_PASSPHRASE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut running = script.spawn().expect("script (util-linux) is needed");
    // The program turns the echo off when it asks: what is typed before that would be seen.
    for line in lines.lines() {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let input = running.stdin.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
    }
    let output = running.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    (shown, output.status.success())
}

#[test]
fn what_is_typed_is_not_shown() {
    let folder = folder_with_package();
    let pem = key(2).to_pem(Some(b"staple")).unwrap();
    folder.write("locked.pem", pem.as_bytes());
    let (shown, good) = type_into(&folder, "sign fix.hpk --key locked.pem", "staple\n");
    assert!(good, "{shown}");
    assert!(shown.contains("Passphrase of locked.pem: "), "{shown}");
    assert!(!shown.contains("staple"), "{shown}");
    folder.run("verify fix.hpk --key 2.pem").good();
    let (shown, good) = type_into(&folder, "sign fix.hpk --key locked.pem", "wrong\n");
    assert!(!good && shown.contains("wrong passphrase"), "{shown}");
}

#[test]
fn a_new_passphrase_is_typed_twice() {
    let folder = Folder::new();
    let (shown, good) = type_into(&folder, "keygen --out a.pem --encrypt", "staple\nstaple\n");
    assert!(good && !shown.contains("staple"), "{shown}");
    let pem = String::from_utf8(folder.read("a.pem")).unwrap();
    assert!(SigningKey::from_pem(&pem, Some(b"staple")).is_ok());
    let (shown, good) = type_into(&folder, "keygen --out b.pem --encrypt", "staple\nstapel\n");
    assert!(!good && shown.contains("differ"), "{shown}");
    assert!(!folder.path("b.pem").exists());
}
