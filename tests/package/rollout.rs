//! `hotpatch rollout`.

use super::support::{Folder, Run, folder_with_package};

fn run(folder: &Folder, args: &str) -> Run {
    let mut program = folder.program();
    program
        .env("HOTPATCH_TRUST", folder.path("trust"))
        .env("HOTPATCH_STORE", folder.path("store"));
    Run::of(program.args(args.split_whitespace()))
}

/// A folder with a package in its store, and this policy.
fn folder(policy: &str) -> Folder {
    let folder = folder_with_package();
    run(&folder, "trust add 1.pem").good();
    run(&folder, "store add fix.hpk").good();
    say(&folder, policy);
    folder
}

fn say(folder: &Folder, policy: &str) {
    let path = folder.path("trust").join("policy.toml");
    std::fs::write(path, format!("format = 1\n{policy}")).unwrap();
}

#[track_caller]
fn explained(folder: &Folder, turn: &str, sentence: &str) {
    let run = |more| run(folder, &format!("rollout explain fix-1{more}"));
    let report = run(" --format json").json();
    assert_eq!(report["schema"], "hotpatch.rollout/1");
    assert_eq!(report["turn"], turn, "{report}");
    let text = run("");
    assert_eq!(text.good().lines().count(), 1);
    assert!(text.good().contains(sentence), "{text:?}");
}

const RING: &str = "[[rollout.ring]]\nname = \"all\"\n";

#[test]
fn a_sentence_says_why_this_machine_is_in_or_not() {
    let folder = folder("");
    explained(&folder, "now", " now: the policy has no rollout");
    say(&folder, &format!("[rollout]\n{RING}"));
    explained(&folder, "now", " now: ring all, ");
    let place = format!("[rollout]\nthis_place = 34\n{RING}percent = [20, 100]\n");
    say(&folder, &place);
    explained(
        &folder,
        "later",
        "ring all, 34.00 % >= 20 % open, 100 % from ",
    );
    say(&folder, &format!("{place}defer_days = 3\n"));
    explained(&folder, "later", "34.00 % >= 0 % open, 20 % from ");
    let permit = || {
        let list = run(&folder, "store list --format json").json();
        list["packages"][0]["permit"].clone()
    };
    assert_eq!(permit(), "later");
    say(&folder, &format!("[rollout]\n{RING}approval = true\n"));
    explained(&folder, "unapproved", "`hotpatch rollout approve fix-1`");
    assert_eq!(permit(), "unapproved");
    run(&folder, "store pause").good();
    explained(&folder, "paused", "everything is paused since");
    run(&folder, "store hold fix-1").good();
    explained(&folder, "held", "is held since");
    say(&folder, "[[rule]]\nname = \"a\"\nfiles = [\"x.exe\"]\n");
    explained(&folder, "refused", "no rule of the policy speaks of");
    run(&folder, "rollout explain other").failed(2);
}

#[test]
fn a_ring_waits_until_somebody_approves() {
    let rings = format!(
        "[rollout]\n[[rollout.ring]]\nname = \"canary\"\nmachines = [\"*\"]\napproval = true\n{RING}"
    );
    let folder = folder(&rings);
    explained(&folder, "unapproved", "ring canary");
    // For another ring it means nothing here.
    run(&folder, "rollout approve fix.hpk --ring all").good();
    explained(&folder, "unapproved", "ring canary");
    run(&folder, "rollout approve fix-1").good();
    explained(&folder, "now", " now: ring canary");
    let again = run(&folder, "rollout approve fix.hpk");
    assert!(again.good().contains("already"), "{again:?}");
    run(&folder, "rollout approve fix-1 --ring nobody").failed(2);
    folder.write("bad.hpk", &{
        let mut bytes = folder.read("fix.hpk");
        bytes[40] ^= 1;
        bytes
    });
    let bad = run(&folder, "rollout approve bad.hpk");
    assert!([Some(1), Some(5)].contains(&bad.exit), "{bad:?}");
    say(&folder, "");
    run(&folder, "rollout approve fix-1").failed(2);
}

/// What `sync --report` leaves of a machine, as far as a gate asks.
fn report(machine: &str, state: &str, applied: &str) -> String {
    serde_json::json!({
        "schema": "hotpatch.sync/1",
        "computer": machine,
        "ring": "canary",
        "at": "2026-11-28T12:00:00Z",
        "processes": [{"pid": 1, "packages": [
            {"id": "X", "state": state, "applied_at": applied, "withdrawn": null}
        ]}],
    })
    .to_string()
}

#[test]
fn a_gate_reads_the_reports_of_a_ring() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("reports")).unwrap();
    let put = |name: &str, text: &str| {
        folder.write(&format!("reports/{name}.json"), text.as_bytes());
    };
    let ask = |more: &str| {
        let args = format!("rollout gate reports --id X --ring canary --min 2 {more}");
        run(&folder, &args)
    };
    assert_eq!(ask("").exit, Some(9), "nobody has reported");
    put("a", &report("a", "hotpatched", "2026-11-26T12:00:00Z"));
    put("b", &report("b", "hotpatched", "2026-11-27T13:00:00Z"));
    let waits = ask("--bake 24h");
    assert_eq!(waits.exit, Some(9), "{waits:?}");
    let go = ask("--bake 23h");
    assert!(go.good().starts_with("go: X stands on 2 of 2"), "{go:?}");
    // Another file of the same machine, and what is no report at all.
    let older = report("A", "failed", "2026-11-26T12:00:00Z");
    put("a-old", &older.replace("2026-11-28", "2026-11-27"));
    assert_eq!(ask("--bake 23h").exit, Some(0));
    for bad in ["", "{", "[]", "{\"schema\":\"hotpatch.sync/2\"}"] {
        put("c", bad);
        let ends = ask("--bake 1h");
        assert_eq!(ends.exit, Some(9), "{ends:?}");
    }
    put("c", &report("c", "quarantined", "2026-11-28T11:00:00Z"));
    let stop = ask("--bake 1h");
    assert_eq!(stop.exit, Some(8), "{stop:?}");
    assert_eq!(ask("--bake 1h --max-failed 1").exit, Some(0));
    run(&folder, "rollout gate no-such --id X --ring canary").failed(1);
    run(
        &folder,
        "rollout gate reports --id X --ring canary --bake 5",
    )
    .failed(2);
}
