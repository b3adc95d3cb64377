//! Builds whose objects say that another compiler made them.

use super::support::{Folder, Run};
use super::{fixture, server};

/// Start of an `S_COMPILE3` record of 28 bytes: its length, its kind.
const COMPILE3: [u8; 4] = [26, 0, 0x3c, 0x11];
/// Offset of the flags, behind them the machine and two versions of four numbers.
const FLAGS: usize = 4;
/// Offset of the back end's version.
const BACK_END: usize = FLAGS + 4 + 2 + 8;
/// The bit of `/hotpatch` in the flags.
const HOT_PATCH: u32 = 1 << 14;

/// Compares the fix with itself but for what the record of some objects of NEW says.
fn with_compiler_of(objects: &[&str], change: impl Fn(&mut [u8])) -> serde_json::Value {
    let folder = Folder::new();
    let mut pdb = std::fs::read(fixture("server/new/server.pdb")).unwrap();
    for object in objects {
        let record = compiler_record(&pdb, object);
        change(&mut pdb[record..record + 28]);
    }
    folder.write("server.exe", &std::fs::read(server("new")).unwrap());
    folder.write("server.pdb", &pdb);
    let mut program = folder.program();
    program.arg("diff").arg(server("old")).arg("server.exe");
    Run::of(program.args(["--format", "json"])).json()
}

/// Where the record of an object is: right behind the one with the object's name.
fn compiler_record(pdb: &[u8], object: &str) -> usize {
    let name = format!("/{object}\0");
    let named = (0..pdb.len()).filter(|at| pdb[*at..].starts_with(name.as_bytes()));
    let ends = named.map(|at| at + name.len());
    let behind = ends.flat_map(|end| end..end + 4);
    let mut records = behind.filter(|at| pdb[*at..].starts_with(&COMPILE3));
    records.next().expect("the object has a record")
}

fn newer(record: &mut [u8]) {
    record[BACK_END + 4] += 1;
}

fn findings(report: &serde_json::Value) -> Vec<(&str, &str, &str)> {
    let findings = report["verdict"]["findings"].as_array().unwrap().iter();
    findings
        .map(|f| {
            let field = |name| f[name].as_str().unwrap();
            (field("code"), field("severity"), field("detail"))
        })
        .collect()
}

#[test]
fn a_servicing_build_of_the_compiler_is_a_note() {
    let report = with_compiler_of(&["beat.o"], newer);
    let found = findings(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1), ("HP117", "note"));
    assert!(found[0].2.ends_with(": beat.o"), "{found:?}");
    assert_eq!(report["verdict"]["status"], "patchable");
}

#[test]
fn other_options_are_a_risk_said_once() {
    let hot_patch = |record: &mut [u8]| {
        let flags = &mut record[FLAGS..FLAGS + 4];
        let set = HOT_PATCH.to_le_bytes();
        flags
            .iter_mut()
            .zip(set)
            .for_each(|(byte, bit)| *byte |= bit);
    };
    let report = with_compiler_of(&["beat.o", "commands.o"], hot_patch);
    let found = findings(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1), ("HP110", "risk"));
    assert!(
        found[0].2.contains("with /hotpatch instead of"),
        "{found:?}"
    );
    assert_eq!(report["verdict"]["status"], "restart-required");
}

#[test]
fn an_object_without_code_of_the_patch_says_nothing() {
    let report = with_compiler_of(&["main.o", "store.o"], newer);
    assert_eq!(findings(&report), []);
    assert_eq!(report["verdict"]["status"], "patchable");
}
