//! Proves a log: every line is a record, and follows the one before.

use std::collections::BTreeSet;
use std::io::{self, BufRead};

use super::checkpoint::Checkpoint;
use super::lines::{Line, Lines};
use super::record::{Event, LineError, Record, is_torn, sha256};
use super::tail::NOTHING;
use crate::package::PublicKey;

/// Most problems that are described one by one.
const MAX_PROBLEMS: usize = 100;

/// What was found out about a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Number of records.
    pub records: u64,
    /// Number of the first record; 0 where there is none.
    pub first: u64,
    /// Number of the last record.
    pub last: u64,
    /// SHA-256 of the last record's line, line feed included, as hex.
    pub head: String,
    /// The first problems, by line.
    pub problems: Vec<Problem>,
    /// How many there are.
    pub problem_count: u64,
    /// The line that a loss of power tore, and no writer has taken out yet.
    pub torn: Option<Torn>,
    /// Number of torn lines that writers have taken out.
    pub recovered: u64,
    /// The highest record that a checkpoint vouches for: one of a trusted key, or, where no
    /// key was named, one that was kept elsewhere.
    pub vouched: Option<u64>,
    /// Number of checkpoints in the log.
    pub checkpoints: u64,
    /// Attempts that have started and not ended, by the number of their record.
    pub open: BTreeSet<u64>,
}

/// The line that a loss of power tore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The line, counted from 1.
    pub line: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1; 0 where it is about the log's end.
    pub line: u64,
    /// The number that the record there should have.
    pub record: u64,
    /// What kind it is of.
    pub kind: ProblemKind,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// What kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The line is no record.
    NotARecord,
    /// The line's bytes are not those that were sealed.
    Changed,
    /// The record has another number: lines were removed, inserted, repeated or moved.
    Number,
    /// The record follows another line than the one before it.
    Previous,
    /// A checkpoint is not valid, or is about other records than these.
    Checkpoint,
    /// Records are missing at the end.
    TailRemoved,
}

impl ProblemKind {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            ProblemKind::NotARecord => "not-a-record",
            ProblemKind::Changed => "changed",
            ProblemKind::Number => "number",
            ProblemKind::Previous => "previous",
            ProblemKind::Checkpoint => "checkpoint",
            ProblemKind::TailRemoved => "tail-removed",
        }
    }
}

/// Verifies a log, in memory for one line.
///
/// `keys` are those that are trusted to sign checkpoints; without any, every valid signature
/// will do. `kept` are checkpoints that were kept elsewhere.
///
/// # Errors
/// Where the log can't be read.
pub fn verify(log: impl BufRead, keys: &[PublicKey], kept: &[Checkpoint]) -> io::Result<Verdict> {
    let mut chain = Chain {
        keys,
        kept,
        number: 1,
        previous: Some(NOTHING.to_owned()),
        skipped: false,
        verdict: Verdict {
            head: NOTHING.to_owned(),
            ..Verdict::default()
        },
    };
    let mut lines = Lines::new(log);
    while let Some(line) = lines.next_line()? {
        chain.line(&line);
    }
    chain.finish();
    Ok(chain.verdict)
}

struct Chain<'k> {
    keys: &'k [PublicKey],
    kept: &'k [Checkpoint],
    /// The number that the next record should have.
    number: u64,
    /// The hash that it should name; unknown after a line that is no record.
    previous: Option<String>,
    /// The line before is no record: it may be one that was changed, or one that was put in.
    skipped: bool,
    verdict: Verdict,
}

