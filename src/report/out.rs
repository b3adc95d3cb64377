//! Standard output: the only way a command prints its result.
//!
//! A reader that went away (`hotpatch diff … | head`) isn't an error.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use super::sanitize;

/// Prints text as it is. Whatever came from a file or a process must have gone
/// through [`sanitize::line`] before.
///
/// # Errors
/// Where standard output cannot be written, other than because its reader went away.
pub fn print_text(text: &str) -> io::Result<()> {
    tolerate(io::stdout().lock(), text.as_bytes())
}

/// Prints a report where standard output belongs to somebody else.
///
/// # Errors
/// Where standard error cannot be written, other than because its reader went away.
pub fn print_aside(text: &str) -> io::Result<()> {
    tolerate(io::stderr().lock(), text.as_bytes())
}

/// Prints one JSON document, indented, and a line break.
///
/// # Errors
/// Where standard output cannot be written, other than because its reader went away.
pub fn print_json<T: Serialize>(document: &T) -> io::Result<()> {
    print_text(&json_text(document)?)
}

/// Prints one JSON document on one line, where more of them will follow.
///
/// # Errors
/// Where standard output cannot be written, other than because its reader went away.
pub fn print_json_line<T: Serialize>(document: &T) -> io::Result<()> {
    let text = serde_json::to_string(document)?;
    print_text(&format!("{}\n", sanitize::json(&text)))
}

/// One JSON document, indented, and a line break, as text.
///
/// # Errors
/// Where the document cannot be written as JSON.
pub fn json_text<T: Serialize>(document: &T) -> io::Result<String> {
    let mut text = json(document)?;
    text.push('\n');
    Ok(text)
}

/// The document as JSON in which no character acts on a terminal.
fn json<T: Serialize>(document: &T) -> io::Result<String> {
    let text = serde_json::to_string_pretty(document)?;
    Ok(sanitize::json(&text).into_owned())
}

fn tolerate(mut out: impl Write, bytes: &[u8]) -> io::Result<()> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_meaning_and_nothing_in_it_acts() {
        let value = ["a\x1b[2J\u{9b}\x7f", "\u{202e}\u{e0041}\n"];
        let text = json(&value).unwrap();
        assert!(!text.contains(|c| c != '\n' && sanitize::acts(c)), "{text}");
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, value);
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        struct Fails(ErrorKind);
        impl Write for Fails {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(tolerate(Fails(ErrorKind::BrokenPipe), b"x").is_ok());
        assert!(tolerate(Fails(ErrorKind::StorageFull), b"x").is_err());
    }
}
