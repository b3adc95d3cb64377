//! The chain under every edit, and the log under everything that can happen to its writers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;

use super::record::sha256;
use super::tail::NOTHING;
use super::*;
use crate::package::SigningKey;
use crate::package::testing::key;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("audit.jsonl")
    }

    fn log(&self) -> Log {
        Log::at(self.path())
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }
}

fn facts() -> Facts {
    Facts {
        command: "apply".to_owned(),
        target: Some(TargetFacts {
            pid: 4711,
            image: Some("C:\\server\u{202e}.exe".to_owned()),
            ..TargetFacts::default()
        }),
        package: Some(PackageFacts {
            id: Some("fix-1".to_owned()),
            ..PackageFacts::default()
        }),
        ..Facts::default()
    }
}

fn ending() -> Ending {
    Ending {
        outcome: "applied".to_owned(),
        frozen_us: 812,
        attempts: 1,
        findings: vec!["HP503".to_owned()],
        module: Some("server.exe".to_owned()),
        ..Ending::default()
    }
}

fn attempt(log: &Log) {
    let attempt = Attempt::begin(log, facts()).unwrap();
    attempt.end(&ending()).unwrap();
}

fn judge(bytes: &[u8]) -> Verdict {
    verify(bytes, &[], &[]).unwrap()
}

/// A log with two attempts, a refusal and a checkpoint; its lines.
fn lines() -> Vec<Vec<u8>> {
    let folder = Folder::new();
    let log = folder.log();
    attempt(&log);
    refused(
        &log,
        facts(),
        &Ending::failed(crate::exit::Exit::Untrusted, "no"),
    )
    .unwrap();
    log.checkpoint(&key(1)).unwrap();
    attempt(&log);
    let bytes = folder.bytes();
    let lines: Vec<_> = bytes.split_inclusive(|b| *b == b'\n').collect();
    assert_eq!(lines.len(), 6);
    lines.into_iter().map(<[u8]>::to_vec).collect()
}

#[test]
fn an_attempt_is_two_chained_records_that_anybody_can_check() {
    let folder = Folder::new();
    attempt(&folder.log());
    let text = String::from_utf8(folder.bytes()).unwrap();
    assert!(!text.contains('\u{202e}'), "{text}");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let records: Vec<Record> = lines
        .iter()
        .map(|l| Record::from_line(l.trim_end().as_bytes()).unwrap())
        .collect();
    assert_eq!(records[0].previous, NOTHING);
    assert_eq!(records[1].previous, sha256(lines[0].as_bytes()));
    assert_eq!(records[0].event, Event::Started(facts()));
    let Event::Ended(end) = &records[1].event else {
        panic!("{records:?}");
    };
    assert_eq!((end.attempt, end.frozen_us), (Some(1), 812));
    let target = end.facts.target.as_ref().unwrap();
    assert_eq!(target.module.as_deref(), Some("server.exe"));
    assert_eq!(target.image, facts().target.unwrap().image);

    let verdict = judge(text.as_bytes());
    assert_eq!((verdict.problem_count, verdict.torn), (0, None));
    assert_eq!((verdict.records, verdict.first, verdict.last), (2, 1, 2));
    assert_eq!(verdict.head, sha256(lines[1].as_bytes()));
    assert!(verdict.open.is_empty());
    assert_eq!(judge(lines[0].as_bytes()).open, [1].into());
}

#[test]
fn every_line_removed_repeated_or_swapped_is_found_where_it_was() {
    let lines = lines();
    let first_problem = |lines: &[Vec<u8>]| judge(&lines.concat()).problems.first().cloned();
    assert_eq!(first_problem(&lines), None);
    for i in 0..lines.len() {
        let at = i as u64 + 1;
        let mut removed = lines.clone();
        removed.remove(i);
        let problem = first_problem(&removed);
        if i + 1 == lines.len() {
            // The end of a log: only a checkpoint tells.
            assert_eq!(problem, None);
        } else {
            let problem = problem.unwrap();
            assert_eq!((problem.line, problem.kind), (at, ProblemKind::Number));
            assert_eq!(problem.expected, format!("record {at}"));
            assert_eq!(problem.found, format!("record {}", at + 1));
        }
        for to in 0..=lines.len() {
            let mut repeated = lines.clone();
            repeated.insert(to, lines[i].clone());
            let problem = first_problem(&repeated).unwrap();
            // A line put beside itself is noticed at the second of the two.
            let expected = if to == i { to + 2 } else { to + 1 };
            assert_eq!(problem.line, expected as u64, "{i} to {to}");
        }
        for j in 0..i {
            let mut swapped = lines.clone();
            swapped.swap(i, j);
            let problem = first_problem(&swapped).unwrap();
            assert_eq!(problem.line, j as u64 + 1, "{i} and {j}");
        }
        let mut blank = lines.clone();
        blank.insert(i, b"\n".to_vec());
        let verdict = judge(&blank.concat());
        assert_eq!(verdict.problem_count, 1, "{verdict:?}");
        assert_eq!(verdict.problems[0].line, at);
    }
}

