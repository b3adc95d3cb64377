//! `hotpatch inspect`.

use hotpatch::package::container::{self, Signature};
use hotpatch::package::manifest::Manifest;

use super::support::{Folder, HOSTILE, folder_with_package, key, manifest, package, payload};

/// A package that no builder would make, with a good signature by key 1.
fn signed(manifest: &Manifest, payload: &[u8]) -> Vec<u8> {
    let body = container::unsigned(manifest.to_toml().unwrap().as_bytes(), payload).unwrap();
    let bytes = key(1).sign(&container::message(&body));
    let key = key(1).public();
    container::attach(body, vec![Signature { key, bytes }]).unwrap()
}

#[test]
fn the_contents_are_shown_and_that_nobody_vouches_for_them() {
    let folder = folder_with_package();
    let run = folder.run("inspect fix.hpk");
    let text = run.good();
    assert!(
        text.lines()
            .next()
            .unwrap()
            .contains("signature NOT CHECKED"),
        "{text}"
    );
    for part in [
        "fix-1",
        "server.exe",
        "0x1000",
        "parse",
        "CVE-2026-12345",
        ".text",
        "0x2000",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let run = folder.run("inspect fix.hpk --format json");
    run.good();
    let report = run.json();
    assert_eq!(report["schema"], "hotpatch.inspect/1");
    assert_eq!(report["verified"], false);
    assert_eq!(report["signatures"][0]["valid"], true);
    assert!(report["signatures"][0]["trusted"].is_null());
    assert_eq!(report["manifest"]["function"][0]["entry"], "0x1000");
    assert_eq!(report["payload"]["undefined"][0], "server.exe!log");
    assert_eq!(report["payload"]["defined"][0]["name"], "?parse@@YAXXZ");
    assert!(report["payload"]["problem"].is_null());
}

#[test]
fn with_a_key_the_signature_is_checked() {
    let folder = folder_with_package();
    let run = folder.run("inspect fix.hpk --key 1.pem");
    assert!(run.good().starts_with("fix.hpk: signature verified\n"));
    folder.run("inspect fix.hpk --key 2.pem").failed(5);
    let run = folder.run("inspect fix.hpk --key 1.pem --format json");
    assert_eq!(run.json()["signatures"][0]["trusted"], true);
}

#[test]
fn a_package_that_verify_refuses_can_be_looked_at() {
    let folder = Folder::new();
    let mut file = package(&[1]);
    let last = file.len() - 1;
    file[last] ^= 1;
    folder.write("bad.hpk", &file);
    let run = folder.run("inspect bad.hpk");
    assert!(run.good().contains("NOT VALID"), "{run:?}");

    let mut wrong = manifest();
    wrong.target.file_name = "../../x.exe".to_owned();
    folder.write("wrong.hpk", &signed(&wrong, b"no COFF object"));
    let run = folder.run("inspect wrong.hpk --format json");
    run.good();
    let report = run.json();
    assert!(
        report["manifest_problem"]
            .as_str()
            .unwrap()
            .contains("file_name")
    );
    assert!(
        report["payload"]["problem"]
            .as_str()
            .unwrap()
            .contains("COFF")
    );
    assert!(folder.run("inspect wrong.hpk").good().contains("PROBLEM"));
}

#[test]
fn what_a_package_says_never_acts_on_the_terminal() {
    let folder = Folder::new();
    let mut hostile = manifest();
    hostile.patch.title = Some(HOSTILE.to_owned());
    hostile.functions[0].name = HOSTILE.to_owned();
    hostile.externals[0].symbol = HOSTILE.to_owned();
    hostile.target.file_name = HOSTILE.to_owned();
    hostile.build.builder = HOSTILE.to_owned();
    folder.write("bad.hpk", &signed(&hostile, &payload()));
    folder.write("1.pem", key(1).public().to_pem().as_bytes());
    let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    for args in [
        "inspect bad.hpk",
        "inspect bad.hpk --format json",
        "verify bad.hpk --key 1.pem",
        "verify bad.hpk --key 1.pem --format json",
    ] {
        let run = folder.run(args);
        assert!(
            !run.stdout.contains(acts) && !run.stderr.contains(acts),
            "{args}: {run:?}"
        );
        assert!(
            !run.stdout.contains("\n  sha256     0000"),
            "{args}: {run:?}"
        );
    }
    let json = folder.run("inspect bad.hpk --format json").json();
    assert_eq!(json["manifest"]["function"][0]["name"], HOSTILE);
}

#[test]
fn the_parts_can_be_taken_out() {
    let folder = folder_with_package();
    let run = folder.run(
        "inspect fix.hpk --extract-payload p.obj --extract-manifest m.toml \
         --extract-message m.bin --extract-signature s.sig --format json",
    );
    run.good();
    assert_eq!(run.json()["extracted"].as_array().unwrap().len(), 4);
    assert_eq!(folder.read("p.obj"), payload());
    let text = String::from_utf8(folder.read("m.toml")).unwrap();
    assert_eq!(Manifest::from_toml(&text).unwrap(), manifest());
    let signature = folder.read("s.sig").try_into().unwrap();
    assert!(key(1).public().accepts(&folder.read("m.bin"), &signature));

    folder
        .run("inspect fix.hpk --extract-payload fix.hpk")
        .failed(2);
    assert_eq!(folder.read("fix.hpk"), package(&[1]));
}

#[test]
fn of_several_signatures_one_is_chosen_by_its_key() {
    let folder = Folder::new();
    folder.write("two.hpk", &package(&[1, 2]));
    let run = folder.run("inspect two.hpk --extract-signature s.sig");
    assert!(run.failed(2).contains("--signer"));
    let id = key(2).public().id().to_string();
    let args = format!(
        "inspect two.hpk --extract-signature s.sig --signer {}",
        &id[..8]
    );
    folder.run(&args).good();
    let message = container::Container::parse(&package(&[1, 2]))
        .unwrap()
        .message();
    let signature = folder.read("s.sig").try_into().unwrap();
    assert!(key(2).public().accepts(&message, &signature));
    folder
        .run("inspect two.hpk --extract-signature s.sig --signer x")
        .failed(1);
}
