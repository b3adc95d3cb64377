//! `hotpatch withdraw`, and how a store takes lists in.

use super::support::{Folder, Run, folder_with_package, key, manifest, payload};
use hotpatch::package::seal;

/// A folder with `fix.hpk`, its keys (`1.pem` and `2.pem` are public, `1.key` to `3.key` are
/// not), and a trust store that has both.
fn folder() -> Folder {
    let folder = folder_with_package();
    for seed in [1, 2, 3] {
        let pem = key(seed).to_pem(None).unwrap();
        folder.write(&format!("{seed}.key"), pem.as_bytes());
    }
    run(&folder, "trust add 1.pem").good();
    run(&folder, "trust add 2.pem").good();
    run(&folder, "store add fix.hpk").good();
    folder
}

fn run(folder: &Folder, args: &str) -> Run {
    let mut program = folder.program();
    program
        .env("HOTPATCH_TRUST", folder.path("trust"))
        .env("HOTPATCH_STORE", folder.path("store"));
    Run::of(program.args(args.split_whitespace()))
}

const WRITE: &str = "withdraw write --key 1.key --expires 9000-01-01";

#[test]
fn a_list_is_written_signed_and_taken_in() {
    let folder = folder();
    let written = run(
        &folder,
        &format!("{WRITE} fix.hpk --reason leaks --revert -o 1.hpw --format json"),
    );
    written.good();
    let report = written.json();
    assert_eq!(report["schema"], "hotpatch.withdraw/1");
    assert_eq!(
        (&report["product"], &report["sequence"]),
        (&"server.exe".into(), &1.into())
    );
    assert_eq!(report["withdrawn"][0]["revert"], true);
    run(&folder, "sign 1.hpw --key 2.key").good();
    run(&folder, "sign 1.hpw --key 2.key").failed(1);
    let shown = run(&folder, "withdraw show 1.hpw");
    let text = shown.good();
    assert!(
        text.contains("list 1 of server.exe, good until 9000"),
        "{text}"
    );
    assert!(text.contains("fix-1 is taken out: leaks"), "{text}");
    for seed in [1, 2] {
        let id = key(seed).public().id().to_string();
        assert!(text.contains(&format!("signed by  {id}")), "{text}");
    }
    let added = run(&folder, "store add 1.hpw");
    let text = added.good();
    assert!(text.starts_with("added list 1 of server.exe\n"), "{text}");
    assert!(text.contains("withdrawn  leaks"), "{text}");
    let again = run(&folder, "store add 1.hpw");
    assert!(again.good().contains("is in the store already"));
    // The next one carries over what is withdrawn.
    run(&folder, &format!("{WRITE} --after 1.hpw -o 2.hpw")).good();
    let shown = run(&folder, "withdraw show 2.hpw --format json").json();
    assert_eq!(
        (&shown["sequence"], &shown["withdrawn"]),
        (&2.into(), &report["withdrawn"])
    );
    run(&folder, "store add 2.hpw").good();
    let old = run(&folder, "store add 1.hpw");
    assert!(old.failed(5).contains("has a later one"), "{old:?}");
    run(
        &folder,
        &format!("{WRITE} --after 2.hpw --restore fix-1 -o 3.hpw"),
    )
    .good();
    let list = run(&folder, "store add 3.hpw");
    assert!(list.good().contains("nothing is withdrawn"), "{list:?}");
    let forgot = run(&folder, "store forget SERVER.exe");
    assert!(forgot.good().starts_with("forgot what is withdrawn"));
    assert!(!forgot.good().contains("list 3"), "{forgot:?}");
    run(&folder, "store add 1.hpw").good();
}

#[test]
fn a_list_is_signed_elsewhere() {
    let folder = folder();
    run(&folder, &format!("{WRITE} --product server.exe -o 1.hpw")).good();
    run(&folder, "sign 1.hpw --export 1.msg").good();
    let message = std::fs::read(folder.path("1.msg")).unwrap();
    assert!(message.starts_with(b"hotpatch withdrawals\nversion 1\nsha512 "));
    folder.write("1.sig", &key(2).sign(&message));
    folder.write("3.sig", &key(3).sign(&message));
    run(&folder, "sign 1.hpw --attach 3.sig --public-key 2.pem").failed(5);
    let signed = run(
        &folder,
        "sign 1.hpw --attach 1.sig --public-key 2.pem --format json",
    );
    signed.good();
    assert_eq!(signed.json()["signers"].as_array().unwrap().len(), 2);
}

