//! Packages and keys that were made to exhaust whoever reads them. Those of packages are
//! signed by a trusted key, so that they are read at all.

use hotpatch::package::container::{Signature, attach, message, unsigned};

use super::support::{Folder, folder_with_package, key, manifest, payload};

/// A folder in which `fix.hpk` has this manifest and this payload, signed by key 1.
fn folder(manifest: &str, payload: &[u8]) -> Folder {
    let folder = folder_with_package();
    let signed = unsigned(manifest.as_bytes(), payload).unwrap();
    let signature = Signature {
        key: key(1).public(),
        bytes: key(1).sign(&message(&signed)),
    };
    folder.write("fix.hpk", &attach(signed, vec![signature]).unwrap());
    folder
}

#[test]
fn manifests_without_bounds_are_refused() {
    let good = manifest().to_toml().unwrap();
    let deep = |open: &str, close: &str| {
        format!(
            "x = {}{}\n{good}",
            open.repeat(100_000),
            close.repeat(100_000)
        )
    };
    let dotted = format!("{} = 1\n{good}", vec!["a"; 200_000].join("."));
    let table = format!("{good}\n[{}]\n", vec!["a"; 200_000].join("."));
    let long = good.replace(
        "name = \"parse\"",
        &format!("name = \"{}\"", "p".repeat(1 << 20)),
    );
    let entry = "[[external]]\nsymbol = \"a\"\nrva = \"0x2000\"\n";
    let many = format!("{good}{}", entry.repeat(100_000));
    for hostile in [deep("[", "]"), deep("{a=", "}"), dotted, table, long, many] {
        let folder = folder(&hostile, &payload());
        let error = folder.run("verify fix.hpk --key 1.pem");
        assert!(error.failed(5).len() < 4000, "{}", error.stderr.len());
        let shown = folder.run("inspect fix.hpk");
        assert!(matches!(shown.exit, Some(0 | 5)), "{:?}", shown.exit);
    }
}

#[test]
fn payloads_that_claim_more_than_they_have_are_shown_and_no_more() {
    let good = payload();
    let manifest = manifest().to_toml().unwrap();
    // Sections, the symbol table's offset and length, the optional header's size; then, in
    // the first section: size, data, relocations, their number.
    for (at, len) in [
        (2, 2),
        (8, 4),
        (12, 4),
        (16, 2),
        (36, 4),
        (40, 4),
        (44, 4),
        (52, 2),
    ] {
        let mut hostile = good.clone();
        hostile[at..at + len].fill(0xff);
        let folder = folder(&manifest, &hostile);
        let shown = folder.run("inspect fix.hpk --format json");
        assert_eq!(shown.exit, Some(0), "{at}: {shown:?}");
    }
}

#[test]
fn keys_without_bounds_are_refused() {
    let folder = folder_with_package();
    let line = "A".repeat(64) + "\n";
    let begin = "-----BEGIN PUBLIC KEY-----\n";
    let end = "-----END PUBLIC KEY-----\n";
    let nested = [0x30, 0x82, 0xff, 0xff].repeat(8000);
    for hostile in [
        format!("{begin}{}{end}", line.repeat(900)).into_bytes(),
        begin.repeat(2000).into_bytes(),
        vec![b'-'; 60_000],
        vec![b'-'; 70_000],
        nested,
    ] {
        folder.write("bad.pem", &hostile);
        let error = folder.run("verify fix.hpk --key bad.pem");
        assert!(error.failed(1).len() < 2000, "{error:?}");
    }
}
