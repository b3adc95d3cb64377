//! The audit log through the real program. Attempts are put into it by the library: on Linux
//! there is nothing to apply a patch to.

#[path = "../support/mod.rs"]
mod common;
mod damage;
mod writers;

use common::{Folder, Run};
use hotpatch::exit::Exit;
use hotpatch::ops::audit::{self, Attempt, Ending, Facts, Log};
use hotpatch::package::SigningKey;
use serde_json::Value;

/// A folder with a log of `attempts` attempts on processes 1, 2, … and one refusal, and with
/// the keys `1.pem` (private), `1.pub.pem` and `2.pub.pem`.
fn folder(attempts: u32) -> Folder {
    let folder = Folder::new();
    for seed in [1, 2] {
        let key = SigningKey::from_seed(&[seed; 32]);
        folder.write(&format!("{seed}.pub.pem"), key.public().to_pem().as_bytes());
        folder.write(&format!("{seed}.pem"), key.to_pem(None).unwrap().as_bytes());
    }
    let log = Log::at(folder.path("audit.jsonl"));
    for pid in 1..=attempts {
        let facts = Facts::new("apply").pid(pid).patch(Some("fix-1"));
        let ending = Ending {
            outcome: "applied".to_owned(),
            frozen_us: 812,
            attempts: 1,
            ..Ending::default()
        };
        let attempt = Attempt::begin(&log, facts).unwrap();
        attempt.end(&ending).unwrap();
    }
    let hostile = Ending::failed(Exit::Untrusted, "no\x1b[2J\n  trusted \u{202e}key");
    audit::refused(&log, Facts::new("apply").file(b"x"), &hostile).unwrap();
    folder
}

/// Runs `hotpatch audit` on the folder's log.
fn run(folder: &Folder, args: &str) -> Run {
    folder.run(&format!("audit {args} --audit-log audit.jsonl"))
}

fn json(folder: &Folder, args: &str, exit: i32) -> Value {
    let run = run(folder, &format!("{args} --format json"));
    assert_eq!(run.exit, Some(exit), "{run:?}");
    run.json()
}

#[test]
fn show_says_who_did_what_and_how_it_ended() {
    let folder = folder(2);
    let shown = run(&folder, "show");
    let text = shown.good();
    assert!(
        text.contains("apply fix-1, process 2: applied, frozen for 812 us"),
        "{text}"
    );
    assert!(
        !text.contains('\x1b') && !text.contains('\u{202e}'),
        "{text}"
    );
    assert!(
        text.contains(r"no\u{1b}[2J\n  trusted \u{202e}key"),
        "{text}"
    );

    let all = json(&folder, "show", 0);
    assert_eq!(all["schema"], "hotpatch.audit-show/1");
    assert_eq!(all["records"].as_array().unwrap().len(), 5);
    let numbers = |args: &str| -> Vec<u64> {
        let shown = json(&folder, args, 0);
        let records = shown["records"].as_array().unwrap();
        let number = |r: &Value| r["record"]["number"].as_u64().unwrap();
        records.iter().map(number).collect()
    };
    assert_eq!(numbers("show --last 2"), [4, 5]);
    assert_eq!(numbers("show --pid 2"), [3, 4]);
    assert_eq!(numbers("show --pid 2 --last 1"), [4]);
    assert_eq!(numbers("show --package fix-1"), [1, 2, 3, 4]);
    assert_eq!(numbers("show --package fix-2"), [0u64; 0]);
}

#[test]
fn verify_proves_the_chain_and_a_checkpoint_its_end() {
    let folder = folder(2);
    let verified = json(&folder, "verify", 0);
    assert_eq!(verified["schema"], "hotpatch.audit-verify/1");
    assert_eq!(
        (&verified["outcome"], &verified["records"]),
        (&"intact".into(), &5.into())
    );
    assert_eq!(verified["vouched"], Value::Null);

    run(&folder, "checkpoint --key 1.pem -o kept.json").good();
    let kept: Value = serde_json::from_slice(&folder.read("kept.json")).unwrap();
    assert_eq!(kept["schema"], "hotpatch.audit-checkpoint/1");
    assert_eq!(
        (&kept["number"], &kept["head"]),
        (&5.into(), &verified["head"])
    );
    let again = run(&folder, "checkpoint --key 1.pem -o kept.json");
    assert!(
        again.failed(1).contains("kept.json"),
        "it is never overwritten"
    );

    for args in ["--key 1.pub.pem", "--checkpoint kept.json --key 1.pub.pem"] {
        let verified = json(&folder, &format!("verify {args}"), 0);
        assert_eq!(
            (&verified["records"], &verified["vouched"]),
            (&6.into(), &5.into())
        );
    }
    let stranger = json(&folder, "verify --checkpoint kept.json --key 2.pub.pem", 5);
    assert_eq!(stranger["problems"][0]["kind"], "checkpoint");

    // Without the lines that the checkpoint is about, the chain alone is whole.
    let whole = String::from_utf8(folder.read("audit.jsonl")).unwrap();
    let cut: String = whole.split_inclusive('\n').take(4).collect();
    folder.write("audit.jsonl", cut.as_bytes());
    assert_eq!(json(&folder, "verify", 0)["records"], 4);
    let found = json(&folder, "verify --checkpoint kept.json", 5);
    assert_eq!(found["problems"][0]["kind"], "tail-removed");
    assert_eq!(found["problems"][0]["line"], Value::Null);
}

#[test]
fn rotate_keeps_the_old_log_and_the_chain() {
    let folder = folder(1);
    let old = json(&folder, "verify", 0);
    let rotated = json(&folder, "rotate --to old.jsonl", 0);
    assert_eq!(rotated["schema"], "hotpatch.audit-rotate/1");
    assert_eq!(rotated["number"], 4);
    let new = json(&folder, "show", 0);
    assert_eq!(new["records"][0]["record"]["previous"], old["head"]);
    let verified = json(&folder, "verify", 0);
    assert_eq!(
        (&verified["first"], &verified["last"]),
        (&4.into(), &4.into())
    );
    folder.run("audit verify --audit-log old.jsonl").good();
    assert!(
        run(&folder, "rotate --to old.jsonl")
            .failed(1)
            .contains("old.jsonl")
    );
}

#[test]
fn the_environment_names_the_log_and_there_may_be_none() {
    let folder = folder(1);
    let mut program = folder.program();
    program.env("HOTPATCH_AUDIT", folder.path("audit.jsonl"));
    Run::of(program.args(["audit", "verify"])).good();
    let run = folder.run("audit verify --audit-log none.jsonl");
    let text = run.failed(1);
    assert!(
        text.contains("none.jsonl") && text.contains("HOTPATCH_AUDIT"),
        "{text}"
    );
    let empty = folder.run("audit checkpoint --audit-log new/log.jsonl --key 1.pem");
    assert!(empty.failed(1).contains("no record"), "{empty:?}");
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(1);
    let log = Log::at(folder.path("state/hotpatch/audit.jsonl"));
    audit::refused(&log, Facts::new("apply"), &Ending::default()).unwrap();
    for (path, mode) in [
        ("state/hotpatch", 0o700),
        ("state/hotpatch/audit.jsonl", 0o600),
        ("state/hotpatch/audit.jsonl.lock", 0o600),
    ] {
        let found = std::fs::metadata(folder.path(path)).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, mode, "{path}");
    }
}
