//! What we write `openssl` reads, and the other way round.

use std::process::Command;

use hotpatch::package::{PublicKey, SigningKey, seal};

use super::support::{Folder, Run, folder_with_package, key, manifest, payload};

/// Runs openssl in the folder; arguments have no spaces.
fn openssl(folder: &Folder, args: &str) -> String {
    let mut command = Command::new("openssl");
    command
        .current_dir(folder.path(""))
        .args(args.split_whitespace());
    let output = command.output().expect("openssl is needed for these tests");
    assert!(output.status.success(), "{args}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.read(name)).unwrap()
}

#[test]
fn openssl_reads_our_keys() {
    let folder = Folder::new();
    folder.run("keygen --out a.pem").good();
    assert!(openssl(&folder, "pkey -in a.pem -noout -text").starts_with("ED25519 Private-Key:"));
    assert_eq!(
        openssl(&folder, "pkey -in a.pem -pubout"),
        text(&folder, "a.pub.pem")
    );
    assert_eq!(
        openssl(&folder, "pkey -in a.pem"),
        text(&folder, "a.pem"),
        "not byte for byte"
    );

    folder.write("phrase", b"correct horse\n");
    folder
        .run("keygen --out e.pem --encrypt --passphrase-file phrase")
        .good();
    let public = openssl(&folder, "pkey -in e.pem -passin file:phrase -pubout");
    assert_eq!(public, text(&folder, "e.pub.pem"));
}

#[test]
fn the_key_id_is_what_openssl_computes() {
    let folder = folder_with_package();
    openssl(&folder, "pkey -pubin -in 1.pem -outform DER -out 1.der");
    let digest = openssl(&folder, "dgst -sha256 -r 1.der");
    assert!(
        digest.starts_with(&key(1).public().id().to_string()),
        "{digest}"
    );
}

#[test]
fn openssl_accepts_our_signature_of_the_extracted_message() {
    let folder = folder_with_package();
    folder
        .run("inspect fix.hpk --extract-message m.bin --extract-signature s.sig")
        .good();
    let verify = "pkeyutl -verify -pubin -inkey 1.pem -rawin -in m.bin -sigfile s.sig";
    assert!(openssl(&folder, verify).contains("Verified Successfully"));

    let file = folder.read("fix.hpk");
    folder.write("signed", &file[..file.len() - 100]);
    let digest = openssl(&folder, "dgst -sha512 -r signed");
    let expected = format!("hotpatch package\nversion 2\nsha512 {}\n", &digest[..128]);
    assert_eq!(
        text(&folder, "m.bin"),
        expected,
        "the message can be made by hand"
    );
}

#[test]
fn we_read_keys_of_openssl() {
    let folder = Folder::new();
    openssl(&folder, "genpkey -algorithm ed25519 -out plain.pem");
    openssl(&folder, "pkey -in plain.pem -pubout -out plain.pub.pem");
    let public = PublicKey::from_pem(&text(&folder, "plain.pub.pem")).unwrap();
    let plain = SigningKey::from_pem(&text(&folder, "plain.pem"), None).unwrap();
    assert_eq!(plain.public(), public);

    folder.write("phrase", b"correct horse\n");
    for cipher in ["-aes256", "-aes-128-cbc"] {
        let args = format!("genpkey -algorithm ed25519 {cipher} -pass file:phrase -out locked.pem");
        openssl(&folder, &args);
        openssl(
            &folder,
            "pkey -in locked.pem -passin file:phrase -pubout -out locked.pub.pem",
        );
        let public = PublicKey::from_pem(&text(&folder, "locked.pub.pem")).unwrap();
        let locked = SigningKey::from_pem(&text(&folder, "locked.pem"), Some(b"correct horse"));
        let locked = locked.unwrap();
        assert_eq!(locked.public(), public);

        folder.write(
            "fix.hpk",
            &seal(&manifest(), &payload(), &[locked]).unwrap(),
        );
        folder.run("verify fix.hpk --key locked.pub.pem").good();
        folder
            .run("verify fix.hpk --key locked.pem --passphrase-file phrase")
            .good();
    }
}

#[test]
fn a_key_of_another_algorithm_is_named() {
    let folder = folder_with_package();
    openssl(&folder, "genpkey -algorithm x25519 -out x.pem");
    let run = folder.run("verify fix.hpk --key x.pem");
    assert!(
        run.failed(1).contains("found algorithm 1.3.101.110"),
        "{run:?}"
    );
    let mut program = folder.program();
    program.args(["verify", "fix.hpk", "--key", "/dev/null"]);
    assert!(Run::of(&mut program).failed(1).contains("no PEM"));
}

/// What a hardware module or a signing service does, step by step.
#[test]
fn openssl_signs_what_was_exported() {
    let folder = folder_with_package();
    openssl(&folder, "genpkey -algorithm ed25519 -out hsm.pem");
    openssl(&folder, "pkey -in hsm.pem -pubout -out hsm.pub.pem");
    folder.run("sign fix.hpk --export m.bin").good();
    openssl(
        &folder,
        "pkeyutl -sign -inkey hsm.pem -rawin -in m.bin -out s.sig",
    );
    folder
        .run("sign fix.hpk --attach s.sig --public-key hsm.pub.pem")
        .good();
    folder.run("verify fix.hpk --key hsm.pub.pem").good();
    folder.run("verify fix.hpk --key 1.pem").good();
}

#[test]
fn a_signature_that_openssl_made_is_as_good_as_ours() {
    use hotpatch::package::container::{self, Signature};
    let folder = folder_with_package();
    let body = hotpatch::package::unsigned(&manifest(), &payload()).unwrap();
    folder.write("m.bin", &container::message(&body));
    folder.write("private.pem", key(1).to_pem(None).unwrap().as_bytes());
    openssl(
        &folder,
        "pkeyutl -sign -inkey private.pem -rawin -in m.bin -out s.sig",
    );
    let bytes = folder.read("s.sig").try_into().unwrap();
    let key = key(1).public();
    let file = container::attach(body, vec![Signature { key, bytes }]).unwrap();
    assert_eq!(file, folder.read("fix.hpk"));
}
