//! `hotpatch sign`.

use hotpatch::package::{container::Container, verify};

use super::support::{Folder, folder_with_package, key, package};

fn folder_with_keys() -> Folder {
    let folder = folder_with_package();
    for seed in [1, 2, 3] {
        let pem = key(seed).to_pem(None).unwrap();
        folder.write(&format!("private{seed}.pem"), pem.as_bytes());
    }
    folder
}

#[test]
fn a_signature_is_added_in_place_or_elsewhere() {
    let folder = folder_with_keys();
    let run = folder.run("sign fix.hpk --key private2.pem -o two.hpk --format json");
    run.good();
    let report = run.json();
    assert_eq!(report["schema"], "hotpatch.sign/1");
    assert_eq!(
        (&report["outcome"], &report["path"]),
        (&"signed".into(), &"two.hpk".into())
    );
    assert_eq!(report["key_id"], key(2).public().id().to_string());
    assert_eq!(report["signers"].as_array().unwrap().len(), 2);
    assert_eq!(folder.read("fix.hpk"), package(&[1]), "the original stays");
    assert_eq!(folder.read("two.hpk"), package(&[1, 2]));
    folder.run("verify two.hpk --key 2.pem").good();

    folder.run("sign two.hpk --key private3.pem").good();
    assert_eq!(folder.read("two.hpk"), package(&[1, 2, 3]));
    let left = std::fs::read_dir(folder.path("")).unwrap();
    let hidden = left.filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('.')
    });
    assert_eq!(hidden.count(), 0, "a temporary file is left");
}

#[test]
fn what_is_signed_does_not_change_with_signatures() {
    let folder = folder_with_keys();
    let content = |name: &str| {
        let run = folder.run(&format!("inspect {name} --format json"));
        run.json()["package"]["content_sha256"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    folder
        .run("sign fix.hpk --key private2.pem -o two.hpk")
        .good();
    assert_eq!(content("fix.hpk"), content("two.hpk"));
    for name in ["fix.hpk", "two.hpk"] {
        folder
            .run(&format!("sign {name} --export {name}.msg"))
            .good();
    }
    assert_eq!(folder.read("fix.hpk.msg"), folder.read("two.hpk.msg"));
    assert_eq!(folder.read("fix.hpk.msg").len(), 163);
}

#[test]
fn what_should_not_be_signed_is_not() {
    let folder = folder_with_keys();
    let good = folder.read("fix.hpk");
    let again = folder.run("sign fix.hpk --key private1.pem");
    assert!(
        again.failed(1).contains("has signed the package already"),
        "{again:?}"
    );
    let mut damaged = good.clone();
    damaged[30] ^= 1;
    folder.write("damaged.hpk", &damaged);
    let run = folder.run("sign damaged.hpk --key private2.pem");
    assert!(
        run.failed(5).contains("damaged.hpk is not signed"),
        "{run:?}"
    );
    folder.run("sign damaged.hpk --export m.bin").failed(5);
    assert!(!folder.path("m.bin").exists());
    assert_eq!(folder.read("damaged.hpk"), damaged);
    folder.run("sign 1.pem --key private2.pem").failed(1);
    folder.run("sign fix.hpk --key 2.pem").failed(1);
    folder.run("sign fix.hpk --export fix.hpk").failed(2);
    assert_eq!(folder.read("fix.hpk"), good);
}

#[test]
fn a_command_line_says_one_thing() {
    let folder = folder_with_keys();
    for args in [
        "sign fix.hpk",
        "sign fix.hpk --key private2.pem --export m",
        "sign fix.hpk --attach s",
        "sign fix.hpk --key private2.pem --public-key 2.pem",
        "sign fix.hpk --export m -o out.hpk",
    ] {
        folder.run(args).failed(2);
    }
}

#[test]
fn a_wrong_signature_is_not_attached() {
    let folder = folder_with_keys();
    folder.run("sign fix.hpk --export m.bin").good();
    let message = folder.read("m.bin");
    let file = folder.read("fix.hpk");
    assert_eq!(message, Container::parse(&file).unwrap().message());
    let good = key(2).sign(&message);
    folder.write("short.sig", &good[..63]);
    folder.write("other.sig", &key(2).sign(&file));
    folder.write("good.sig", &good);
    let attach = |sig: &str, public: &str| {
        folder.run(&format!(
            "sign fix.hpk --attach {sig} --public-key {public} -o out.hpk"
        ))
    };
    assert!(
        attach("short.sig", "2.pem")
            .failed(1)
            .contains("a signature has 64")
    );
    attach("other.sig", "2.pem").failed(5);
    attach("good.sig", "1.pem").failed(5);
    assert!(!folder.path("out.hpk").exists());
    attach("good.sig", "2.pem").good();
    assert!(verify(&folder.read("out.hpk"), &[key(2).public()]).is_ok());
}
