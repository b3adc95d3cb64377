//! In which forms a version stands in code and data, and what another version makes of them.

use crate::image::VersionInfo;
use crate::symbols::{Revisions, is_revision};

/// Numbers from here on are not met by accident, alone.
const LARGE: u64 = 1 << 16;
/// The same of numbers that several parts of a version were packed into.
const PACKED: u64 = 1 << 12;

/// One version, old and new, by its parts from the most significant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it is the version of: `file version`, `product version`.
    pub what: &'static str,
    /// Of the old build.
    pub old: Vec<u32>,
    /// Of the new build; as many parts.
    pub new: Vec<u32>,
}

/// A text that stands for the version.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    what: String,
    old: String,
    new: String,
}

/// What is known of both builds' versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The versions that differ.
    pub versions: Vec<Version>,
    /// Texts that differ, the longest first.
    tokens: Vec<Token>,
}

impl Known {
    /// What two version resources say, and what the compilers were told of the revision.
    pub fn new(
        (old, new): (&VersionInfo, &VersionInfo),
        (of_old, of_new): (&Revisions, &Revisions),
    ) -> Self {
        let wide = |parts: [u16; 4]| parts.map(u32::from).to_vec();
        let of_text = |name: &str| {
            let parts = |info: &VersionInfo| info.text(name).map(parts).unwrap_or_default();
            (parts(old), parts(new))
        };
        let all = [
            ("file version", (wide(old.file), wide(new.file))),
            ("product version", (wide(old.product), wide(new.product))),
            ("file version", of_text("FileVersion")),
            ("product version", of_text("ProductVersion")),
        ];
        let mut known = Known::default();
        let mut tokens = Vec::new();
        for (what, (old, new)) in all {
            if old.len() != new.len() || old.len() < 2 {
                continue;
            }
            // Two parts are not enough to tell a version by: "TLS 1.2".
            for count in 3..=old.len() {
                let text = |parts: &[u32]| {
                    let parts = parts[..count].iter();
                    parts.map(u32::to_string).collect::<Vec<_>>().join(".")
                };
                tokens.push(Token {
                    what: what.to_owned(),
                    old: text(&old),
                    new: text(&new),
                });
            }
            let version = Version { what, old, new };
            let is_known = |v: &Version| (&v.old, &v.new) == (&version.old, &version.new);
            if version.old != version.new && !known.versions.iter().any(is_known) {
                known.versions.push(version);
            }
        }
        for (name, was) in &of_old.by_name {
            if let Some(is) = of_new.by_name.get(name) {
                tokens.push(Token {
                    what: format!("revision {name}"),
                    old: was.clone(),
                    new: is.clone(),
                });
            }
        }
        for name in ["FileVersion", "ProductVersion"] {
            let id = |info: &VersionInfo| info.text(name).and_then(revision);
            if let (Some(old), Some(new)) = (id(old), id(new)) {
                let what = "revision of the version resource".to_owned();
                tokens.push(Token { what, old, new });
            }
        }
        let all = tokens.clone();
        // A text that became two different ones says nothing of which it is.
        tokens.retain(|t| t.old != t.new && all.iter().all(|o| o.old != t.old || o.new == t.new));
        tokens.sort_by(|a, b| (b.old.len(), &a.old).cmp(&(a.old.len(), &b.old)));
        tokens.dedup_by(|a, b| a.old == b.old);
        known.tokens = tokens;
        known
    }

    /// What a number is, where old and new value are the same form of both versions and no
    /// number that is met by accident: several parts packed into one, or one large part.
    pub fn number(&self, old: u64, new: u64) -> Option<String> {
        if old == new {
            return None;
        }
        for version in &self.versions {
            let parts = version.old.iter().zip(&version.new).enumerate();
            for (at, (a, b)) in parts {
                let (a, b) = (u64::from(*a), u64::from(*b));
                if (a, b) == (old, new) && a.min(b) >= LARGE {
                    return Some(format!("part {} of the {}", at + 1, version.what));
                }
            }
            let forms = packed(&version.old).into_iter().zip(packed(&version.new));
            for (a, b) in forms {
                if let (Some(a), Some(b)) = (a, b)
                    && (a, b) == (old, new)
                {
                    return Some(format!("the {} as one number", version.what));
                }
            }
        }
        None
    }

