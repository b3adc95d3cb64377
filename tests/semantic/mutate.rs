//! Single edits of C that was not written for this: operators, constants, conditions,
//! statements and arguments, found without a parser in the bodies of functions.

/// A place in a text and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// `op`, `const`, `cond`, `stmt` or `call`.
    pub class: &'static str,
    /// Where the old text begins.
    pub at: usize,
    pub old: String,
    pub new: String,
}

/// Operators and what they become. Those of one character only between blanks.
const OPERATORS: [(&str, &str); 16] = [
    ("==", "!="),
    ("!=", "=="),
    ("<=", "<"),
    (">=", ">"),
    ("&&", "||"),
    ("||", "&&"),
    ("+=", "-="),
    ("-=", "+="),
    ("|=", "&="),
    ("^=", "|="),
    (" + ", " - "),
    (" - ", " + "),
    (" < ", " <= "),
    (" > ", " >= "),
    (" & ", " | "),
    (" | ", " ^ "),
];

/// All mutations of a file, in its order; none overlap.
pub fn mutations(text: &str) -> Vec<Mutation> {
    let code = blank(text);
    let mut found = Vec::new();
    for (start, end) in bodies(&code) {
        operators(&code, start, end, &mut found);
        constants(&code, start, end, &mut found);
        lines(&code, start, end, &mut found);
    }
    found.sort_by_key(|m: &Mutation| (m.at, std::cmp::Reverse(m.old.len())));
    let mut end = 0;
    found.retain(|m| {
        let fits = m.at >= end;
        if fits {
            end = m.at + m.old.len();
        }
        fits
    });
    // What was blanked must not be lost.
    found.retain(|m| text.get(m.at..m.at + m.old.len()) == Some(&m.old));
    found
}

/// The text with one mutation.
pub fn apply(text: &str, mutation: &Mutation) -> String {
    let (before, behind) = (
        &text[..mutation.at],
        &text[mutation.at + mutation.old.len()..],
    );
    format!("{before}{}{behind}", mutation.new)
}

/// The text, the same length, with blanks for comments, literals and the preprocessor.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    let mut line_is_empty = true;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = match rest[0] {
            b'/' if rest.starts_with(b"/*") => find(bytes, at + 2, b"*/") + 2,
            b'/' if rest.starts_with(b"//") => find(bytes, at, b"\n"),
            b'#' if line_is_empty => directive(bytes, at),
            quote @ (b'"' | b'\'') => literal(bytes, at + 1, quote),
            byte => {
                line_is_empty = byte == b'\n' || (line_is_empty && byte.is_ascii_whitespace());
                at += 1;
                continue;
            }
        };
        let end = end.min(bytes.len());
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where a pattern is, from a place on; the end where it is not.
fn find(bytes: &[u8], from: usize, pattern: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let found = rest.windows(pattern.len()).position(|w| w == pattern);
    found.map_or(bytes.len(), |n| from + n)
}

/// The end of a directive with its continued lines.
fn directive(bytes: &[u8], at: usize) -> usize {
    let mut end = find(bytes, at, b"\n");
    while end > 0 && end < bytes.len() && bytes[end - 1] == b'\\' {
        end = find(bytes, end + 1, b"\n");
    }
    end
}

/// The end of a literal, behind its quote.
fn literal(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while at < bytes.len() && bytes[at] != quote && bytes[at] != b'\n' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The bodies of functions: blocks of the file behind a list of parameters.
fn bodies(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut depth, mut start, mut last) = (0usize, None, b' ');
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => {
                if depth == 0 && matches!(last, b')' | b';') {
                    start = Some(at + 1);
                }
                depth += 1;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    found.extend(start.take().map(|s| (s, at)));
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    found
}

fn operators(code: &str, start: usize, end: usize, found: &mut Vec<Mutation>) {
    for (old, new) in OPERATORS {
        for (at, _) in code[start..end].match_indices(old) {
            let at = start + at;
            let around = [code.as_bytes()[at - 1], code.as_bytes()[at + old.len()]];
            // A part of a longer operator.
            if old.starts_with(' ') || around.iter().all(|b| !b"<>=!&|+-^".contains(b)) {
                found.push(mutation("op", at, old, new.into()));
            }
        }
    }
}

fn mutation(class: &'static str, at: usize, old: &str, new: String) -> Mutation {
    Mutation {
        class,
        at,
        old: old.into(),
        new,
    }
}

/// Whole numbers, but for bounds and labels.
fn constants(code: &str, start: usize, end: usize, found: &mut Vec<Mutation>) {
    let bytes = code.as_bytes();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    let mut at = start;
    while at < end {
        if !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let from = at;
        while at < end && is_word(bytes[at]) {
            at += 1;
        }
        let word = &code[from..at];
        let before = code[..from].trim_end();
        if before.ends_with('[') || before.ends_with("case") {
            continue;
        }
        let digits = word.trim_end_matches(['u', 'U', 'l', 'L']);
        let value = match digits
            .strip_prefix("0x")
            .or_else(|| digits.strip_prefix("0X"))
        {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        };
        if let Some(value) = value {
            let suffix = &word[digits.len()..];
            let new = if value > 1 { value - 1 } else { value ^ 1 };
            found.push(mutation("const", from, word, format!("{new}{suffix}")));
        }
    }
}

/// Conditions, statements and arguments, which are read line by line.
fn lines(code: &str, start: usize, end: usize, found: &mut Vec<Mutation>) {
    let mut at = start;
    let mut before = '{';
    for line in code[start..end].split_inclusive('\n') {
        let text = line.trim();
        let from = at + (line.len() - line.trim_start().len());
        at += line.len();
        for head in ["if (", "if( ", "if("] {
            if let Some(rest) = text.find(head) {
                let place = from + rest + head.len();
                found.push(mutation(
                    "cond",
                    place - 1,
                    &code[place - 1..place],
                    format!("{}!", &code[place - 1..place]),
                ));
                break;
            }
        }
        if matches!(before, ';' | '{' | '}') && is_statement(text) {
            found.push(mutation("stmt", from, text, ";".into()));
        } else if let Some((place, old, new)) = swapped(text) {
            found.push(mutation("call", from + place, &old, new));
        }
        before = text.chars().last().unwrap_or(before);
    }
}

/// A call or an assignment on a line of its own.
fn is_statement(text: &str) -> bool {
    let name = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .next()
        .unwrap_or("");
    let keyword = [
        "return", "goto", "break", "continue", "case", "else", "if", "for", "while", "do",
    ];
    let rest = text[name.len()..].trim_start();
    let balanced = text.matches('(').count() == text.matches(')').count();
    let changes = rest.starts_with('(')
        || (rest.contains('=') && rest.starts_with(['=', '-', '.', '[', '+', '|', '^', '&']));
    !name.is_empty()
        && !keyword.contains(&name)
        && text.ends_with(';')
        && balanced
        && changes
        && text.matches(';').count() == 1
}

/// The first two arguments of a call in each other's place, where both are plain.
fn swapped(text: &str) -> Option<(usize, String, String)> {
    let open = text.find('(')?;
    let inside = &text[open + 1..];
    let close = inside.find(')')?;
    let called = text[..open].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let (first, rest) = inside[..close].split_once(',')?;
    let second = rest.split(',').next()?;
    let plain = |t: &str| {
        !t.trim().is_empty()
            && t.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ' ')
    };
    let old = format!("{first},{second}");
    let new = format!("{},{}", second.trim(), format_args!(" {}", first.trim()));
    (called && plain(first) && plain(second) && first.trim() != second.trim()).then_some((
        open + 1,
        old,
        new,
    ))
}
