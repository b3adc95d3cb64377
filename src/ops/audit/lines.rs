//! Reads lines of bounded length, whatever the file holds.

use std::io::{self, BufRead};

use sha2::{Digest, Sha256};

use super::record::MAX_LINE;

/// One line.
#[derive(Debug)]
pub struct Line<'a> {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its bytes, without the line feed; the first [`MAX_LINE`] of a longer one.
    pub bytes: &'a [u8],
    /// Whether it has a line feed. Only the last one may have none.
    pub complete: bool,
    /// Its length in bytes, line feed included.
    pub len: u64,
    /// SHA-256 of it, line feed included, as hex.
    pub sha256: String,
}

impl Line<'_> {
    /// Whether it is longer than any record.
    pub fn is_too_long(&self) -> bool {
        self.len > MAX_LINE as u64
    }
}

/// The lines of a reader, one at a time, in memory for one line.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of a reader.
    pub fn new(reader: R) -> Self {
        Lines {
            reader,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// Where the reader can't be read.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut hash = Sha256::new();
        let (mut len, mut complete) = (0, false);
        while !complete {
            let available = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            };
            if available.is_empty() {
                break;
            }
            let end = available.iter().position(|b| *b == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            let room = MAX_LINE - self.buffer.len();
            let content = &available[..end.unwrap_or(available.len())];
            self.buffer
                .extend_from_slice(&content[..content.len().min(room)]);
            hash.update(&available[..taken]);
            len += taken as u64;
            complete = end.is_some();
            self.reader.consume(taken);
        }
        if len == 0 {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line {
            number: self.number,
            bytes: &self.buffer,
            complete,
            len,
            sha256: hex::encode(hash.finalize()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::audit::record::sha256;

    #[test]
    fn lines_are_bounded_and_hashed_whole() {
        let long = "x".repeat(MAX_LINE + 10);
        let text = format!("a\n\n{long}\nend");
        // A small buffer, so that lines span several fills.
        let mut lines = Lines::new(io::BufReader::with_capacity(7, text.as_bytes()));
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            assert!(line.bytes.len() <= MAX_LINE);
            seen.push((line.number, line.len, line.complete, line.is_too_long()));
            let whole = text.split_inclusive('\n').nth(line.number as usize - 1);
            assert_eq!(line.sha256, sha256(whole.unwrap().as_bytes()));
        }
        assert_eq!(
            seen,
            [
                (1, 2, true, false),
                (2, 1, true, false),
                (3, MAX_LINE as u64 + 11, true, true),
                (4, 3, false, false)
            ]
        );
    }
}