    /// What a text is: it differs from the other in nothing but the version.
    pub fn text(&self, old: &str, new: &str) -> Option<String> {
        let mut what = None;
        let mut text = String::new();
        let mut rest = old;
        while let Some(next) = rest.chars().next() {
            let before = text.chars().next_back();
            let starts = |t: &&Token| {
                rest.strip_prefix(&*t.old)
                    .is_some_and(|after| is_bounded(old, rest, after, before))
            };
            match self.tokens.iter().find(starts) {
                Some(token) => {
                    what = what.or_else(|| Some(token.what.clone()));
                    text.push_str(&token.new);
                    rest = &rest[token.old.len()..];
                }
                None => {
                    text.push(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        what.filter(|_| text == new)
    }

    /// Whether a text holds what only the new version is written like.
    pub fn is_in_text(&self, text: &str) -> bool {
        self.tokens.iter().any(|t| text.contains(&*t.new))
    }

    /// The numbers of the new version that are not met by accident.
    pub fn new_numbers(&self) -> Vec<u64> {
        let large = |v: &Version| {
            let parts = v.old.iter().zip(&v.new);
            let parts = parts.map(|(a, b)| (u64::from(*a), u64::from(*b)));
            let forms = packed(&v.old).into_iter().zip(packed(&v.new));
            let forms = forms.filter_map(|(a, b)| Some((a?, b?)));
            let large = parts.filter(|(a, b)| a.min(b) >= &LARGE);
            let all = large.chain(forms).filter(|(a, b)| a != b);
            all.map(|(_, b)| b).collect::<Vec<u64>>()
        };
        self.versions.iter().flat_map(large).collect()
    }

    /// The parts that differ, old and new, whatever they are.
    pub fn parts(&self) -> Vec<(u64, u64)> {
        let parts = |v: &Version| {
            let parts = v.old.iter().zip(&v.new);
            let parts = parts.map(|(a, b)| (u64::from(*a), u64::from(*b)));
            parts.filter(|(a, b)| a != b).collect::<Vec<_>>()
        };
        self.versions.iter().flat_map(parts).collect()
    }
}

/// Whether what was found in a text is not a piece of a longer number.
fn is_bounded(all: &str, found: &str, after: &str, before: Option<char>) -> bool {
    let at = all.len() - found.len();
    let earlier = all[..at].chars().rev().nth(1);
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let goes_back = match before {
        Some('.') => earlier.is_some_and(|c| c.is_ascii_digit()),
        Some('v' | 'V') => earlier.is_some_and(is_word),
        Some(c) => is_word(c),
        None => false,
    };
    let mut next = after.chars();
    let goes_on = match next.next() {
        Some('.') => next.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => is_word(c),
        None => false,
    };
    !goes_back && !goes_on
}

/// The numbers at the start of a text: `10,0,1326` or `2.5.11.159-official`.
fn parts(text: &str) -> Vec<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | ' '));
    let text = text[..end.unwrap_or(text.len())].trim_end_matches([' ', '.', ',']);
    let text = match text.find(' ') {
        // "2.5.11 2" is no version; "2, 5, 11, 0" is one.
        Some(at) if !text[..at].ends_with(',') => &text[..at],
        _ => text,
    };
    let parts = text.split(['.', ',']).map(|part| part.trim().parse().ok());
    let parts: Option<Vec<u32>> = parts.collect();
    parts.filter(|p| p.len() <= 4).unwrap_or_default()
}

/// The id of a revision in a text of the version resource.
fn revision(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|w| is_revision(w)).map(str::to_owned)
}

