//! `hotpatch store`.

use super::support::{
    Folder, HOSTILE, Run, folder_with_package, manifest, package, payload, write,
};
use hotpatch::package::seal;

fn run(folder: &Folder, args: &[&str]) -> Run {
    let mut program = folder.program();
    program
        .env("HOTPATCH_TRUST", folder.path("trust"))
        .env("HOTPATCH_STORE", folder.path("store"))
        .env_remove("HOTPATCH_FAULT");
    Run::of(program.args(args))
}

fn json(folder: &Folder, args: &[&str]) -> serde_json::Value {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    let run = run(folder, &args);
    run.good();
    run.json()
}

/// A folder with `fix.hpk`, and a trust store that trusts its key.
fn machine() -> Folder {
    let folder = folder_with_package();
    run(&folder, &["trust", "add", "1.pem"]).good();
    folder
}

fn allow(folder: &Folder, policy: &str) {
    let path = folder.path("trust").join("policy.toml");
    write(&path, format!("format = 1\n{policy}").as_bytes());
}

#[test]
fn a_package_comes_in_is_held_and_goes() {
    let folder = machine();
    let none = run(&folder, &["store", "list"]);
    assert!(none.failed(1).contains("store add"), "{none:?}");

    let added = json(&folder, &["store", "add", "fix.hpk"]);
    assert_eq!(added["schema"], "hotpatch.store/1");
    assert!(
        added["done"][0]
            .as_str()
            .unwrap()
            .starts_with("added fix-1")
    );
    let one = &added["packages"][0];
    assert_eq!(
        (&one["id"], &one["permit"]),
        (&"fix-1".into(), &"allowed".into())
    );
    let stored = std::fs::read(one["path"].as_str().unwrap()).unwrap();
    assert_eq!(stored, folder.read("fix.hpk"));
    let again = json(&folder, &["store", "add", "fix.hpk"]);
    assert_eq!(again["done"][0], "fix-1 is in the store already");
    assert_eq!(again["packages"].as_array().unwrap().len(), 1);

    // By id, by the beginning of the hash, by a file with the same bytes.
    let sha256 = one["sha256"].as_str().unwrap();
    for what in [
        "fix-1",
        &sha256[..8],
        &sha256[..20].to_uppercase(),
        "fix.hpk",
    ] {
        let held = json(&folder, &["store", "hold", what, "--reason", "it is slow"]);
        assert_eq!(
            held["packages"][0]["held"]["reason"], "it is slow",
            "{what}"
        );
        let released = json(&folder, &["store", "release", what]);
        assert!(released["packages"][0]["held"].is_null(), "{what}");
    }
    for what in ["fix-2", &sha256[..7], "1.pem"] {
        let refused = run(&folder, &["store", "hold", what]);
        assert!(matches!(refused.exit, Some(1 | 2)), "{refused:?}");
    }
    let text = run(&folder, &["store", "list"]);
    let text = text.good();
    assert!(
        text.contains("fix-1    server.exe  3         allowed  CVE-2026-12345"),
        "{text}"
    );
    assert!(
        text.lines().skip(1).all(|l| l.chars().count() <= 80),
        "{text}"
    );

    let removed = json(&folder, &["store", "remove", "fix-1"]);
    assert!(removed["packages"].as_array().unwrap().is_empty());
    assert!(!std::path::Path::new(one["path"].as_str().unwrap()).exists());
}

#[test]
fn a_pause_is_of_a_program_or_of_everything() {
    let folder = machine();
    let paused = json(
        &folder,
        &["store", "pause", "--program", "a.exe", "--reason", "audit"],
    );
    assert_eq!(paused["paused"][0]["program"], "a.exe");
    json(&folder, &["store", "pause"]);
    let text = run(&folder, &["store", "list"]);
    assert!(
        text.good().contains("everything is paused since "),
        "{text:?}"
    );
    assert!(text.good().contains("a.exe is paused since "), "{text:?}");
    let resumed = json(&folder, &["store", "resume"]);
    assert_eq!(resumed["paused"].as_array().unwrap().len(), 1);
    let resumed = json(&folder, &["store", "resume", "--program", "A.exe"]);
    assert!(resumed["paused"].as_array().unwrap().is_empty());
    run(&folder, &["store", "pause", "--reason", "a\nb"]).failed(2);
}

