//! Names without what changes from build to build.
//!
//! Lambdas, anonymous namespaces, copies that a compiler makes of a function, statics that
//! link-time optimisation promotes: their names hold a number or hash.

use std::borrow::Cow;
use std::ops::Range;

/// Numbers and hashes within a name: what stands before them, their digits, and whether
/// they are dropped together with the mark.
const MARKS: [(&str, u32, bool); 11] = [
    ("<lambda_", 16, false),
    ("<lambda", 10, false),
    ("A0x", 16, false),
    ("$_", 10, false),
    ("__lambda_", 10, false),
    // Clang's `-funique-internal-linkage-names`: a hash of the file's path.
    (".__uniq.", 10, true),
    // Copies that LLVM and GCC make of a function; what a copy is stays in its name.
    (".isra.", 10, false),
    (".constprop.", 10, false),
    (".part.", 10, false),
    (".cold.", 10, false),
    (".lto_priv.", 10, true),
];

/// A static that ThinLTO makes visible to other files is followed by this and a number.
const PROMOTED: &str = ".llvm.";

/// A hash has at least as many digits; what is shorter may be a mere number.
const HASH_DIGITS: usize = 8;

/// A name without what changes from build to build, and whether there was any: the hash or
/// number of a lambda, the hash of an anonymous namespace, the number of a compiler-made
/// copy or of a promoted static, the hash of a crate and its version in the mangled names of
/// Rust.
pub fn stable_name(name: &str) -> (Cow<'_, str>, bool) {
    let mut text = Cow::Borrowed(name);
    each_mark(name, |_| true, &mut text);
    if is_promoted(name) {
        let end = text.rfind(PROMOTED).unwrap_or(text.len());
        text.to_mut().truncate(end);
    }
    if let Some(stable) = rust_name(&text) {
        text = Cow::Owned(stable);
    }
    if let Some(stable) = without_lambda_numbers(&text) {
        text = Cow::Owned(stable);
    }
    let changed = matches!(text, Cow::Owned(_));
    (text, changed)
}

/// A name mangled as Itanium's C++ ABI says, without the numbers of lambdas (`UlvE_` is the
/// first one, `UlvE0_` the second); `None` where there are none.
fn without_lambda_numbers(name: &str) -> Option<String> {
    let path = name.strip_prefix("_Z")?;
    let mut stable = String::from("_Z");
    let mut rest = path;
    while let Some(at) = rest.find("Ul") {
        let (before, lambda) = rest.split_at(at + 2);
        stable.push_str(before);
        rest = lambda;
        // Its parameters end at the first `E` that a number and `_` follow.
        let ends = lambda.match_indices('E').map(|(end, _)| end + 1);
        let number = ends.filter_map(|from| {
            let digits = lambda[from..].find(|c: char| !c.is_ascii_digit())?;
            lambda[from + digits..]
                .starts_with('_')
                .then_some((from, digits))
        });
        if let Some((from, digits)) = number.into_iter().next() {
            stable.push_str(&lambda[..from]);
            stable.push('#');
            rest = &lambda[from + digits..];
        }
    }
    stable.push_str(rest);
    (stable != name).then_some(stable)
}

/// Whether a name is that of a lambda, or of something in one: it says nothing of what it is.
pub fn is_of_lambda(name: &str) -> bool {
    const LAMBDAS: [&str; 3] = ["<lambda", "$_", "__lambda_"];
    let changes = stable_name(name).1;
    changes
        && (LAMBDAS.iter().any(|mark| name.contains(mark))
            || without_lambda_numbers(name).is_some())
}

/// Whether link-time optimisation has made a file's own name visible to other files.
pub fn is_promoted(name: &str) -> bool {
    let number = name.rsplit_once(PROMOTED).map(|(_, number)| number);
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// A name with the hashes in it, which are the same only for the same thing, but without
/// mere numbers, which count; `None` where it holds no hash.
pub fn hashed_name(name: &str) -> Option<Cow<'_, str>> {
    let mut text = Cow::Borrowed(name);
    each_mark(name, |len| len < HASH_DIGITS, &mut text);
    if is_promoted(name) {
        let end = text.rfind(PROMOTED).unwrap_or(text.len());
        text.to_mut().truncate(end);
    }
    if let Some(stable) = without_lambda_numbers(&text) {
        text = Cow::Owned(stable);
    }
    (text != stable_name(name).0).then_some(text)
}

/// Takes the digits behind each mark out of a name, where there are as many as asked for.
fn each_mark(name: &str, takes: impl Fn(usize) -> bool, text: &mut Cow<'_, str>) {
    for (mark, digits, whole) in MARKS {
        if !name.contains(mark) {
            continue;
        }
        let mut from = 0;
        while let Some(at) = text[from..].find(mark).map(|at| from + at + mark.len()) {
            let end = text[at..]
                .find(|c: char| !c.is_digit(digits))
                .map_or(text.len(), |len| at + len);
            from = at;
            if end > at && takes(end - at) {
                let start = if whole { at - mark.len() } else { at };
                text.to_mut().replace_range(start..end, "");
                from = start;
            }
        }
    }
}

