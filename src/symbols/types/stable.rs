//! Names of types without what changes from build to build.
//!
//! | in the name | written by |
//! |---|---|
//! | `` `anonymous namespace' ``, `` `anonymous-namespace' ``, `A0x1f2e3d4c`, `` `1f2e3d4c' `` | an unnamed namespace: the hash is that of the source file's path |
//! | `<lambda_65e615be…>`, `<lambda_3>`, `<lambda3>`, `$_3` | a lambda: a hash of its source, or its number in the file |
//! | `` `lambda at a.cpp:3:9' `` | the same in arguments of templates |
//! | `__l2`, `` `2' `` | the block that a local type is declared in |
//! | `impl$3`, `closure_env$0`, `{impl#3}`, `{closure_env#0}` | numbers within a crate of Rust |
//! | `<unnamed-type-$S2>` | a type without a name and without a member of it |

/// What an unnamed namespace is called here.
const ANONYMOUS: &str = "(anonymous)";

/// Ways in which compilers call an unnamed namespace.
const NAMESPACES: [&str; 3] = [
    "`anonymous namespace'",
    "`anonymous-namespace'",
    "(anonymous namespace)",
];

/// What a type without a name is called, and begins with.
const UNNAMED: [&str; 4] = ["<unnamed-", "<anonymous-", "__unnamed", "<unnamed>"];

/// What is named by its place in the source: what comes before the place, and what after it.
const PLACED: [(&str, &str, char); 4] = [
    ("`lambda at ", "`lambda", '\''),
    ("(lambda at ", "(lambda", ')'),
    ("(unnamed struct at ", "(unnamed struct", ')'),
    ("(unnamed union at ", "(unnamed union", ')'),
];

/// Digits that a hash of a namespace has at least.
const HASH_DIGITS: usize = 6;