impl Chain<'_> {
    fn line(&mut self, line: &Line<'_>) {
        let read = match line.is_too_long() {
            true => Err(LineError::TooLong),
            false => Record::from_line(line.bytes),
        };
        match read {
            Ok(record) => self.record(line, record),
            Err(_) if !line.complete && !line.is_too_long() && is_torn(line.bytes) => {
                self.verdict.torn = Some(Torn {
                    line: line.number,
                    bytes: line.len,
                });
            }
            Err(error) => {
                let kind = match error {
                    LineError::Seal { .. } => ProblemKind::Changed,
                    _ => ProblemKind::NotARecord,
                };
                self.problem(line.number, kind, "a sealed record", error.to_string());
                self.number += 1;
                self.previous = None;
                self.skipped = true;
            }
        }
    }

    fn record(&mut self, line: &Line<'_>, record: Record) {
        let hash = match line.complete {
            true => line.sha256.clone(),
            // The next writer will add the line feed that is missing.
            false => sha256(&[line.bytes, b"\n"].concat()),
        };
        let verdict = &mut self.verdict;
        if verdict.records == 0 && line.number == 1 {
            verdict.first = record.number;
            if matches!(record.event, Event::Continued(_)) {
                self.number = record.number;
                self.previous = Some(record.previous.clone());
            }
        }
        self.check_position(line, &record);
        self.check_kept(line, &hash, record.number);
        self.note(line, &record);
        let verdict = &mut self.verdict;
        verdict.records += 1;
        verdict.last = record.number;
        verdict.head.clone_from(&hash);
        if !line.complete {
            // A whole record of which only the line feed is missing.
            verdict.torn = Some(Torn {
                line: line.number,
                bytes: line.len,
            });
        }
        self.number = record.number.saturating_add(1);
        self.previous = Some(hash);
        self.skipped = false;
    }

    fn check_position(&mut self, line: &Line<'_>, record: &Record) {
        let inserted = self.skipped && record.number.checked_add(1) == Some(self.number);
        if record.number != self.number && !inserted {
            let expected = format!("record {}", self.number);
            let found = format!("record {}", record.number);
            self.problem(line.number, ProblemKind::Number, &expected, found);
        } else if let Some(previous) = self.previous.take()
            && previous != record.previous
        {
            let found = format!("one that follows {}", record.previous);
            let expected = format!("a record that follows {previous}, the line before");
            self.problem(line.number, ProblemKind::Previous, &expected, found);
        }
    }

    /// Compares a record with the checkpoints that were kept elsewhere.
    fn check_kept(&mut self, line: &Line<'_>, hash: &str, number: u64) {
        for checkpoint in self.kept.iter().filter(|c| c.number == number) {
            match self.signed(checkpoint) {
                _ if checkpoint.head != hash => {
                    let expected = format!("the line {} that was signed", checkpoint.head);
                    let found = format!("the line {hash}");
                    self.problem(line.number, ProblemKind::Checkpoint, &expected, found);
                }
                Ok(_) => self.vouch(number),
                // Said at the end.
                Err(_) => {}
            }
        }
    }

    fn note(&mut self, line: &Line<'_>, record: &Record) {
        match &record.event {
            Event::Started(_) => {
                self.verdict.open.insert(record.number);
            }
            Event::Ended(end) => {
                self.verdict.open.remove(&end.attempt.unwrap_or_default());
            }
            Event::Recovered(_) => self.verdict.recovered += 1,
            Event::Checkpoint { checkpoint } => {
                self.verdict.checkpoints += 1;
                let before = record.number.saturating_sub(1);
                let fits = checkpoint.number == before && checkpoint.head == record.previous;
                let valid = checkpoint.signer().map_err(|error| error.to_string());
                match valid {
                    Ok(key) if fits => {
                        if self.keys.contains(&key) {
                            self.vouch(before);
                        }
                    }
                    result => {
                        let found = result.err();
                        let found = found.unwrap_or_else(|| "one of another record".to_owned());
                        let expected = "a signature of the record before";
                        self.problem(line.number, ProblemKind::Checkpoint, expected, found);
                    }
                }
            }
            Event::Refused(_) | Event::Continued(_) => {}
        }
    }

    /// Whether a checkpoint that was kept elsewhere is good.
    fn signed(&self, checkpoint: &Checkpoint) -> Result<(), String> {
        let key = checkpoint.signer().map_err(|error| error.to_string())?;
        match self.keys.is_empty() || self.keys.contains(&key) {
            true => Ok(()),
            false => Err(format!(
                "it is signed by {}, and not by a key that was named",
                key.id()
            )),
        }
    }

    fn finish(&mut self) {
        let (first, last) = (self.verdict.first, self.verdict.last);
        for checkpoint in self.kept {
            let number = checkpoint.number;
            if let Err(found) = self.signed(checkpoint) {
                self.problem(0, ProblemKind::Checkpoint, "a good checkpoint", found);
            } else if number > last {
                let expected = format!("record {number}, which was signed");
                let found = format!("record {last} as the last one");
                self.problem(0, ProblemKind::TailRemoved, &expected, found);
            } else if number < first {
                let expected = format!("record {number}, which was signed");
                let found = format!("record {first} as the first one: verify the archived log");
                self.problem(0, ProblemKind::Checkpoint, &expected, found);
            }
        }
    }

    fn vouch(&mut self, number: u64) {
        self.verdict.vouched = self.verdict.vouched.max(Some(number));
    }

    fn problem(&mut self, line: u64, kind: ProblemKind, expected: &str, found: String) {
        self.verdict.problem_count += 1;
        if self.verdict.problems.len() < MAX_PROBLEMS {
            self.verdict.problems.push(Problem {
                line,
                record: self.number,
                kind,
                expected: expected.to_owned(),
                found,
            });
        }
    }
}
