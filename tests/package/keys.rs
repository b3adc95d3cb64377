//! `hotpatch keygen`.

use hotpatch::package::{PublicKey, SigningKey};

use super::support::{Folder, Run, folder_with_package};

#[test]
fn a_new_key_is_a_pair_and_never_the_same() {
    let folder = Folder::new();
    let run = folder.run("keygen --out a.pem --format json");
    run.good();
    let report = run.json();
    assert_eq!(report["schema"], "hotpatch.keygen/1");
    assert_eq!(report["public_key"], "a.pub.pem");
    assert_eq!(report["encrypted"], false);
    let text = |name| String::from_utf8(folder.read(name)).unwrap();
    let private = SigningKey::from_pem(&text("a.pem"), None).unwrap();
    let public = PublicKey::from_pem(&text("a.pub.pem")).unwrap();
    assert_eq!(private.public(), public);
    assert_eq!(report["key_id"], public.id().to_string());

    folder.run("keygen --out b.pem --public c.pem").good();
    assert_ne!(text("a.pem"), text("b.pem"));
    assert!(text("c.pem").starts_with("-----BEGIN PUBLIC KEY-----"));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_private_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.run("keygen --out a.pem").good();
    let mode = folder
        .path("a.pem")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_exists_is_not_overwritten() {
    let folder = Folder::new();
    folder.write("a.pem", b"precious");
    let run = folder.run("keygen --out a.pem");
    assert!(run.failed(1).contains("never overwritten"));
    assert_eq!(folder.read("a.pem"), b"precious");
    assert!(!folder.path("a.pub.pem").exists());

    folder.write("b.pub.pem", b"precious");
    folder.run("keygen --out b.pem").failed(1);
    assert_eq!(folder.read("b.pub.pem"), b"precious");
    assert!(!folder.path("b.pem").exists(), "half a pair is left");
    folder.run("keygen --out c.pem --public c.pem").failed(1);
    assert!(!folder.path("c.pem").exists());
}

#[test]
fn a_passphrase_is_from_a_file_or_the_environment() {
    let folder = Folder::new();
    folder.write("phrase", b"correct horse\r\n");
    folder
        .run("keygen --out a.pem --encrypt --passphrase-file phrase")
        .good();
    let pem = String::from_utf8(folder.read("a.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert!(SigningKey::from_pem(&pem, Some(b"correct horse")).is_ok());

    let environment = |phrase: &str, args: &[&str]| {
        Run::of(
            folder
                .program()
                .env("HOTPATCH_PASSPHRASE", phrase)
                .args(args),
        )
    };
    environment("staple", &["keygen", "--out", "b.pem", "--encrypt"]).good();
    let pem = String::from_utf8(folder.read("b.pem")).unwrap();
    assert!(SigningKey::from_pem(&pem, Some(b"staple")).is_ok());

    let run = folder.run("keygen --out c.pem --encrypt");
    assert!(run.failed(2).contains("HOTPATCH_PASSPHRASE"));
    let run = environment("", &["keygen", "--out", "c.pem", "--encrypt"]);
    assert!(run.failed(1).contains("empty"));
    folder
        .run("keygen --out c.pem --passphrase-file phrase")
        .failed(2);
    assert!(!folder.path("c.pem").exists());
}

#[test]
fn an_encrypted_key_says_what_it_needs() {
    let folder = folder_with_package();
    let pem = super::support::key(1).to_pem(Some(b"staple")).unwrap();
    folder.write("locked.pem", pem.as_bytes());
    let verify = |phrase: Option<&str>| {
        let mut program = folder.program();
        phrase.map(|phrase| program.env("HOTPATCH_PASSPHRASE", phrase));
        Run::of(program.args(["verify", "fix.hpk", "--key", "locked.pem"]))
    };
    verify(Some("staple")).good();
    assert!(verify(None).failed(1).contains("--passphrase-file"));
    assert!(verify(Some("wrong")).failed(1).contains("wrong passphrase"));
}

/// Whatever goes wrong, a passphrase is in no output.
#[test]
fn a_passphrase_is_in_no_message() {
    const SECRET: &str = "Tr0ub4dor-secret";
    let folder = folder_with_package();
    folder.write("pass", format!("{SECRET}\n").as_bytes());
    let encrypted = SigningKey::from_seed(&[1; 32]).to_pem(Some(b"another one"));
    folder.write("locked.pem", encrypted.unwrap().as_bytes());
    folder.write(
        "broken.pem",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n",
    );
    for args in [
        "verify fix.hpk --key locked.pem",
        "verify fix.hpk --key broken.pem",
        "verify fix.hpk --key pass",
        "verify pass --key 1.pem",
        "inspect fix.hpk --key locked.pem",
        "export fix.hpk --as in-toto --key locked.pem",
        "keygen --out 1.pem --encrypt",
        "keygen --out none/x.pem --encrypt",
        "audit checkpoint --key locked.pem --audit-log log",
        "audit verify --key locked.pem --audit-log log",
        "verify fix.hpk --key locked.pem --passphrase",
    ] {
        for format in ["text", "json"] {
            for from_file in [true, false] {
                let mut program = folder.program();
                program.args(args.split(' ')).args(["--format", format]);
                if from_file {
                    program.args(["--passphrase-file", "pass"]);
                } else {
                    program.env("HOTPATCH_PASSPHRASE", SECRET);
                }
                let run = Run::of(&mut program);
                assert_ne!(run.exit, Some(0), "{run:?}");
                let said = format!("{}{}", run.stdout, run.stderr);
                assert!(!said.contains(SECRET), "{args}: {said}");
            }
        }
    }
    assert!(!folder.path("log").exists());
}
