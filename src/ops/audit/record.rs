//! A record: what one line says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::checkpoint::Checkpoint;
use crate::report::sanitize;

/// The version of the record's layout that this build writes and reads.
pub const SCHEMA: &str = "hotpatch.audit-record/1";
/// Longest line in bytes, line feed included.
pub const MAX_LINE: usize = 256 << 10;
/// Most characters of one text in a record; what is longer is cut.
const MAX_TEXT: usize = 2048;
/// How every line begins.
const START: &[u8] = br#"{"schema":"hotpatch.audit-record/"#;
const SEAL: &str = r#","seal":""#;
/// Bytes from the seal's comma to the end of the line, without the line feed.
const SEAL_LEN: usize = SEAL.len() + 64 + 2;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// `hotpatch.audit-record/1`
    pub schema: String,
    /// Its place in the log, counted from 1.
    pub number: u64,
    /// When it was written, RFC 3339 in UTC, by the clock of this machine.
    pub time: String,
    /// SHA-256 of the line before, line feed included, as hex.
    pub previous: String,
    /// Who ran `hotpatch`.
    pub who: Who,
    /// Where it ran.
    #[serde(rename = "where")]
    pub place: Place,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// SHA-256 of every byte of the line before `,"seal"`, as hex: the line's last field.
    /// Made when the line is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
}

/// Who ran `hotpatch`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Who {
    /// Name of the account; on Windows with its domain.
    pub user: String,
    /// The account's SID on Windows, its user id elsewhere.
    pub id: String,
    /// Whether it ran elevated (on Windows), or as root.
    pub elevated: bool,
}

/// Where `hotpatch` ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Name of the computer.
    pub host: String,
    /// Process id of `hotpatch`.
    pub pid: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A target is about to be changed.
    Started(Facts),
    /// How an attempt ended that was started.
    Ended(End),
    /// An attempt was refused, or failed, before it could be started.
    Refused(End),
    /// Somebody signed the log up to the record before.
    Checkpoint {
        /// What was signed.
        checkpoint: Checkpoint,
    },
    /// The line that a loss of power tore was taken out.
    Recovered(Recovered),
    /// The log goes on here from an archived one.
    Continued(Continued),
}

/// What was attempted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// `apply`, `revert`, `rollback` or `recover`.
    pub command: String,
    /// The process; null where it was not opened.
    pub target: Option<TargetFacts>,
    /// The package; null where none is needed, or it could not be read.
    pub package: Option<PackageFacts>,
    /// File name of the module that the package is for, until the target is known.
    #[serde(skip)]
    pub(super) module: Option<String>,
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetFacts {
    /// Process id.
    pub pid: u32,
    /// Path of its program; null where the process was not opened.
    pub image: Option<String>,
    /// When the process was created, RFC 3339 in UTC; null where it was not opened.
    pub created: Option<String>,
    /// File name of the module that the patch is for.
    pub module: Option<String>,
}

/// A package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageFacts {
    /// Id of the patch; null where no trusted key vouches for it.
    pub id: Option<String>,
    /// Its position in the product's line of patches.
    pub sequence: Option<u64>,
    /// SHA-256 of the file as hex.
    pub sha256: Option<String>,
    /// Ids of the trusted keys that signed it.
    pub signers: Vec<String>,
}

/// How an attempt ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// Number of the record of its start; null where it was not started.
    pub attempt: Option<u64>,
    /// What was attempted.
    #[serde(flatten)]
    pub facts: Facts,
    /// The outcome of the command's report, such as `applied`; `failed` where it has none.
    pub outcome: String,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// What went wrong, where it failed.
    pub error: Option<String>,
    /// How long the target stood still, in microseconds.
    pub frozen_us: u64,
    /// Number of freezes.
    pub attempts: u32,
    /// Codes of the findings, in the report's order, none twice.
    pub findings: Vec<String>,
}

/// A torn line that was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recovered {
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of it as hex.
    pub sha256: String,
    /// The beginning of it, as far as it is text.
    pub text: String,
}

/// An archived log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Continued {
    /// The file's name, without a folder.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file as hex.
    pub sha256: String,
    /// Whether its end was a good record. If not, `number` and `previous` begin anew.
    pub intact: bool,
}

impl Record {
    /// The record as a line, line feed included; nothing in it acts on a terminal.
    ///
    /// # Errors
    /// Where it can't be written as JSON.
    pub fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let mut unsealed = self.clone();
        unsealed.seal = None;
        let text = serde_json::to_string(&unsealed)?;
        let text = sanitize::json(&text);
        Ok(seal(text.strip_suffix('}').unwrap_or(&text)))
    }

    /// Reads a line, without its line feed.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_line(line: &[u8]) -> Result<Self, LineError> {
        let at = line.len().checked_sub(SEAL_LEN).ok_or(LineError::NoSeal)?;
        let (body, seal) = line.split_at(at);
        let found = seal
            .strip_prefix(SEAL.as_bytes())
            .and_then(|s| s.strip_suffix(b"\"}"))
            .and_then(|s| str::from_utf8(s).ok())
            .ok_or(LineError::NoSeal)?;
        let expected = sha256(body);
        if found != expected {
            return Err(LineError::Seal {
                expected,
                found: found.chars().take(64).collect(),
            });
        }
        let record: Record =
            serde_json::from_slice(line).map_err(|error| LineError::Json(error.to_string()))?;
        if record.schema != SCHEMA {
            return Err(LineError::Schema(cut(&record.schema)));
        }
        Ok(record)
    }
}

/// A line, line feed included, out of a JSON object without its closing brace.
pub fn seal(body: &str) -> Vec<u8> {
    format!("{body}{SEAL}{}\"}}\n", sha256(body.as_bytes())).into_bytes()
}

/// Why a line is no record.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It is longer than [`MAX_LINE`].
    #[error("it is longer than any record")]
    TooLong,
    /// It doesn't end as a record does.
    #[error("it does not end with a seal")]
    NoSeal,
    /// Its bytes aren't those that were sealed.
    #[error("its bytes have the SHA-256 {expected}, its seal says {found}")]
    Seal {
        /// The hash of its bytes.
        expected: String,
        /// What the seal says.
        found: String,
    },
    /// It isn't JSON with the right fields.
    #[error("it is not a record: {0}")]
    Json(String),
    /// Another version's record.
    #[error("it has the schema {0:?}, and this version reads {SCHEMA:?}")]
    Schema(String),
}

/// Whether bytes without a line feed are what a loss of power can leave of a record: its
/// beginning, or nothing but the zeros with which file systems fill what was never written.
pub fn is_torn(bytes: &[u8]) -> bool {
    let n = bytes.len().min(START.len());
    bytes[..n] == START[..n] || bytes.iter().all(|b| *b == 0)
}

/// SHA-256 as lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The text, cut where it is longer than a record's texts may be.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
