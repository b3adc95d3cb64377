//! The audit log: one line of JSON for each attempt to change a process, chained by hashes.
//!
//! # The file
//!
//! Every line is one record: a JSON object, ended by one line feed, of at most
//! [`MAX_LINE`] bytes. Its fields are those of [`Record`]. Four of them make the chain:
//!
//! | field | is |
//! |---|---|
//! | `schema` | [`SCHEMA`] |
//! | `number` | 1 for the first record, and one more for each that follows |
//! | `previous` | SHA-256 of the line before, line feed included, as hex; 64 zeros in the first record: `sed -n 12p audit.jsonl \| sha256sum` |
//! | `seal` | the last field: SHA-256 of every byte of the line before `,"seal"` |
//!
//! A record of an attempt is written *before* the target is changed (`started`), and another
//! one after (`ended`): an attempt that has no end was killed. What is refused before a
//! target is touched is one record (`refused`).
//!
//! # What the chain proves
//!
//! A changed, removed, inserted, repeated or moved line breaks it, and [`verify`] says where.
//! Nothing in the file can prove that its *tail* is still there, or that nobody wrote the
//! whole of it anew: a [`Checkpoint`] can, a record's number and hash signed by a key and
//! kept elsewhere.
//!
//! # Writers
//!
//! Writers take an exclusive lock on a file beside the log, so that any number of them may
//! run, and a killed one leaves no lock behind. A line is appended by one write and is on the
//! disk before the operation goes on. What a loss of power leaves is therefore a whole
//! number of lines and at most one torn one, which has no line feed: the next writer takes
//! it out and says so in a record (`recovered`). A last line that *has* its line feed and is
//! no record was not torn: nothing is appended to such a log.

mod append;
mod archive;
mod attempt;
mod chain;
mod checkpoint;
pub mod events;
mod lines;
mod place;
mod record;
mod tail;
#[cfg(test)]
mod tests;
mod who;

pub use append::{Appended, AuditError, Log};
pub use attempt::{Attempt, Ending, refused};
pub use chain::{Problem, ProblemKind, Torn, Verdict, verify};
pub use checkpoint::{CHECKPOINT_SCHEMA, Checkpoint, CheckpointError};
pub use lines::{Line, Lines};
pub use place::{LOG_VARIABLE, default_path};
pub use record::{
    Continued, End, Event, Facts, MAX_LINE, PackageFacts, Place, Record, Recovered, SCHEMA,
    TargetFacts, Who, seal,
};
pub use tail::{Rest, Tail, TailError, read as read_tail};
pub use who::computer;
