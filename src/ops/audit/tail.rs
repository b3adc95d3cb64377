//! The end of a log: what the next record follows.

use std::io::{self, Read, Seek, SeekFrom};

use super::record::{MAX_LINE, Record, is_torn, sha256};

/// The hash that the first record names.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Number of the last record; 0 where there is none.
    pub number: u64,
    /// SHA-256 of its line, line feed included, as hex.
    pub head: String,
    /// Size of the file up to the end of that line.
    pub end: u64,
    /// What follows.
    pub rest: Rest,
}

/// What follows the last line that has its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing, as it should be.
    Nothing,
    /// A whole record, of which only the line feed is missing; `Tail` counts it.
    LineFeed,
    /// The beginning of a record.
    Torn(Vec<u8>),
}

/// Why nothing can be appended.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// It can't be read.
    #[error("cannot be read")]
    Read(#[from] io::Error),
    /// Its end is no record.
    #[error("does not end with a good record: {0}")]
    Damaged(String),
}

/// Reads the end of a log.
///
/// # Errors
/// [`TailError::Damaged`] where the last line is neither a record nor a torn one.
pub fn read(file: &mut (impl Read + Seek)) -> Result<Tail, TailError> {
    let size = file.seek(SeekFrom::End(0))?;
    // Room for a whole last line, and for a torn one after it.
    let start = size.saturating_sub(2 * MAX_LINE as u64 + 2);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::with_capacity((size - start) as usize);
    file.take(size - start).read_to_end(&mut bytes)?;
    let complete = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let (lines, rest) = bytes.split_at(complete);
    if complete == 0 && start > 0 || rest.len() > MAX_LINE {
        return Err(TailError::Damaged("its last line is too long".to_owned()));
    }
    let before = last(lines, start)?;
    let (number, head) = before.unwrap_or((0, NOTHING.to_owned()));
    let mut tail = Tail {
        number,
        head,
        end: start + complete as u64,
        rest: Rest::Nothing,
    };
    if rest.is_empty() {
        return Ok(tail);
    }
    match Record::from_line(rest) {
        Ok(record)
            if Some(record.number) == number.checked_add(1) && record.previous == tail.head =>
        {
            tail.number = record.number;
            tail.head = sha256(&[rest, b"\n"].concat());
            tail.end = size;
            tail.rest = Rest::LineFeed;
        }
        _ if is_torn(rest) => tail.rest = Rest::Torn(rest.to_vec()),
        _ => {
            let what = "its last line is not a record, nor the beginning of one";
            return Err(TailError::Damaged(what.to_owned()));
        }
    }
    Ok(tail)
}

/// Number and hash of the last of these lines, which start at `start` in the file.
fn last(lines: &[u8], start: u64) -> Result<Option<(u64, String)>, TailError> {
    let Some(content) = lines.strip_suffix(b"\n") else {
        return Ok(None);
    };
    let from = content.iter().rposition(|b| *b == b'\n').map(|i| i + 1);
    let from = match from {
        None if start > 0 => {
            return Err(TailError::Damaged("its last line is too long".to_owned()));
        }
        from => from.unwrap_or(0),
    };
    let record = Record::from_line(&content[from..])
        .map_err(|error| TailError::Damaged(format!("its last line: {error}")))?;
    Ok(Some((record.number, sha256(&lines[from..]))))
}