#[test]
fn a_record_that_was_written_anew_breaks_the_one_after_it() {
    let lines = lines();
    for i in 0..lines.len() - 1 {
        let mut record = Record::from_line(lines[i].trim_ascii_end()).unwrap();
        record.who.user = "somebody else".to_owned();
        let mut changed = lines.clone();
        changed[i] = record.to_line().unwrap();
        let verdict = judge(&changed.concat());
        assert_eq!(verdict.problems[0].line, i as u64 + 2);
        assert_eq!(verdict.problems[0].kind, ProblemKind::Previous);
    }
}

#[test]
fn a_log_that_was_cut_or_written_anew_does_not_fit_its_checkpoint() {
    let folder = Folder::new();
    let log = folder.log();
    attempt(&log);
    let checkpoint = log.checkpoint(&key(1)).unwrap();
    attempt(&log);
    let whole = folder.bytes();
    let keys = [key(1).public()];
    let kept = [checkpoint];
    let good = verify(&*whole, &keys, &kept).unwrap();
    assert_eq!((good.problem_count, good.vouched), (0, Some(2)));
    assert_eq!(good.checkpoints, 1);

    let lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
    let cut = verify(lines[0], &keys, &kept).unwrap();
    assert_eq!(cut.problems[0].kind, ProblemKind::TailRemoved);
    let empty = verify(&b""[..], &keys, &kept).unwrap();
    assert_eq!(empty.problems[0].kind, ProblemKind::TailRemoved);

    let anew = Folder::new();
    for _ in 0..3 {
        attempt(&anew.log());
    }
    let anew = verify(&*anew.bytes(), &keys, &kept).unwrap();
    assert_eq!(anew.problems[0].kind, ProblemKind::Checkpoint);
    assert_eq!((anew.problems[0].line, anew.vouched), (2, None));

    let stranger = verify(&*whole, &[key(2).public()], &kept).unwrap();
    assert_eq!(stranger.problems[0].kind, ProblemKind::Checkpoint);
    assert_eq!(stranger.vouched, None);
}

#[test]
fn every_torn_line_is_told_from_a_changed_one_and_taken_out() {
    let folder = Folder::new();
    attempt(&folder.log());
    let whole = folder.bytes();
    let start = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    for end in start + 1..whole.len() {
        fs::write(folder.path(), &whole[..end]).unwrap();
        let torn = judge(&folder.bytes());
        assert_eq!(
            (torn.problem_count, torn.torn.unwrap().line),
            (0, 2),
            "{end}"
        );
        let tail = read_tail(&mut std::io::Cursor::new(folder.bytes())).unwrap();
        assert_eq!((tail.number, tail.head), (torn.last, torn.head), "{end}");
        if end % 7 != 0 && end + 2 < whole.len() {
            continue;
        }
        attempt(&folder.log());
        let verdict = judge(&folder.bytes());
        assert_eq!((verdict.problem_count, verdict.torn), (0, None), "{end}");
        // Where only the line feed was missing, the record is kept.
        let lost = end + 1 < whole.len();
        assert_eq!(verdict.recovered, u64::from(lost), "{end}");
        assert_eq!(verdict.records, 4);
    }
    // Zeros are what some file systems leave.
    fs::write(folder.path(), [&whole[..start], &[0; 100]].concat()).unwrap();
    assert_eq!(judge(&folder.bytes()).problem_count, 0);
    attempt(&folder.log());
    assert_eq!(judge(&folder.bytes()).recovered, 1);
}

#[test]
fn nothing_is_appended_to_what_is_no_log() {
    let folder = Folder::new();
    let foreign = [
        b"hello".to_vec(),
        b"hello\n".to_vec(),
        b"{}\n".to_vec(),
        vec![b'x'; 3 * MAX_LINE],
        [&[b'x'; 3 * MAX_LINE][..], b"\n"].concat(),
        b"\0\0\n".to_vec(),
    ];
    for bytes in foreign {
        fs::write(folder.path(), &bytes).unwrap();
        let error = Attempt::begin(&folder.log(), facts()).unwrap_err();
        assert!(error.is_damage(), "{error}");
        assert_eq!(folder.bytes(), bytes);
    }
}

#[test]
fn a_changed_last_line_stops_writers_until_the_log_is_archived() {
    let folder = Folder::new();
    attempt(&folder.log());
    let text = String::from_utf8(folder.bytes()).unwrap();
    fs::write(folder.path(), text.replace("812", "811")).unwrap();
    assert!(folder.log().append(Event::Started(facts())).is_err());
    folder.log().rotate(&folder.0.path().join("old")).unwrap();
    attempt(&folder.log());
    let verdict = judge(&folder.bytes());
    assert_eq!((verdict.problem_count, verdict.records), (0, 3));
}