#[test]
fn the_trust_store_decides_when_a_package_comes_in_and_afterwards() {
    let folder = folder_with_package();
    run(&folder, &["store", "add", "fix.hpk"]).failed(5);
    run(&folder, &["trust", "add", "2.pem"]).good();
    let untrusted = run(&folder, &["store", "add", "fix.hpk"]);
    assert!(
        untrusted.failed(5).contains("no trusted key"),
        "{untrusted:?}"
    );
    assert!(
        !folder.path("store").exists(),
        "nothing is made for what is refused"
    );

    run(&folder, &["trust", "add", "1.pem"]).good();
    allow(&folder, "[[rule]]\nname = \"a\"\nfiles = [\"other.exe\"]\n");
    let denied = run(&folder, &["store", "add", "fix.hpk"]);
    assert!(denied.failed(5).contains("no rule"), "{denied:?}");
    allow(
        &folder,
        "[[rule]]\nname = \"a\"\nvalid_from = \"9000-01-01T00:00:00Z\"\n",
    );
    let later = json(&folder, &["store", "add", "fix.hpk"]);
    assert_eq!(later["packages"][0]["permit"], "later");
    assert_eq!(later["packages"][0]["allowed_from"], "9000-01-01T00:00:00Z");

    allow(
        &folder,
        "[sync]\nexclude = [\"legacy*.exe\"]\nmax_age_days = 30\n",
    );
    let now = json(&folder, &["store", "list"]);
    assert_eq!(now["packages"][0]["permit"], "allowed");
    assert_eq!(
        (&now["excluded"][0], &now["max_age_days"]),
        (&"legacy*.exe".into(), &30.into())
    );
    run(
        &folder,
        &["trust", "revoke", "fix.hpk", "--reason", "it leaks"],
    )
    .good();
    let revoked = json(&folder, &["store", "list"]);
    assert_eq!(revoked["packages"][0]["permit"], "refused");
    assert!(
        revoked["packages"][0]["refused"]
            .as_str()
            .unwrap()
            .contains("it leaks")
    );
}

#[test]
fn none_comes_in_where_one_is_refused() {
    let folder = machine();
    folder.write("damaged.hpk", &folder.read("fix.hpk")[..300]);
    run(&folder, &["store", "add", "fix.hpk", "damaged.hpk"]).failed(5);
    run(&folder, &["store", "add", "fix.hpk", "none.hpk"]).failed(1);
    assert!(!folder.path("store").exists());
    folder.write("other.hpk", &package(&[1, 2]));
    run(&folder, &["store", "add", "fix.hpk"]).good();
    let same = run(&folder, &["store", "add", "other.hpk"]);
    assert!(same.failed(1).contains("store remove fix-1"), "{same:?}");
}

#[test]
fn what_is_damaged_on_disk_is_said_and_nothing_acts_on_the_terminal() {
    let folder = machine();
    let mut hostile = manifest();
    hostile.patch.id = "fix-2".to_owned();
    hostile.patch.product = Some(HOSTILE.to_owned());
    let key = super::support::key(1);
    let sealed = seal(&hostile, &payload(), &[key]);
    if let Ok(bytes) = sealed {
        folder.write("hostile.hpk", &bytes);
        let run = run(&folder, &["store", "add", "hostile.hpk"]);
        assert!(
            !run.stdout.contains('\x1b') && !run.stderr.contains('\x1b'),
            "{run:?}"
        );
    }
    let added = json(&folder, &["store", "add", "fix.hpk"]);
    let path = added["packages"].as_array().unwrap().last().unwrap()["path"].clone();
    write(std::path::Path::new(path.as_str().unwrap()), b"x");
    let list = json(&folder, &["store", "list"]);
    assert_eq!(list["broken"].as_array().unwrap().len(), 1);
    let text = run(&folder, &["store", "list"]);
    assert!(text.good().contains("cannot be used: "), "{text:?}");
    write(&folder.path("store").join("store.toml"), b"format = 9\n");
    let bad = run(&folder, &["store", "list"]);
    assert!(bad.failed(1).contains("store.toml"), "{bad:?}");
}

#[cfg(unix)]
#[test]
fn a_store_that_others_can_write_counts_for_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = machine();
    run(&folder, &["store", "add", "fix.hpk"]).good();
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path("store"), mode).unwrap();
    let refused = run(&folder, &["store", "list"]);
    assert!(refused.failed(5).contains("can be written"), "{refused:?}");
}

/// Only builds with debug assertions have fault points.
#[cfg(all(unix, debug_assertions))]
#[test]
fn a_writer_that_is_killed_leaves_the_old_store_or_the_new() {
    let folder = machine();
    let dies = |point: &str, args: &[&str]| {
        let mut program = folder.program();
        program
            .env("HOTPATCH_TRUST", folder.path("trust"))
            .env("HOTPATCH_STORE", folder.path("store"))
            .env("HOTPATCH_FAULT", point);
        let run = Run::of(program.args(args));
        assert_eq!(run.exit, None, "{point}: {run:?}");
    };
    dies("store-package-written", &["store", "add", "fix.hpk"]);
    let list = json(&folder, &["store", "list"]);
    assert!(list["packages"].as_array().unwrap().is_empty());
    run(&folder, &["store", "add", "fix.hpk"]).good();
    dies("store-ledger-written", &["store", "remove", "fix-1"]);
    let list = json(&folder, &["store", "list"]);
    assert!(list["packages"].as_array().unwrap().is_empty());
    run(&folder, &["store", "add", "fix.hpk"]).good();
}

#[cfg(not(windows))]
#[test]
fn what_works_on_processes_says_where_it_works() {
    let folder = machine();
    for command in ["list", "sync"] {
        let refused = run(&folder, &[command]);
        assert!(
            refused.failed(1).contains("running Windows programs"),
            "{refused:?}"
        );
    }
}
