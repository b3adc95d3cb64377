//! Packages in the words of in-toto, SLSA and OpenVEX, field by field as these are specified.

use hotpatch::package::manifest::{BuildOptions, Manifest};
use hotpatch::package::seal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::support::{Folder, folder_with_package, key, manifest, payload};

/// A folder with `fix.hpk` and the key `1.pem`; the SHA-256 of the package.
fn folder(change: impl FnOnce(&mut Manifest)) -> (Folder, String) {
    let folder = folder_with_package();
    let mut manifest = manifest();
    change(&mut manifest);
    let bytes = seal(&manifest, &payload(), &[key(1)]).unwrap();
    folder.write("fix.hpk", &bytes);
    (folder, hex::encode(Sha256::digest(bytes)))
}

fn export(folder: &Folder, options: &str) -> Value {
    let run = folder.run(&format!("export fix.hpk --key 1.pem --as {options}"));
    run.good();
    run.json()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn in_toto_names_the_package_and_everything_it_was_built_from() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let (folder, sha256) = folder(|m| {
        m.build.source_repository = Some("https://git.example.com/server".to_owned());
        m.build.source_revision = Some(commit.to_owned());
        m.build.options.accept = vec!["HP214".to_owned()];
    });
    let statement = export(&folder, "in-toto");
    assert_eq!(
        keys(&statement),
        ["_type", "predicate", "predicateType", "subject"]
    );
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let subject = json!([{"name": "fix-1.hpk", "digest": {"sha256": sha256}}]);
    assert_eq!(statement["subject"], subject);

    let predicate = &statement["predicate"];
    assert_eq!(keys(predicate), ["buildDefinition", "runDetails"]);
    let definition = &predicate["buildDefinition"];
    assert_eq!(
        keys(definition),
        [
            "buildType",
            "externalParameters",
            "internalParameters",
            "resolvedDependencies"
        ]
    );
    assert_eq!(definition["buildType"], "urn:hotpatch:build:1");
    let parameters = &definition["externalParameters"];
    assert_eq!(parameters["patch"]["cves"], json!(["CVE-2026-12345"]));
    assert_eq!(parameters["options"]["accept"], json!(["HP214"]));
    let dependencies = definition["resolvedDependencies"].as_array().unwrap();
    let digest = |name: &str| {
        let found = dependencies.iter().find(|d| d["name"] == name).unwrap();
        // A ResourceDescriptor has a uri, a digest or its content.
        assert!(found.get("uri").is_some() || found.get("digest").is_some());
        found["digest"].clone()
    };
    assert_eq!(dependencies.len(), 5);
    assert_eq!(digest("old-image"), json!({"sha256": "22".repeat(32)}));
    assert_eq!(digest("old-pdb"), json!({"sha256": "44".repeat(32)}));
    assert_eq!(digest("new-image"), json!({"sha256": "55".repeat(32)}));
    assert_eq!(digest("new-pdb"), json!({"sha256": "66".repeat(32)}));
    assert_eq!(digest("source"), json!({"gitCommit": commit}));
    let run = &predicate["runDetails"];
    assert_eq!(run["builder"]["id"], "urn:hotpatch:builder");
    assert_eq!(run["builder"]["version"], json!({"hotpatch": "0.1.0"}));
    let ci = export(&folder, "in-toto --builder-id https://ci.example.com/1");
    assert_eq!(
        ci["predicate"]["runDetails"]["builder"]["id"],
        "https://ci.example.com/1"
    );
}

#[test]
fn openvex_says_fixed_of_the_image_with_the_patch_and_never_of_the_file() {
    let (folder, sha256) = folder(|m| m.patch.cves.push("CVE-2026-0001".to_owned()));
    let at = "--timestamp 2026-02-28T23:59:59Z";
    let document = export(&folder, &format!("openvex {at}"));
    assert_eq!(
        keys(&document),
        [
            "@context",
            "@id",
            "author",
            "statements",
            "timestamp",
            "tooling",
            "version"
        ]
    );
    assert_eq!(document["@context"], "https://openvex.dev/ns/v0.2.0");
    assert_eq!(document["author"], "Unknown Author");
    assert_eq!(document["timestamp"], "2026-02-28T23:59:59Z");
    assert_eq!(document["version"], 1);
    let statements = document["statements"].as_array().unwrap();
    let names: Vec<_> = statements
        .iter()
        .map(|s| &s["vulnerability"]["name"])
        .collect();
    assert_eq!(names, ["CVE-2026-0001", "CVE-2026-12345"]);
    for statement in statements {
        assert_eq!(
            keys(statement),
            ["products", "status", "status_notes", "vulnerability"]
        );
        assert_eq!(statement["status"], "fixed");
        let purl = format!(
            "pkg:generic/server.exe?checksum=sha256:{}&hotpatch=fix-1",
            "22".repeat(32)
        );
        let products = json!([{"@id": purl, "identifiers": {"purl": purl}}]);
        assert_eq!(statement["products"], products);
        assert!(
            statement["status_notes"]
                .as_str()
                .unwrap()
                .contains(&sha256)
        );
    }
    let id = |options: &str| {
        let document = export(&folder, &format!("openvex {options}"));
        document["@id"].as_str().unwrap().to_owned()
    };
    assert!(id(at).starts_with("urn:hotpatch:vex:"));
    assert_eq!(id(at), document["@id"]);
    assert_ne!(id(&format!("{at} --author me")), document["@id"]);
    let named = export(&folder, &format!("openvex {at} --product pkg:generic/s@1"));
    assert_eq!(
        named["statements"][0]["products"][0]["@id"],
        "pkg:generic/s@1"
    );
}

#[test]
fn the_time_may_come_from_the_environment() {
    let (folder, _) = folder(|_| {});
    let args = "export fix.hpk --key 1.pem --as openvex".split(' ');
    let run = |epoch: &str| {
        let mut program = folder.program();
        program.env("SOURCE_DATE_EPOCH", epoch).args(args.clone());
        super::support::Run::of(&mut program)
    };
    assert_eq!(
        run("951782399").json()["timestamp"],
        "2000-02-28T23:59:59.000Z"
    );
    run("yesterday").failed(2);
}

#[test]
fn what_cannot_be_exported_is_an_error_that_says_why() {
    let (folder, _) = folder(|m| m.patch.cves.clear());
    let run = |args: &str| folder.run(&format!("export fix.hpk {args}"));
    assert!(run("--as openvex --key 1.pem").failed(1).contains("--cve"));
    run("--as in-toto --key 2.pem").failed(5);
    run("--as in-toto --key 1.pem --author me").failed(2);
    run("--as openvex --key 1.pem --timestamp now").failed(2);
    run("--as openvex --key 1.pem --product server").failed(2);
    let wrote = run("--as in-toto --key 1.pem -o x.json --format json");
    assert_eq!(wrote.json()["schema"], "hotpatch.export/1");
    let digest = hex::encode(Sha256::digest(folder.read("x.json")));
    assert_eq!(wrote.json()["sha256"], digest);
}

#[test]
fn a_manifest_without_the_new_fields_is_still_read_and_written_the_same() {
    let old = manifest().to_toml().unwrap();
    assert!(!old.contains("options") && !old.contains("source"), "{old}");
    let read = Manifest::from_toml(&old).unwrap();
    assert_eq!(read.build.options, BuildOptions::default());
    assert_eq!(read.to_toml().unwrap(), old);
    let mut new = read;
    new.build.options.all_functions = true;
    new.build.source_revision = Some("r1".to_owned());
    let text = new.to_toml().unwrap();
    assert_eq!(Manifest::from_toml(&text).unwrap(), new);
}
