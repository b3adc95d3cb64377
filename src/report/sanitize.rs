//! Makes text from a file or a process safe to print on a terminal.
//!
//! Names in a package, a PDB or a process are chosen by whoever wrote those, and a
//! terminal acts on control characters: it moves the cursor, hides text, or types.

use std::borrow::Cow;

/// The text with every character that a terminal could act on, or that could hide or
/// reorder what is shown, written as an escape such as `\n` or `\u{1b}`.
///
/// The result is always one line. Text that is harmless is returned as it is.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Like [`line()`], but line breaks stay: for text that is meant to have several lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n')
}

/// A JSON text, in which such characters are written as `\u` escapes: they occur only inside
/// strings, where that means the same. Line breaks stay.
pub fn json(text: &str) -> Cow<'_, str> {
    let unsafe_char = |c: char| c != '\n' && acts(c);
    if !text.contains(unsafe_char) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if unsafe_char(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Whether a character may do something other than show itself.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let unsafe_char = |c: char| acts(c) && !keep(c);
    if !text.contains(unsafe_char) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if unsafe_char(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_not_copied() {
        for text in [
            "",
            "?f@@YAXH@Z",
            "std::vector<int>::at",
            "größe 🦀",
            r"C:\x",
        ] {
            assert!(matches!(line(text), Cow::Borrowed(t) if t == text));
        }
    }

    #[test]
    fn what_a_terminal_acts_on_is_escaped() {
        assert_eq!(line("a\x1b[2Jb"), r"a\u{1b}[2Jb");
        assert_eq!(line("a\r\nb\t\0\x7f\u{9b}"), r"a\r\nb\t\u{0}\u{7f}\u{9b}");
        assert_eq!(line("x\u{202e}exe.y\u{2066}"), r"x\u{202e}exe.y\u{2066}");
        assert_eq!(
            line("\u{feff}\u{200b}\u{e0041}"),
            r"\u{feff}\u{200b}\u{e0041}"
        );
    }

    #[test]
    fn only_line_breaks_survive_in_several_lines() {
        assert_eq!(lines("a\nb\x08\r\n"), "a\nb\\u{8}\\r\n");
    }

    #[test]
    fn nothing_that_acts_survives() {
        for c in (0..=0x0f_ffff).filter_map(char::from_u32) {
            assert!(!line(&c.to_string()).contains(acts), "{c:?}");
        }
    }
}
