//! `hotpatch trust` and `hotpatch policy check`.

use super::support::{Folder, Run, folder_with_package, key, write};

fn run(folder: &Folder, args: &str) -> Run {
    let mut program = folder.program();
    program.env("HOTPATCH_TRUST", folder.path("trust"));
    Run::of(program.args(args.split_whitespace()))
}

#[test]
fn a_store_from_nothing() {
    let folder = folder_with_package();
    assert!(
        run(&folder, "trust list")
            .failed(5)
            .contains("no trust store")
    );
    let added = run(
        &folder,
        "trust add 1.pem --role approver --role builder --role builder --name desk --format json",
    );
    added.good();
    let report = added.json();
    let id = key(1).public().id().to_string();
    assert_eq!(report["schema"], "hotpatch.trust/1");
    assert_eq!(report["done"], format!("added the key {id}"));
    assert_eq!(report["keys"][0]["key_id"], id);
    assert_eq!(report["keys"][0]["name"], "desk");
    assert_eq!(
        report["keys"][0]["roles"],
        serde_json::json!(["builder", "approver"])
    );
    run(&folder, "trust add 1.pem").failed(1);
    run(&folder, "trust add 2.pem --name desk").failed(1);
    run(&folder, "trust add 2.pem").good();
    let list = run(&folder, "trust list");
    let text = list.good();
    assert!(
        text.contains(&format!("{id}\n")) && text.contains("desk (builder, approver)"),
        "{text}"
    );
    assert!(
        text.contains("none: a signature by any of the keys is enough"),
        "{text}"
    );
    run(&folder, "verify fix.hpk").good();
}

#[test]
fn what_is_revoked_is_named_in_many_ways() {
    let id = |seed| key(seed).public().id().to_string();
    for (what, kind) in [
        ("desk".to_owned(), "the key"),
        (id(1), "the key"),
        (id(1)[..12].to_uppercase(), "the key"),
        ("1.pem".to_owned(), "the key"),
        ("fix.hpk".to_owned(), "the content"),
        ("ab".repeat(32), "what has the SHA-256"),
    ] {
        let folder = folder_with_package();
        run(&folder, "trust add 1.pem --name desk").good();
        let revoked = run(&folder, &format!("trust revoke {what} --format json"));
        revoked.good();
        let done = revoked.json()["done"].as_str().unwrap().to_owned();
        assert!(done.starts_with(&format!("revoked {kind} ")), "{done}");
        let expected = if kind.starts_with("what") { 0 } else { 5 };
        assert_eq!(
            run(&folder, "verify fix.hpk").exit,
            Some(expected),
            "{what}"
        );
        let again = run(&folder, &format!("trust revoke {what}"));
        assert!(again.failed(1).contains("already"), "{again:?}");
    }
    let folder = folder_with_package();
    run(&folder, "trust add 1.pem --name desk").good();
    for what in ["nobody", &id(1)[..7], &id(2)[..12]] {
        run(&folder, &format!("trust revoke {what}")).failed(2);
    }
}

#[test]
fn the_decision_is_explained() {
    let folder = folder_with_package();
    run(&folder, "trust add 1.pem --role builder").good();
    let path = folder.path("trust").join("policy.toml");
    let before = std::fs::read_to_string(&path).unwrap();
    let rules = "[[rule]]\nname = \"libraries\"\nfiles = [\"*.dll\"]\n\
                 [[rule]]\nname = \"fast\"\nsignatures = { builder = 1 }\nmax_freeze_ms = 50\n";
    write(&path, format!("{before}\n{rules}").as_bytes());
    let checked = run(&folder, "policy check fix.hpk --format json");
    checked.good();
    let report = checked.json();
    assert_eq!(report["schema"], "hotpatch.policy/1");
    assert_eq!(report["decision"]["allowed"], true);
    assert_eq!(report["decision"]["by"], "fast");
    assert_eq!(report["decision"]["max_freeze_ms"], 50);
    let text = run(&folder, "policy check fix.hpk");
    let text = text.good();
    assert!(text.starts_with("fix.hpk: allowed\n"), "{text}");
    assert!(
        text.contains("  rule \"libraries\":\n    -        scope"),
        "{text}"
    );
    assert!(text.contains("frozen     50 ms at most"), "{text}");
    let verified = run(&folder, "verify fix.hpk --format json").json();
    assert_eq!(verified["decision"]["by"], "fast");

    let refused = run(&folder, "policy check fix.hpk --key 2.pem --format json");
    assert_eq!(refused.exit, Some(5));
    assert_eq!(refused.json()["decision"]["rules"][0]["verdict"], "refuses");
    folder.write("damaged.hpk", &folder.read("fix.hpk")[..200]);
    let damaged = run(&folder, "policy check damaged.hpk --format json");
    assert_eq!(
        (damaged.exit, &damaged.json()["schema"]),
        (Some(5), &"hotpatch.error/1".into())
    );
}

#[test]
fn a_policy_that_counts_on_a_missing_key_is_named() {
    let folder = folder_with_package();
    run(&folder, "trust add 1.pem").good();
    let policy = "format = 1\n[[rule]]\nname = \"a\"\nkeys = [\"dsek\"]\n";
    write(&folder.path("trust").join("policy.toml"), policy.as_bytes());
    let refused = run(&folder, "verify fix.hpk");
    assert!(
        refused.failed(5).contains("names the key \"dsek\""),
        "{refused:?}"
    );
}
