//! Inputs that cannot be compared, or must not be patched.

use super::support::{Folder, Run};
use super::{diff, fixture, server};

#[test]
fn images_of_another_kind_are_refused_by_name() {
    for (file, code, word) in [
        ("x86.exe", "HP101", "x86"),
        ("arm64.exe", "HP101", "ARM64"),
        ("managed.exe", "HP102", "CLR"),
        ("kernel.sys", "HP103", "kernel-mode"),
    ] {
        let path = fixture(&format!("refused/{file}"));
        let run = diff(&path, &path, &[]);
        assert_eq!(run.exit, Some(4), "{file}: {run:?}");
        assert!(
            run.stdout.contains(code) && run.stdout.contains(word),
            "{}",
            run.stdout
        );
        let json = diff(&path, &path, &["--format", "json"]).json();
        assert_eq!(json["verdict"]["status"], "restart-required", "{file}");
        assert_eq!(json["verdict"]["findings"][0]["code"], code, "{file}");
    }
}

#[test]
fn a_pdb_without_procedures_proves_nothing() {
    let path = fixture("refused/no-procedures.exe");
    let run = diff(&path, &path, &["--format", "json"]);
    assert_eq!(run.exit, Some(4), "{run:?}");
    let report = run.json();
    let findings = report["verdict"]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["code"] == "HP111"), "{report:#}");
}

/// The server's old build in a folder, with changes of image and PDB.
fn changed_server(change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) -> Folder {
    let folder = Folder::new();
    let mut image = std::fs::read(server("old")).unwrap();
    let mut pdb = std::fs::read(fixture("server/old/server.pdb")).unwrap();
    change(&mut image, &mut pdb);
    folder.write("server.exe", &image);
    folder.write("server.pdb", &pdb);
    folder
}

/// Where these bytes are; they must be there once.
fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    let mut places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(wanted));
    let found = places.next().expect("the bytes are there");
    assert_eq!(places.next(), None, "the bytes are there once");
    found
}

#[test]
fn a_fastlink_pdb_is_refused_with_the_switch_that_helps() {
    let folder = changed_server(|_, pdb| {
        // The feature code VC140 becomes MinimalDebugInfo.
        let at = find(pdb, &20_140_508u32.to_le_bytes());
        pdb[at..at + 4].copy_from_slice(b"MINI");
    });
    let run = folder.run("diff server.exe server.exe --format json");
    assert_eq!(run.exit, Some(4), "{run:?}");
    let findings = &run.json()["verdict"]["findings"];
    assert_eq!(findings[0]["code"], "HP114", "{findings:#}");
    let text = folder.run("diff server.exe server.exe");
    assert!(text.stdout.contains("/DEBUG:FULL"), "{text:?}");
    let coverage = folder.run("coverage server.exe");
    assert!(
        coverage.stdout.contains("HP114") || coverage.stdout.contains("FASTLINK"),
        "{coverage:?}"
    );
}

#[test]
fn identity_is_guid_and_age() {
    let age_of_image = |image: &[u8]| find(image, b"RSDS") + 20;
    let older = changed_server(|image, _| {
        let at = age_of_image(image);
        image[at] += 1;
    });
    let newer = changed_server(|_, pdb| {
        // The DBI stream begins with -1, its version and its age.
        let at = find(pdb, &[[0xff; 4], 19_990_903u32.to_le_bytes()].concat());
        pdb[at + 8] += 1;
    });
    for (folder, ages) in [(older, ["age 2", "age 1"]), (newer, ["age 1", "age 2"])] {
        let message = folder.run("diff server.exe server.exe");
        let message = message.failed(1);
        for age in ages {
            assert!(message.contains(age), "{message}");
        }
        assert!(message.find(ages[0]) < message.find(ages[1]), "{message}");
    }
}

#[test]
fn the_pdb_of_another_build_is_refused_with_both_guids() {
    let pdb = fixture("server/new/server.pdb");
    let pdb = pdb.to_str().unwrap();
    let run = diff(&server("old"), &server("new"), &["--old-pdb", pdb]);
    let message = run.failed(1);
    let own = guid(&server("old"));
    let other = guid(&server("new"));
    assert!(
        message.contains(&own) && message.contains(&other),
        "{message}"
    );
    assert!(message.contains("hint:"), "{message}");
}

/// The GUID in an image's debug record, by way of the report.
fn guid(image: &std::path::Path) -> String {
    let report = diff(image, image, &["--format", "json"]).json();
    report["old"]["pdb_guid"].as_str().unwrap().to_owned()
}

