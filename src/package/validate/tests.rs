use super::*;
use crate::addr::Va;
use crate::package::manifest::{CodeRange, LeftOutFunction, Padding, Relay, Versions, WatchedCode};
use crate::package::testing::{function, manifest};

/// What is wrong with the sample after `change`.
fn wrong(change: impl FnOnce(&mut Manifest)) -> String {
    let mut manifest = manifest();
    change(&mut manifest);
    validate(&manifest).unwrap_err().to_string()
}

/// The sample with one field changed is refused with an error that names the field.
macro_rules! refused {
    ($($field:literal: $manifest:ident => $change:expr;)+) => {$(
        let error = wrong(|$manifest| { $change; });
        assert!(error.contains($field), "{}: {error}", stringify!($change));
    )+};
}

#[test]
fn the_sample_is_valid() {
    assert_eq!(validate(&manifest()), Ok(()));
}

#[test]
fn another_format_is_refused_first() {
    let error = wrong(|m| {
        m.format = 2;
        m.patch.id.clear();
    });
    assert_eq!(error, "manifest format 2 is not supported, only format 1");
}

#[test]
fn ids_are_names_and_never_paths() {
    for bad in [
        "", ".", "..", "../x", "a/b", r"a\b", "a b", "-a", ".a", "a.", "ä", "a\n",
    ] {
        refused! { "patch.id": m => m.patch.id = bad.to_owned(); }
        refused! { "patch.requires": m => m.patch.requires = vec![bad.to_owned()]; }
    }
    refused! {
        "patch.id": m => m.patch.id = "a".repeat(MAX_ID + 1);
        "patch.sequence": m => m.patch.sequence = 1 << 63;
        "itself": m => m.patch.supersedes = vec![m.patch.id.clone()];
    }
}

#[test]
fn texts_have_their_form() {
    refused! {
        "patch.title": m => m.patch.title = Some("a\x1b[2J".to_owned());
        "patch.title": m => m.patch.title = Some("a".repeat(MAX_TITLE + 1));
        "patch.cves": m => m.patch.cves = vec!["CVE-26-1234".to_owned()];
        "patch.cves": m => m.patch.cves = vec!["CVE-2026-123".to_owned()];
        "patch.cves": m => m.patch.cves = vec!["cve-2026-1234".to_owned()];
        "build.builder": m => m.build.builder = "a".repeat(MAX_TITLE + 1);
        "accepted_risks": m => m.build.accepted_risks = vec!["all".to_owned()];
        "options.accept": m => m.build.options.accept = vec!["HP2".to_owned()];
        "options.except": m => m.build.options.except = vec!["b".to_owned(), "a".to_owned()];
        "options.leave_out": m => m.build.options.leave_out = vec![String::new()];
        "version.new": m => m.version = Some(versions("a\nb"));
        "left_out.name": m => m.left_out = vec![left_out("", 0x1000)];
        "left_out": m => m.left_out = vec![left_out("a", 0x1000), left_out("b", 0x1000)];
        "not inside": m => m.left_out = vec![left_out("a", u32::MAX)];
        "source_repository": m => m.build.source_repository = Some("no uri".to_owned());
        "source_repository": m => m.build.source_repository = Some("ssh://u:pw@host/".to_owned());
        "source_repository": m => m.build.source_repository = Some("https://token@host/".to_owned());
        "source_revision": m => m.build.source_revision = Some("\x1b[2J".to_owned());
    }
    for hash in [
        String::new(),
        "1".repeat(63),
        "G".repeat(64),
        "AB".repeat(32),
    ] {
        refused! {
            "target.sha256": m => m.target.sha256 = hash.clone();
            "target.authenticode_sha256": m => m.target.authenticode_sha256 = hash.clone();
            "build.old_pdb_sha256": m => m.build.old_pdb_sha256 = hash.clone();
            "build.new_image_sha256": m => m.build.new_image_sha256 = hash.clone();
            "build.new_pdb_sha256": m => m.build.new_pdb_sha256 = hash.clone();
            "range.sha256": m => m.functions[0].ranges[0].sha256 = hash.clone();
        }
    }
}

