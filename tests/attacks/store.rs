//! Attacks on the trust store.

use std::fs;

use super::common::write;
use super::desk::{BUILDER, Desk};

#[cfg(unix)]
#[test]
fn policy_writable_by_others() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("");
    desk.package(&[BUILDER], |_| ());
    desk.seen("2026-01-01T00:00:00Z", 1);
    desk.passes();
    let key = desk.0.path("trust");
    let key = fs::read_dir(&key).unwrap().map(|e| e.unwrap().path());
    let key = key
        .filter(|p| p.extension().is_some_and(|e| e == "pem"))
        .min()
        .unwrap();
    let trust = desk.0.path("trust");
    let files = [trust.join("policy.toml"), trust.join("state.toml"), key];
    for path in files.iter().chain([&trust, &desk.0.path("")]) {
        let before = fs::metadata(path).unwrap().permissions();
        for bit in [0o020, 0o002] {
            let mode = before.mode() | bit;
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            desk.refused("can be written by its group or by others");
            // Nor does a key on the command line make the store's revocations doubtful.
            desk.run("verify fix.hpk --key builder.pem").failed(5);
            desk.run("trust revoke builder").failed(5);
        }
        fs::set_permissions(path, before).unwrap();
    }
    desk.passes();
}

/// A policy that can't be read counts as no permission, not as no restriction.
#[test]
fn policy_damaged() {
    let desk = Desk::new("[[rule]]\nname = \"a\"");
    desk.package(&[BUILDER], |_| ());
    desk.passes();
    let path = desk.0.path("trust").join("policy.toml");
    let good = fs::read_to_string(&path).unwrap();
    for bad in [
        format!("{good}\nstrict = true"),
        format!("{good}\n[[rule]]\nname = \"b\"\nsignatures = {{ builder = 0 }}"),
        good.replace("format = 1", "format = 2"),
        good[..good.len() - 5].to_owned(),
        "\u{0}".to_owned(),
    ] {
        write(&path, bad.as_bytes());
        desk.refused("policy.toml");
        desk.run("verify fix.hpk --key builder.pem").failed(5);
    }
}

/// Without what it has seen, a machine would accept what it has refused.
#[test]
fn state_damaged() {
    let desk = Desk::new("");
    desk.package(&[BUILDER], |_| ());
    desk.seen("2026-01-01T00:00:00Z", 1);
    desk.passes();
    for bad in ["", "format = 1\n[sequence]\n\"server.exe\" = -1", "{}"] {
        write(&desk.0.path("trust").join("state.toml"), bad.as_bytes());
        desk.refused("state.toml");
    }
}

/// A link on the way to the store, in a folder of somebody else.
#[cfg(unix)]
#[test]
fn link_that_others_lead_elsewhere() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let desk = Desk::new("");
    desk.package(&[BUILDER], |_| ());
    let shared = desk.0.path("shared");
    fs::create_dir(&shared).unwrap();
    symlink(desk.0.path("trust"), shared.join("trust")).unwrap();
    let verify = || {
        let mut program = desk.0.program();
        program.env("HOTPATCH_TRUST", shared.join("trust"));
        super::common::Run::of(program.args(["verify", "fix.hpk"]))
    };
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
    verify().good();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    let said = verify();
    assert!(said.failed(5).contains("can be written by"), "{said:?}");
}