#[test]
fn the_policy_asks_for_the_signatures_that_packages_need() {
    let folder = folder();
    run(&folder, &format!("{WRITE} fix.hpk --reason leaks -o 1.hpw")).good();
    let policy = "format = 1\n[[rule]]\nname = \"both\"\nsignatures = { any = 2 }\n";
    std::fs::write(folder.path("trust").join("policy.toml"), policy).unwrap();
    let refused = run(&folder, "store add 1.hpw");
    let text = refused.failed(5);
    assert!(
        text.contains("rule \"both\"") && text.contains("missing: any key"),
        "{text}"
    );
    run(&folder, "sign 1.hpw --key 3.key").good();
    run(&folder, "store add 1.hpw").failed(5);
    run(&folder, "sign 1.hpw --key 2.key").good();
    run(&folder, "store add 1.hpw").good();
    // Who lets it go needs both as well.
    run(
        &folder,
        &format!("{WRITE} --after 1.hpw --restore fix-1 -o 2.hpw"),
    )
    .good();
    run(&folder, "store add 2.hpw").failed(5);
    // Nothing is written where one of several is refused.
    run(&folder, "store add fix.hpk 2.hpw").failed(5);
}

#[test]
fn what_cannot_be_a_list_is_not_written() {
    let folder = folder();
    let other = seal(
        &{
            let mut manifest = manifest();
            manifest.patch.product = Some("billing".to_owned());
            manifest
        },
        &payload(),
        &[key(1)],
    );
    folder.write("other.hpk", &other.unwrap());
    for (arguments, exit) in [
        ("fix.hpk -o 1.hpw", 2),
        ("-o 1.hpw", 2),
        ("fix.hpk other.hpk --reason x -o 1.hpw", 2),
        ("fix.hpk --product billing --reason x -o 1.hpw", 2),
        ("--product a --revert -o 1.hpw", 2),
        ("--product a --expires 1999-01-01 -o 1.hpw", 2),
        ("fix.hpk --reason x -o fix.hpk", 2),
        ("no.hpk --reason x -o 1.hpw", 1),
    ] {
        let arguments = match arguments.contains("--expires") {
            true => format!("withdraw write --key 1.key {arguments}"),
            false => format!("{WRITE} {arguments}"),
        };
        run(&folder, &arguments).failed(exit);
        assert!(!folder.path("1.hpw").exists(), "{arguments}");
    }
    run(&folder, &format!("{WRITE} --product a -o 1.hpw")).good();
    run(
        &folder,
        &format!("{WRITE} --after 1.hpw --sequence 1 -o 2.hpw"),
    )
    .failed(2);
    run(
        &folder,
        &format!("{WRITE} --after 1.hpw --restore x -o 2.hpw"),
    )
    .failed(2);
    run(&folder, &format!("{WRITE} --after fix.hpk -o 2.hpw")).failed(5);
    run(&folder, "withdraw show fix.hpk").failed(5);
    let mut bytes = std::fs::read(folder.path("1.hpw")).unwrap();
    bytes[20] ^= 1;
    folder.write("1.hpw", &bytes);
    run(&folder, "withdraw show 1.hpw").failed(5);
    run(&folder, "sign 1.hpw --key 2.key").failed(5);
    run(&folder, "store add 1.hpw").failed(5);
}

#[test]
fn a_policy_can_ask_for_a_list() {
    let folder = folder();
    let policy = "format = 1\n[sync]\nrequire_withdrawal_list = true\n";
    std::fs::write(folder.path("trust").join("policy.toml"), policy).unwrap();
    let permit =
        || run(&folder, "store list --format json").json()["packages"][0]["permit"].clone();
    assert_eq!(permit(), "refused");
    run(&folder, &format!("{WRITE} --product Server.EXE -o 1.hpw")).good();
    run(&folder, "store add 1.hpw").good();
    assert_eq!(permit(), "allowed");
}