#[test]
fn the_target_is_a_file_name_and_an_image() {
    for bad in ["", "..", "a/b.exe", r"..\b.exe", "c:b.exe", "a\0b", "*"] {
        refused! { "target.file_name": m => m.target.file_name = bad.to_owned(); }
    }
    let lower = manifest().target.pdb_guid.to_lowercase();
    for bad in ["", "{01234567-89AB-CDEF-0123-456789ABCDEF}", lower.as_str()] {
        refused! { "target.pdb_guid": m => m.target.pdb_guid = bad.to_owned(); }
    }
    refused! {
        "target.image_base": m => m.target.image_base = Va(0x1_4000_1000);
        "target.image_base": m => { m.target.size_of_image = 0x1_0001;
            m.target.image_base = Va(0xffff_ffff_ffff_0000) };
        "parse": m => m.target.size_of_image = 0;
    }
}

#[test]
fn functions_are_sorted_and_named_once() {
    refused! {
        "at least one": m => m.functions.clear();
        "function: \"0x1000\"": m => m.functions.swap(0, 1);
        "function: \"0x1000\"": m => m.functions[1].entry = m.functions[0].entry;
        "function.gate": m => m.functions[1].gate = Some(m.functions[0].gate_symbol().into_owned());
        "redirect of another function": m => m.functions[1] = function("send", 0x1004);
        "function.name": m => m.functions[0].name.clear();
        "function.symbol": m => m.functions[0].symbol = "a\0b".to_owned();
        "function.linkage_name": m => m.functions[0].linkage_name = Some(String::new());
        "function.name": m => m.functions[0].name = "a".repeat(MAX_NAME + 1);
    }
}

#[test]
fn relays_are_in_reach_covered_and_nobody_elses() {
    let with_relay = |m: &mut Manifest, rva: u32| {
        let f = &mut m.functions[0];
        f.entry_bytes = "4883".to_owned();
        f.relay = Some(Relay {
            rva: Rva(rva),
            bytes: "cccccccccc".to_owned(),
            elsewhere: vec![],
        });
        f.ranges.push(CodeRange {
            rva: Rva(rva),
            size: 5,
            relocated: vec![],
            sha256: "11".repeat(32),
        });
    };
    let mut good = manifest();
    with_relay(&mut good, 0x1081);
    assert_eq!(validate(&good), Ok(()));
    refused! {
        "out of reach": m => with_relay(m, 0x1082);
        "under the redirect of another": m => { with_relay(m, 0x1081);
            m.functions[1] = function("send", 0x1084) };
        "none of its ranges": m => { with_relay(m, 0x1081);
            m.functions[0].ranges.pop(); };
        "relay.bytes": m => { with_relay(m, 0x1081);
            m.functions[0].relay.iter_mut().for_each(|r| r.bytes.clear()) };
        "entry_bytes": m => { with_relay(m, 0x1081);
            m.functions[0].entry_bytes = "4883ec2890".to_owned() };
    }
}

#[test]
fn padding_is_whole_in_reach_and_nobodys_code() {
    let with_padding = |m: &mut Manifest, pieces: &[(u32, usize)]| {
        let f = &mut m.functions[0];
        f.entry_bytes = "4883".to_owned();
        let elsewhere = pieces.iter().map(|(rva, size)| Padding {
            rva: Rva(*rva),
            bytes: "cc".repeat(*size),
        });
        f.relay = Some(Relay {
            rva: Rva(0x1045),
            bytes: "cc".repeat(5),
            elsewhere: elsewhere.collect(),
        });
        f.ranges.push(CodeRange {
            rva: Rva(0x1045),
            size: 5,
            relocated: vec![],
            sha256: "11".repeat(32),
        });
    };
    let mut good = manifest();
    with_padding(&mut good, &[(0x0f82, 5), (0x1045, 15), (0x107c, 10)]);
    assert_eq!(validate(&good), Ok(()));
    let relay = good.functions[0].relay.clone().unwrap();
    let places: Vec<u32> = relay.places().map(|(at, _)| at.0).collect();
    assert_eq!(places, [0x1045, 0xf82, 0x104a, 0x104f, 0x107c, 0x1081]);
    refused! {
        "multiple of five": m => with_padding(m, &[(0x1045, 9)]);
        "multiple of five": m => with_padding(m, &[(0x1045, 0)]);
        "out of reach": m => with_padding(m, &[(0xf81, 10)]);
        "out of reach": m => with_padding(m, &[(0x107d, 10)]);
        "overlaps or is out of order": m => with_padding(m, &[(0x1060, 10), (0x1069, 5)]);
        "own code": m => with_padding(m, &[(0x103f, 5)]);
        "under the redirect": m => { with_padding(m, &[(0x1060, 10)]);
            m.functions[1] = function("send", 0x1069) };
    }
}