/// A type's name in its record as it is in every build, and whether a number or hash was taken
/// out that told it from its namesakes.
pub fn stable_name(name: &str) -> (String, bool) {
    if !is_marked(name) {
        return (name.to_owned(), false);
    }
    let (mut stable, mut numbered) = (String::with_capacity(name.len()), false);
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let starts = !stable.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if let Some(mark) = NAMESPACES.into_iter().find(|m| rest.starts_with(m)) {
            stable.push_str(ANONYMOUS);
            rest = &rest[mark.len()..];
        } else if starts && let Some(after) = namespace_hash(rest) {
            stable.push_str(ANONYMOUS);
            rest = after;
        } else if let Some((kept, after)) = number(rest, starts) {
            stable.push_str(kept);
            numbered = true;
            rest = after;
        } else {
            stable.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (stable, numbered)
}

/// Whether a name may hold what changes from build to build; most do not.
fn is_marked(name: &str) -> bool {
    const MARKS: [&str; 5] = ["A0x", "__l", "<lambda", "(lambda at ", "(unnamed "];
    name.contains(['`', '$', '#'])
        || name.contains("(anonymous namespace)")
        || MARKS.iter().any(|mark| name.contains(mark))
}

/// Whether a type's name in its record says that it has none.
pub fn is_unnamed(name: &str) -> bool {
    if !name.contains("unnamed") && !name.contains("<anonymous-") && !name.ends_with(':') {
        return name.is_empty();
    }
    let last = last_component(name);
    last.is_empty() || UNNAMED.iter().any(|mark| last.starts_with(mark))
}

/// Whether a type's name in its record says that it belongs to a lambda or closure.
pub fn is_closure(name: &str) -> bool {
    const MARKS: [&str; 5] = ["<lambda", "`lambda", "(lambda", "$_", "closure"];
    MARKS.iter().any(|mark| name.contains(mark))
}

/// What follows the hash of an unnamed namespace at the start of a text.
fn namespace_hash(text: &str) -> Option<&str> {
    let quoted = text.strip_prefix('`');
    let plain = text.strip_prefix("?A0x").or(text.strip_prefix("A0x"));
    let (digits, least) = (
        quoted.or(plain)?,
        if plain.is_some() { 1 } else { HASH_DIGITS },
    );
    let end = digits
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(digits.len());
    let after = &digits[end..];
    match quoted {
        Some(_) => (end >= least && !digits[..end].bytes().all(|b| b.is_ascii_digit()))
            .then(|| after.strip_prefix('\'').unwrap_or(after)),
        None => (end >= least).then_some(after),
    }
}

/// A mark with a number or hash behind it at the start of a text: the mark, and what follows
/// the number.
fn number(text: &str, starts: bool) -> Option<(&'static str, &str)> {
    const MARKS: [(&str, &str, bool); 7] = [
        ("<lambda_", "<lambda_", true),
        ("<lambda", "<lambda_", false),
        ("$_", "$_", false),
        ("__l", "__l", false),
        ("`", "`", false),
        ("$S", "$S", false),
        ("#", "#", false),
    ];
    for (mark, kept, hex) in MARKS {
        if mark == "__l" && !starts {
            continue;
        }
        let Some(digits) = text.strip_prefix(mark) else {
            continue;
        };
        let end = digits
            .find(|c: char| !(c.is_ascii_digit() || hex && c.is_ascii_hexdigit()))
            .unwrap_or(digits.len());
        if end > 0 {
            return Some((kept, &digits[end..]));
        }
    }
    for (mark, kept, end) in PLACED {
        if let Some(after) = text.strip_prefix(mark)
            && let Some(at) = after.find(end)
        {
            return Some((kept, &after[at..]));
        }
    }
    // `impl$3` of Rust; a `$` that begins a name is no number's.
    let digits = text.strip_prefix('$').filter(|_| !starts)?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    (end > 0).then(|| ("$", &digits[end..]))
}

/// What follows the last `::` outside of brackets.
pub fn last_component(name: &str) -> &str {
    let (mut depth, mut from) = (0usize, 0);
    let bytes = name.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' => depth += 1,
            b'>' | b')' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && at > 0 && bytes[at - 1] == b':' => from = at + 1,
            _ => {}
        }
    }
    &name[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_numbers_of_types_are_taken_out() {
        for (name, stable, numbered) in [
            ("`anonymous namespace'::State", "(anonymous)::State", false),
            ("`anonymous-namespace'::State", "(anonymous)::State", false),
            ("A0x1f2e3d4c::State", "(anonymous)::State", false),
            ("ns::?A0x1F2E3D4C::S", "ns::(anonymous)::S", false),
            ("`1f2e3d4c'::State", "(anonymous)::State", false),
            ("Box<A0x1f2e3d4c::S>", "Box<(anonymous)::S>", false),
            (
                "f::<lambda_65e615be2a453ca0576c979606f46740>",
                "f::<lambda_>",
                true,
            ),
            ("f::<lambda_3>", "f::<lambda_>", true),
            ("f::<lambda3>", "f::<lambda_>", true),
            ("Of<`lambda at /a/b.cpp:11:37'>", "Of<`lambda'>", true),
            ("main::$_12", "main::$_", true),
            ("f::__l2::Local", "f::__l::Local", true),
            ("f::`2'::Local", "f::`'::Local", true),
            (
                "shop::impl$3::run::closure_env$0",
                "shop::impl$::run::closure_env$",
                true,
            ),
            ("shop::{impl#3}::run", "shop::{impl#}::run", true),
            (
                "enum2$<core::option::Option<u8> >",
                "enum2$<core::option::Option<u8> >",
                false,
            ),
            ("array$<u8,4>", "array$<u8,4>", false),
            ("my__l2", "my__l2", false),
            ("DATA0x12", "DATA0x12", false),
            ("plain", "plain", false),
        ] {
            assert_eq!(stable_name(name), (stable.to_owned(), numbered), "{name}");
        }
    }

    #[test]
    fn types_without_a_name_are_known() {
        for name in [
            "<unnamed-tag>",
            "Holder::<unnamed-type-pz>",
            "Box<a::b>::<unnamed-tag>",
            "S::<unnamed-enum-LOW>",
            "__unnamed",
        ] {
            assert!(is_unnamed(name), "{name}");
        }
        for name in [
            "Holder",
            "S::<unnamed-tag>::Inner",
            "Box<<unnamed-tag>>",
            "f::<lambda_1>",
        ] {
            assert!(!is_unnamed(name), "{name}");
        }
    }
}