/// All numbers that the parts of a version are packed into; `None` where they do not fit, or
/// too little of the version is in it to tell it from any other number.
fn packed(parts: &[u32]) -> Vec<Option<u64>> {
    let part = |at: usize| parts.get(at).map(|p| u64::from(*p));
    // The shift of each part, and how many bits it may have.
    let bits = |shifts: &[(u32, u32)]| {
        let mut number = 0;
        for (at, (shift, width)) in shifts.iter().enumerate() {
            number |= part(at).filter(|p| *p < 1 << width)? << shift;
        }
        Some(number)
    };
    // Decimal digits of each part, the last one first.
    let digits = |digits: u32| {
        let base = 10_u64.pow(digits);
        let least = part(2).filter(|p| *p < base)?;
        let middle = part(1).filter(|p| *p < base)?;
        Some((part(0)? * base + middle) * base + least)
    };
    let told_by = parts.iter().take(3).filter(|p| **p != 0).count() >= 2;
    let all = [
        bits(&[(48, 16), (32, 16), (16, 16), (0, 16)]),
        bits(&[(24, 8), (16, 8), (8, 8), (0, 8)]),
        bits(&[(24, 8), (16, 8), (0, 16)]),
        bits(&[(24, 8), (12, 12), (0, 12)]),
        bits(&[(22, 10), (12, 10), (0, 12)]),
        bits(&[(16, 8), (8, 8), (0, 8)]),
        bits(&[(28, 4), (20, 8), (12, 8)]),
        bits(&[(28, 4), (20, 8), (4, 8)]),
        digits(2),
        digits(3),
    ];
    let fits = |n: Option<u64>| n.filter(|n| told_by && *n >= PACKED);
    all.into_iter().map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(file: [u16; 4], texts: &[(&str, &str)]) -> VersionInfo {
        let texts = texts.iter();
        VersionInfo {
            file,
            product: [1, 0, 0, 0],
            texts: texts.map(|(n, t)| ((*n).into(), (*t).into())).collect(),
        }
    }

    fn known() -> Known {
        let old = info([2, 5, 11, 0], &[("FileVersion", "2.5.11.159415436")]);
        let new = info([2, 5, 12, 0], &[("FileVersion", "2.5.12.160440046")]);
        let none = Revisions::default();
        Known::new((&old, &new), (&none, &none))
    }

    #[test]
    fn numbers_that_hold_most_of_the_version_tell_it() {
        let known = known();
        assert!(known.number(0x205_000b, 0x205_000c).is_some());
        assert!(known.number(0x2_050b, 0x2_050c).is_some());
        assert!(
            known
                .number(0x0002_0005_000b_0000, 0x0002_0005_000c_0000)
                .is_some()
        );
        assert!(known.number(20511, 20512).is_some());
        assert!(known.number(2_005_011, 2_005_012).is_some());
        assert_eq!(
            known.number(159_415_436, 160_440_046).as_deref(),
            Some("part 4 of the file version")
        );
    }

    #[test]
    fn a_small_part_alone_is_any_number() {
        let known = known();
        assert_eq!(known.number(11, 12), None);
        assert_eq!(known.number(0xb_0000, 0xc_0000), None);
        // Not the same form of both.
        assert_eq!(known.number(0x205_000b, 0x2_050c), None);
        assert_eq!(known.number(0x205_000b, 0x205_000b), None);
    }

    #[test]
    fn texts_differ_in_the_version_or_in_more() {
        let known = known();
        let text = |a: &str, b: &str| known.text(a, b).is_some();
        assert!(text("lib/2.5.11 (x)", "lib/2.5.12 (x)"));
        assert!(text("v2.5.11", "v2.5.12"));
        assert!(text("2.5.11.159415436", "2.5.12.160440046"));
        assert!(text("2.5.11, 2.5.11", "2.5.12, 2.5.12"));
        assert!(!text("2.5.11, 2.5.11", "2.5.12, 2.5.11"));
        assert!(!text("2.5.11", "2.5.12 "));
        assert!(!text("2.5.110", "2.5.120"));
        assert!(!text("12.5.11", "12.5.12"));
        assert!(!text("1.2.5.11", "1.2.5.12"));
        assert!(!text("2.5.11.7", "2.5.12.7"));
        assert!(!text("2.5", "2.6"));
        assert!(!text("same", "same"));
        assert!(known.is_in_text("now 2.5.12") && !known.is_in_text("now 2.5.11"));
    }

    #[test]
    fn a_text_of_two_versions_that_part_tells_nothing() {
        let texts = |file: &str| vec![("FileVersion".to_owned(), file.to_owned())];
        let one = |file: &str| VersionInfo {
            file: [2, 5, 11, 0],
            product: [2, 5, 11, 0],
            texts: texts(file),
        };
        let none = Revisions::default();
        let known = Known::new((&one("2.5.11.1"), &one("2.5.12.1")), (&none, &none));
        assert_eq!(known.text("2.5.11", "2.5.12"), None);
        assert!(known.text("2.5.11.1", "2.5.12.1").is_some());
    }

    #[test]
    fn the_revision_is_part_of_the_version() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = |id: &str| format!("10.0.1 @Commit: {id}");
        let of = |id: &str| info([1, 0, 0, 0], &[("ProductVersion", &text(id))]);
        let none = Revisions::default();
        let known = Known::new((&of(&a), &of(&b)), (&none, &none));
        assert!(known.text(&a, &b).is_some());
        let told = |id: &str| Revisions {
            by_name: [("GIT_HASH".to_owned(), id.to_owned())].into(),
        };
        let same = info([1, 0, 0, 0], &[]);
        let known = Known::new((&same, &same), (&told(&a), &told(&b)));
        assert_eq!(known.text(&a, &b).as_deref(), Some("revision GIT_HASH"));
    }

    #[test]
    fn the_parts_of_a_text_end_where_it_goes_on() {
        assert_eq!(parts("2.5.11.159-official"), [2, 5, 11, 159]);
        assert_eq!(parts("10,0,1326,50504 @Commit: 1"), [10, 0, 1326, 50504]);
        assert_eq!(parts("2, 5, 11, 0"), [2, 5, 11, 0]);
        assert_eq!(parts("2.5.11 beta 2"), [2, 5, 11]);
        assert_eq!(parts("2.5.11 2"), [2, 5, 11]);
        assert_eq!(parts("1.2.3.4.5"), [0; 0]);
        assert_eq!(parts("beta"), [0; 0]);
    }
}
