//! An in-toto Statement, version 1, with the SLSA provenance predicate, version 1.
//!
//! Only what the signed manifest says; where and when it was built it doesn't say. The
//! statement is not signed: whoever publishes it puts it into an envelope of their own.
//!
//! Specifications: <https://in-toto.io/Statement/v1>, <https://slsa.dev/provenance/v1>.

use serde_json::{Map, Value, json};

use super::NAMES;
use crate::package::manifest::Manifest;
use crate::package::{Package, Verified};

/// The statement about a package. `builder` is the URI of whoever ran the build, where that
/// is known.
pub fn in_toto(package: &Verified<Package>, builder: Option<&str>) -> Value {
    let manifest = &package.manifest;
    let (name, version) = split(&manifest.build.builder);
    let builder = builder.map_or_else(|| format!("{NAMES}:builder"), str::to_owned);
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": format!("{}.hpk", manifest.patch.id),
            "digest": {"sha256": package.sha256_hex()},
        }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": format!("{NAMES}:build:1"),
                "externalParameters": parameters(manifest),
                "internalParameters": {},
                "resolvedDependencies": dependencies(manifest),
            },
            "runDetails": {
                "builder": {"id": builder, "version": {name: version}},
                "metadata": {},
            },
        },
    })
}

/// What the person who ran `hotpatch build` chose.
fn parameters(manifest: &Manifest) -> Value {
    let (patch, build) = (&manifest.patch, &manifest.build);
    json!({
        "patch": patch,
        "options": {
            "accept": build.options.accept,
            "keepLineNumbers": build.options.keep_line_numbers,
            "allFunctions": build.options.all_functions,
            "except": build.options.except,
            "leaveOut": build.options.leave_out,
            "leaveOutVersion": build.options.leave_out_version,
        },
        "acceptedRisks": build.accepted_risks,
        "source": {
            "repository": build.source_repository,
            "revision": build.source_revision,
        },
    })
}

/// The four files that the package was built from, and the source where it is known.
fn dependencies(manifest: &Manifest) -> Vec<Value> {
    let build = &manifest.build;
    let file = |name: &str, sha256: &str| json!({"name": name, "digest": {"sha256": sha256}});
    let image = |name: &str, sha256: &str| {
        let mut image = file(name, sha256);
        image["annotations"] = json!({"fileName": manifest.target.file_name});
        image
    };
    let mut all = vec![
        image("old-image", &manifest.target.sha256),
        file("old-pdb", &build.old_pdb_sha256),
        image("new-image", &build.new_image_sha256),
        file("new-pdb", &build.new_pdb_sha256),
    ];
    if let Some(repository) = &build.source_repository {
        let mut source = Map::new();
        source.insert("name".into(), "source".into());
        source.insert("uri".into(), repository.as_str().into());
        // Only a git commit is a digest; any other revision is among the parameters.
        if let Some(revision) = build.source_revision.as_deref().filter(|r| is_commit(r)) {
            source.insert("digest".into(), json!({"gitCommit": revision}));
        }
        all.push(source.into());
    }
    all
}

fn is_commit(revision: &str) -> bool {
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    [40, 64].contains(&revision.len()) && revision.bytes().all(hex)
}

/// `hotpatch 0.1.0` as name and version.
fn split(builder: &str) -> (&str, &str) {
    builder.split_once(' ').unwrap_or((builder, ""))
}