#[test]
fn a_missing_pdb_says_where_it_was_looked_for() {
    let folder = Folder::new();
    let bytes = std::fs::read(server("old")).unwrap();
    folder.write("server.exe", &bytes);
    let run = folder.run("diff server.exe server.exe");
    let message = run.failed(1);
    assert!(
        message.contains("server.pdb") && message.contains("--old-pdb"),
        "{message}"
    );
}

#[test]
fn what_is_no_image_is_an_error() {
    let folder = Folder::new();
    folder.write("empty", b"");
    folder.write("text", b"MZ is how it begins, and that is all");
    for name in ["empty", "text", "missing"] {
        let run = folder.run(&format!("diff {name} {name}"));
        assert!(run.failed(1).contains(name), "{run:?}");
        let run = folder.run(&format!("diff {name} {name} --format json"));
        assert_eq!(run.exit, Some(1));
        assert_eq!(run.json()["schema"], "hotpatch.error/1");
    }
}

/// Files that are something else are named with what they are, before all of them is read.
#[test]
fn every_input_is_told_from_every_other() {
    let folder = changed_server(|_, _| {});
    folder.write("empty", b"");
    folder.write("net.pdb", b"BSJB\x01\0\x01\0");
    let old = b"Microsoft C/C++ program database 2.00\r\n\x1aJG";
    folder.write("vc6.pdb", old);
    std::fs::create_dir(folder.path("folder")).unwrap();
    let sparse = std::fs::File::create(folder.path("sparse")).unwrap();
    sparse.set_len(u64::from(u32::MAX)).unwrap();
    for (arguments, file, word) in [
        ("server.exe empty", "empty", "empty"),
        ("server.exe server.pdb", "server.pdb", "is a PDB"),
        ("server.pdb server.exe", "server.pdb", "is a PDB"),
        ("folder server.exe", "folder", "irectory"),
        ("server.exe sparse", "sparse", "00000000"),
        (
            "server.exe server.exe --new-pdb server.exe",
            "server.exe",
            "is an image",
        ),
        ("server.exe server.exe --new-pdb empty", "empty", "empty"),
        (
            "server.exe server.exe --old-pdb sparse",
            "sparse",
            "MSF 7.00",
        ),
        (
            "server.exe server.exe --old-pdb folder",
            "folder",
            "irectory",
        ),
        (
            "server.exe server.exe --old-pdb net.pdb",
            "net.pdb",
            "portable",
        ),
        (
            "server.exe server.exe --old-pdb vc6.pdb",
            "vc6.pdb",
            "before Visual C++ 7",
        ),
    ] {
        let run = folder.run(&format!("diff {arguments}"));
        let message = run.failed(1);
        let cause = message.lines().nth(1).unwrap_or("");
        assert!(
            message.lines().next().is_some_and(|l| l.contains(file)),
            "{arguments}: {message}"
        );
        // Windows has its own words for a folder.
        let words = cfg!(windows) && word == "irectory" || cause.contains(word);
        assert!(words, "{arguments}: {message}");
        assert_eq!(message.matches("caused by").count(), 1, "{message}");
    }
}

/// PDBs that are cut off, at a few hundred places, and in their headers everywhere.
#[test]
fn a_pdb_that_is_cut_off_is_an_error() {
    let folder = changed_server(|_, _| {});
    let pdb = folder.read("server.pdb");
    let image = folder.read("server.exe");
    let lengths = (1..64).chain((64..pdb.len()).step_by(pdb.len() / 40));
    for len in lengths {
        folder.write("server.pdb", &pdb[..len]);
        let run = folder.run("diff server.exe server.exe");
        let message = run.failed(1);
        assert!(
            message.starts_with("error: cannot use server.pdb"),
            "{len}: {message}"
        );
    }
    folder.write("server.pdb", &pdb);
    // The last bytes are padding, which says nothing.
    for len in (1..image.len() - 0x200).step_by(image.len() / 40) {
        folder.write("cut.exe", &image[..len]);
        let run = folder.run("diff server.exe cut.exe --new-pdb server.pdb");
        assert!(run.failed(1).contains("cut.exe"), "{len}: {run:?}");
    }
}

#[test]
fn only_risks_can_be_accepted() {
    let old = server("old");
    for code in ["HP305", "HP999", "nonsense"] {
        let run = diff(&old, &old, &["--accept", code]);
        assert!(run.failed(2).contains("--all"), "{run:?}");
    }
}

#[test]
fn a_refusal_writes_no_package() {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let run = Run::of(
        folder
            .program()
            .arg("build")
            .args([server("old"), server("new-unpatchable")])
            .args("-o out.hpk --key k.pem --id X".split_whitespace()),
    );
    assert_eq!(run.exit, Some(4), "{run:?}");
    assert!(run.stdout.starts_with("No package was written."), "{run:?}");
    assert!(!folder.path("out.hpk").exists());
}