#[test]
fn an_archived_log_is_continued() {
    let folder = Folder::new();
    let log = folder.log();
    let archive = folder.0.path().join("2026.jsonl");
    assert!(matches!(log.rotate(&archive), Err(AuditError::Empty(_))));
    attempt(&log);
    let old = judge(&folder.bytes());
    log.rotate(&archive).unwrap();
    attempt(&log);
    let new = judge(&folder.bytes());
    assert_eq!((new.problem_count, new.first, new.last), (0, 3, 5));
    let first = folder.bytes();
    let first = first.split(|b| *b == b'\n').next().unwrap();
    let first = Record::from_line(first).unwrap();
    assert_eq!(first.previous, old.head);
    let Event::Continued(continued) = first.event else {
        panic!();
    };
    let archived = fs::read(&archive).unwrap();
    assert_eq!(continued.sha256, sha256(&archived));
    assert_eq!(continued.file, "2026.jsonl");
    assert!(log.rotate(&archive).is_err(), "it exists");
    // Killed between the two renamings.
    let new_path = folder.0.path().join("audit.jsonl.new");
    fs::rename(folder.path(), new_path).unwrap();
    attempt(&log);
    assert_eq!(judge(&folder.bytes()).records, 5);
}

#[test]
fn the_longest_texts_fit_a_line() {
    let folder = Folder::new();
    let long = "\u{e0041}".repeat(100_000);
    let target = crate::apply::target::Identity {
        pid: 1,
        created: u64::MAX,
        image: long.clone(),
    };
    let facts = Facts {
        command: "revert".to_owned(),
        target: Some((&target).into()),
        ..Facts::default()
    };
    let log = folder.log();
    let attempt = Attempt::begin(&log, facts).unwrap();
    let ending = Ending {
        module: Some(long.clone()),
        package_id: Some(long.clone()),
        ..Ending::failed(crate::exit::Exit::Error, &long)
    };
    attempt.end(&ending).unwrap();
    assert_eq!(judge(&folder.bytes()).problem_count, 0);
}

/// Not a test of its own: what the processes of the next test run. They are this very
/// program, and end only when they are killed.
#[test]
fn writer() {
    if let Some(path) = std::env::var_os("HOTPATCH_TEST_WRITES") {
        let log = Log::at(path);
        loop {
            attempt(&log);
        }
    }
}

#[test]
fn two_processes_write_while_one_is_killed_again_and_again() {
    let folder = Folder::new();
    let start = || {
        let mut writer = Command::new(std::env::current_exe().unwrap());
        writer
            .args(["--exact", "ops::audit::tests::writer"])
            .env("HOTPATCH_TEST_WRITES", folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut steady = start();
    let mut before = 0;
    for i in 0..20 {
        let mut victim = start();
        std::thread::sleep(std::time::Duration::from_millis(60 + i * 7));
        victim.kill().unwrap();
        victim.wait().unwrap();
        // This process is a third writer.
        let appended = folder.log().append(Event::Started(facts())).unwrap();
        assert!(appended.number > before);
        before = appended.number;
    }
    steady.kill().unwrap();
    steady.wait().unwrap();
    attempt(&folder.log());
    let verdict = judge(&folder.bytes());
    assert_eq!(verdict.problem_count, 0, "{verdict:?}");
    assert!(verdict.records > 100, "{}", verdict.records);
}

proptest! {
    #[test]
    fn every_changed_byte_is_found_in_its_line(at in any::<prop::sample::Index>(), by in 1u8..) {
        let mut bytes = lines().concat();
        let at = at.index(bytes.len());
        let line = bytes[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1;
        let newline = bytes[at] == b'\n';
        bytes[at] ^= by;
        let verdict = judge(&bytes);
        if newline && at + 1 == bytes.len() {
            // Without its line feed the last line may be a torn one; it isn't this one.
            prop_assert!(verdict.problem_count == 1 || verdict.torn.is_some());
        } else {
            prop_assert_eq!(verdict.problems[0].line, line);
        }
    }

    #[test]
    fn nothing_makes_the_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        judge(&bytes);
        bytes.splice(0..0, lines()[0].iter().copied());
        judge(&bytes);
    }

    #[test]
    fn what_a_record_says_it_says_again_when_it_is_read(user in ".*", id in ".*", n in any::<u64>()) {
        let key: SigningKey = key(1);
        let record = Record {
            schema: SCHEMA.to_owned(),
            number: n,
            time: String::new(),
            previous: NOTHING.to_owned(),
            who: Who { user, id, elevated: true },
            place: Place::default(),
            event: Event::Checkpoint { checkpoint: Checkpoint::sign(n, NOTHING, String::new(), &key) },
            seal: None,
        };
        let line = record.to_line().unwrap();
        let mut read = Record::from_line(line.trim_ascii_end()).unwrap();
        prop_assert!(read.seal.take().is_some());
        prop_assert_eq!(read, record);
    }
}
