//! The audit log and its checkpoints.

use std::io::Cursor;

use hotpatch::ops::audit::{
    Checkpoint, Event, Place, Record, SCHEMA, Who, read_tail, seal, verify,
};
use hotpatch::package::SigningKey;

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// A log as it lies on the disk; and what is behind its seals: each line of the input as the
/// body of a sealed record.
pub fn log(data: &[u8]) {
    read(data);
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let sealed: Vec<u8> = text.lines().flat_map(seal).collect();
    read(&sealed);
    if let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(data) {
        let _ = checkpoint.signer();
        verify(data, &[], &[checkpoint]).expect("memory can be read");
    }
}

fn read(log: &[u8]) {
    let verdict = verify(log, &[key().public()], &[]).expect("memory can be read");
    assert!(verdict.problems.len() as u64 <= verdict.problem_count);
    // Whoever appends to a log that verifies must find its end.
    let tail = read_tail(&mut Cursor::new(log));
    if verdict.problem_count == 0 {
        let tail = tail.expect("the end of a good log");
        assert_eq!((tail.number, tail.head), (verdict.last, verdict.head));
    }
}

pub fn log_seeds() -> Vec<Vec<u8>> {
    let nothing = "0".repeat(64);
    let time = "2026-01-02T03:04:05.000Z".to_owned();
    let checkpoint = Checkpoint::sign(0, &nothing, time.clone(), &key());
    let document = serde_json::to_vec(&checkpoint).expect("a document");
    let record = Record {
        schema: SCHEMA.to_owned(),
        number: 1,
        time,
        previous: nothing,
        who: Who::default(),
        place: Place::default(),
        event: Event::Checkpoint { checkpoint },
        seal: None,
    };
    let line = record.to_line().expect("a line");
    let body = line.split(|b| *b == b'\n').next().expect("a line");
    // Without its seal, which the target makes.
    let body = &body[..body.len() - r#","seal":"""#.len() - 64 - 1];
    vec![
        line.clone(),
        body.to_vec(),
        line[..line.len() / 2].to_vec(),
        document,
    ]
}