#[test]
fn code_is_inside_the_image_and_the_first_range_begins_with_the_redirect() {
    let range = |rva, size| CodeRange {
        rva: Rva(rva),
        size,
        relocated: vec![],
        sha256: "11".repeat(32),
    };
    refused! {
        "entry_bytes": m => m.functions[0].entry_bytes = "4883ec28".to_owned();
        "entry_bytes": m => m.functions[0].entry_bytes = "4883EC2890".to_owned();
        "no range": m => m.functions[0].ranges.clear();
        "0x7ff0 with 0x11 bytes": m => m.functions[0].ranges.push(range(0x7ff0, 0x11));
        "with 0x0 bytes": m => m.functions[0].ranges.push(range(0x3000, 0));
        "is not inside 0x8000": m => m.functions[0].ranges.push(range(u32::MAX, 2));
        "overlap": m => m.functions[0].ranges.push(range(0x103f, 1));
        "first range": m => m.functions[0].ranges.insert(0, range(0x3000, 1));
        "first range": m => m.functions[0].entry = Rva(0x1040);
        "first range": m => m.functions[0].entry = Rva(0x1004);
        "behind its first range": m => { m.functions[0].ranges[0].size = 4;
            m.functions[0].ranges[0].relocated.clear() };
        "is not inside": m => { m.functions[1].ranges[0] = range(0x7fff, 1);
            m.functions[1].entry = Rva(0x7fff) };
    }
    let watched = |rva, size| WatchedCode {
        addressed: false,
        name: "twin".to_owned(),
        rva: Rva(rva),
        size,
    };
    refused! {
        "twin: 0x7ff0 with 0x11 bytes": m => m.watched = vec![watched(0x7ff0, 0x11)];
        "watched: \"0x500\" is out of order": m => m.watched = vec![watched(0x500, 1), watched(0x500, 1)];
        "watched": m => m.watched = vec![WatchedCode { name: String::new(), ..watched(1, 1) }];
    }
    let mut two = manifest();
    two.functions[0].ranges.push(range(0x500, 0x20));
    assert_eq!(
        validate(&two),
        Ok(()),
        "a cold part may come first in memory"
    );
}

#[test]
fn relocated_fields_are_sorted_apart_and_never_under_the_redirect() {
    refused! {
        "relocated field of 0x1000": m => m.functions[0].ranges[0].relocated = vec![0x39];
        "relocated field of 0x1000": m => m.functions[0].ranges[0].relocated = vec![u32::MAX];
        "overlap": m => m.functions[0].ranges[0].relocated = vec![0x10, 0x17];
        "overlap": m => m.functions[0].ranges[0].relocated = vec![0x20, 0x10];
        "under its redirect": m => m.functions[0].ranges[0].relocated = vec![4];
    }
    let mut after = manifest();
    after.functions[0].ranges[0].relocated = vec![5, 0x38];
    assert_eq!(validate(&after), Ok(()));
}

#[test]
fn externals_are_sorted_and_inside_the_image() {
    refused! {
        "external: \"server.exe!log\"": m => m.externals.swap(0, 1);
        "server.exe!log: 0x8000": m => m.externals[0].rva = Rva(0x8000);
        "external.symbol": m => m.externals[0].symbol.clear();
    }
}

#[test]
fn many_functions_are_no_problem() {
    let mut many = manifest();
    many.target.size_of_image = 0x100_0000;
    many.functions = (0..5000u32)
        .map(|i| function(&format!("f{i}"), 0x1000 + i * 0x100))
        .collect();
    assert_eq!(validate(&many), Ok(()));
}

fn versions(new: &str) -> Versions {
    Versions {
        old: "1.0".into(),
        new: new.into(),
        carried: Vec::new(),
    }
}

fn left_out(name: &str, rva: u32) -> LeftOutFunction {
    LeftOutFunction {
        name: name.into(),
        rva: Rva(rva),
        reason: "a number".into(),
    }
}
