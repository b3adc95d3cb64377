//! Who may sign: `--key` and the trust store.

use std::fs;

use super::support::{Run, folder_with_package, key, package, write};

#[test]
fn verify_says_what_was_proven_and_how() {
    let folder = folder_with_package();
    folder.write("two.hpk", &package(&[1, 2]));
    let run = folder.run("verify two.hpk --key 1.pem --format json");
    run.good();
    let report = run.json();
    assert_eq!(report["schema"], "hotpatch.verify/1");
    assert_eq!(report["outcome"], "verified");
    assert_eq!(report["package"]["id"], "fix-1");
    assert_eq!(report["package"]["sequence"], 3);
    assert_eq!(report["package"]["size"], folder.read("two.hpk").len());
    assert_eq!(report["trust"]["source"], "key");
    assert_eq!(report["covered"][0]["offset"], "0x0");
    assert_eq!(report["covered"][1]["offset"], "0x18");
    let trusted: Vec<_> = report["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            (
                s["key_id"].as_str().unwrap().to_owned(),
                s["trusted"] == true,
            )
        })
        .collect();
    assert_eq!(trusted.len(), 2);
    for (id, trusted) in trusted {
        assert_eq!(id == key(1).public().id().to_string(), trusted);
    }

    let run = folder.run("verify fix.hpk --key 2.pem --key 1.pem");
    let text = run.good();
    assert!(text.starts_with("fix.hpk: verified\n"), "{text}");
    assert!(text.contains(&key(1).public().id().to_string()), "{text}");
}

#[test]
fn an_unknown_signer_is_refused_by_name() {
    let folder = folder_with_package();
    let run = folder.run("verify fix.hpk --key 2.pem");
    let id = key(1).public().id().to_string();
    assert!(run.failed(5).contains(&format!("it is signed by {id}")));
}

#[test]
fn a_private_key_will_do() {
    let folder = folder_with_package();
    folder.write("private.pem", key(1).to_pem(None).unwrap().as_bytes());
    folder.run("verify fix.hpk --key private.pem").good();
}

#[test]
fn without_a_key_the_trust_store_decides() {
    let folder = folder_with_package();
    let verify = || {
        let mut program = folder.program();
        program.env("HOTPATCH_TRUST", folder.path("trust"));
        Run::of(program.args(["verify", "fix.hpk", "--format", "json"]))
    };
    let refused = |why: &str| {
        let run = verify();
        let error = run.json();
        assert_eq!((run.exit, error["exit_code"].as_i64()), (Some(5), Some(5)));
        let text = error.to_string();
        assert!(text.contains(why), "{text}");
    };
    refused("there is no trust store");
    fs::create_dir(folder.path("trust")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path("trust"), mode).unwrap();
    }
    refused("--key KEY.pem");
    write(&folder.path("trust").join("2.pem"), &folder.read("2.pem"));
    refused("no trusted key");
    write(&folder.path("trust").join("1.pem"), &folder.read("1.pem"));
    let run = verify();
    run.good();
    assert_eq!(run.json()["trust"]["source"], "store");
    assert_eq!(run.json()["trust"]["keys"], 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::Permissions::from_mode(0o666);
        fs::set_permissions(folder.path("trust").join("2.pem"), mode).unwrap();
        refused("(mode 0o666)");
    }
}

#[test]
fn a_file_that_is_no_package_needs_no_trust_to_be_refused() {
    let folder = folder_with_package();
    folder.write("text.hpk", b"hello");
    folder.run("verify text.hpk").failed(1);
    folder.run("verify fix.hpk").failed(5);
}