/// A mangled name of Rust without what covers the version of a crate: the hash of the old
/// scheme (`_ZN4shop5price17h0123456789abcdefE`), the disambiguators of crates in the new one
/// (`_RNvCs1a2b3c_4shop5price`), and with them the positions that it refers back to; and
/// without the number that LLVM appends. `None` for what is no such name.
pub fn rust_name(name: &str) -> Option<String> {
    let name = name.split(".llvm.").next().unwrap_or(name);
    if let Some(hash) = rust_hash(name) {
        let mut stable = name.to_owned();
        stable.replace_range(hash, "");
        return Some(stable);
    }
    let path = name
        .strip_prefix("_R")
        .filter(|p| p.starts_with(|c: char| c.is_ascii_uppercase()))?;
    let mut stable = String::from("_R");
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let token = ["Cs", "B"].into_iter().find(|t| rest.starts_with(t));
        let number = token.and_then(|t| {
            let digits = rest[t.len()..].find(|c: char| !c.is_ascii_alphanumeric())?;
            rest[t.len() + digits..]
                .starts_with('_')
                .then_some(t.len() + digits + 1)
        });
        stable.push(c);
        rest = &rest[number.unwrap_or(c.len_utf8())..];
    }
    Some(stable)
}

fn rust_hash(name: &str) -> Option<Range<usize>> {
    const MARK: &str = "17h";
    const DIGITS: usize = 16;
    let path = name.strip_prefix("_ZN")?;
    let at = name.len() - path.len() + path.rfind(MARK)?;
    let end = at + MARK.len() + DIGITS;
    let hash = name.get(at + MARK.len()..end)?;
    let is_hash = hash.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hash && name.get(end..)?.starts_with('E')).then_some(at..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_numbers_are_taken_out() {
        let lambda = "<lambda_65e615be2a453ca0576c979606f46740>::operator()";
        assert_eq!(stable_name(lambda), ("<lambda_>::operator()".into(), true));
        assert_eq!(stable_name("?f@?A0x1f2e3d4c@@YAXXZ").0, "?f@?A0x@@YAXXZ");
        assert_eq!(
            stable_name("main::$_0::operator()").0,
            "main::$_::operator()"
        );
        assert_eq!(stable_name("plain"), ("plain".into(), false));
    }

    #[test]
    fn numbers_of_copies_and_promoted_statics_are_taken_out() {
        for (name, stable) in [
            ("helper.llvm.12345678901234567890", "helper"),
            ("_ZL6helperi.__uniq.1234567890.llvm.77", "_ZL6helperi"),
            ("helper.__uniq.1234567890", "helper"),
            ("fold.constprop.0", "fold.constprop."),
            ("fold.isra.3.cold.1", "fold.isra..cold."),
            ("fold.part.12", "fold.part."),
            ("table.lto_priv.4", "table"),
        ] {
            assert_eq!(stable_name(name), (stable.into(), true), "{name}");
        }
        for name in ["a.llvm.", "a.llvm.x", "a.cold", "llvm.5", "part.1"] {
            assert_eq!(stable_name(name), (name.into(), false));
        }
        assert!(is_promoted("x.llvm.5") && !is_promoted("x.llvm.y"));
    }

    #[test]
    fn the_first_lambda_is_as_nameless_as_the_others() {
        let first = stable_name("_ZZN3net3runEvENKUlvE_clEv");
        assert_eq!(first, ("_ZZN3net3runEvENKUlvE#_clEv".into(), true));
        assert_eq!(stable_name("_ZZN3net3runEvENKUlvE12_clEv"), first);
        for name in ["_ZN3Ult3runEv", "_Z4UlvEv"] {
            assert_eq!(stable_name(name), (name.into(), false));
        }
    }

    #[test]
    fn a_hash_says_more_than_a_number() {
        assert_eq!(hashed_name("main::$_0::operator()"), None);
        assert_eq!(hashed_name("<lambda_1>::operator()"), None);
        assert_eq!(hashed_name("plain"), None);
        let lambda = "<lambda_65e615be2a453ca0576c979606f46740>::$_1";
        let hashed = "<lambda_65e615be2a453ca0576c979606f46740>::$_";
        assert_eq!(hashed_name(lambda), Some(hashed.into()));
    }

    #[test]
    fn names_of_rust_lose_their_hash() {
        let name = "_ZN4shop5price17h0123456789abcdefE";
        assert_eq!(stable_name(name), ("_ZN4shop5priceE".into(), true));
        let new = "_RNvYNtNtCsj5c8qpqDMK1_3std5stdioNtB6_5Write9write_fmtCs803YIWV2XqV_4shop";
        let stable = "_RNvYNtNtC3std5stdioNtB5Write9write_fmtC4shop";
        assert_eq!(stable_name(new), (stable.into(), true));
        assert_eq!(
            stable_name(&format!("{new}.llvm.123")),
            (stable.into(), true)
        );
        for other in [
            "_ZN4shop5priceE",
            "17h0123456789abcdefE",
            "_ZN1a17h0123E",
            "_Run",
        ] {
            assert_eq!(stable_name(other), (other.into(), false));
        }
    }
}
