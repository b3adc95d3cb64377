//! Several programs write to one log, and are killed while they do.

use std::process::Stdio;
use std::time::Duration;

use hotpatch::ops::audit::{Ending, Facts, Log, refused};

use super::common::start;
use super::{folder, json};

#[test]
fn programs_that_are_killed_leave_a_log_that_verifies() {
    let folder = folder(1);
    let start = || {
        let mut program = folder.program();
        program
            .args("audit checkpoint --key 1.pem --audit-log audit.jsonl".split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        start::started(|| program.spawn()).unwrap()
    };
    let log = Log::at(folder.path("audit.jsonl"));
    for round in 0..30u64 {
        let mut programs: Vec<_> = (0..4).map(|_| start()).collect();
        std::thread::sleep(Duration::from_micros(round * 700));
        for victim in &mut programs[..2] {
            let _ = victim.kill();
        }
        refused(&log, Facts::new("apply"), &Ending::default()).unwrap();
        for (i, program) in programs.iter_mut().enumerate() {
            let status = program.wait().unwrap();
            assert!(i < 2 || status.success(), "{status}");
        }
    }
    let verified = json(&folder, "verify --key 1.pub.pem", 0);
    assert!(
        verified["records"].as_u64().unwrap() >= 3 + 30 * 3,
        "{verified}"
    );
    assert!(
        verified["checkpoints"].as_u64().unwrap() >= 60,
        "{verified}"
    );
}
