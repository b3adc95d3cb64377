//! Which of several equal names is which.
//!
//! Lambdas, statics of inlined blocks and the like have names that occur several times in
//! one object file, or hold a number or hash that changes from build to build. Their order
//! in the image is all there is. Items that are alike in both builds are anchors; what
//! stands alone between two anchors in both builds is the same item, changed. Where more
//! than one item stands between anchors, which is which cannot be proven.

use std::borrow::Cow;
use std::ops::Range;

/// Number of one item among its namesakes, and whether that is a guess.
pub type Ordinal = (u32, bool);

/// Beyond this many comparisons namesakes are numbered by position.
const MAX_COMPARISONS: usize = 1 << 20;

/// Numbers the namesakes of two builds so that the same items have the same number. The
/// arguments are each item's whole name and what it looks like, by ascending address.
///
/// Items with one and the same whole name that look the same are the same, wherever they
/// are. The rest is aligned by order.
pub fn align(old: &[(u64, u64)], new: &[(u64, u64)]) -> (Vec<Ordinal>, Vec<Ordinal>) {
    let mut of_old: Vec<Option<Ordinal>> = vec![None; old.len()];
    let mut of_new: Vec<Option<Ordinal>> = vec![None; new.len()];
    let mut next = 0;
    for (i, item) in old.iter().enumerate() {
        let same = |list: &[(u64, u64)]| list.iter().filter(|other| *other == item).count();
        if same(old) == 1
            && same(new) == 1
            && let Some(j) = new.iter().position(|other| other == item)
        {
            of_old[i] = Some((next, false));
            of_new[j] = Some((next, false));
            next += 1;
        }
    }
    let rest = |items: &[(u64, u64)], done: &[Option<Ordinal>]| -> Vec<u64> {
        let open = items.iter().zip(done).filter(|(_, d)| d.is_none());
        open.map(|((_, looks), _)| *looks).collect()
    };
    let (before, after) = align_by_order(&rest(old, &of_old), &rest(new, &of_new));
    let fill = |done: Vec<Option<Ordinal>>, numbers: Vec<Ordinal>| -> Vec<Ordinal> {
        let mut numbers = numbers.into_iter();
        done.into_iter()
            .map(|d| {
                d.unwrap_or_else(|| numbers.next().map_or((next, true), |(n, g)| (n + next, g)))
            })
            .collect()
    };
    (fill(of_old, before), fill(of_new, after))
}

fn align_by_order(old: &[u64], new: &[u64]) -> (Vec<Ordinal>, Vec<Ordinal>) {
    let anchors = if old.len() * new.len() <= MAX_COMPARISONS {
        common_subsequence(old, new)
    } else {
        Vec::new()
    };
    let (mut of_old, mut of_new) = (Vec::new(), Vec::new());
    let mut next = 0;
    let (mut i, mut j) = (0, 0);
    for (a, b) in anchors.into_iter().chain([(old.len(), new.len())]) {
        let (left, right) = (a - i, b - j);
        // One on each side, or something on one side only, leaves no doubt.
        let guess = left > 0 && right > 0 && (left, right) != (1, 1);
        for k in 0..left.max(right) as u32 {
            if (k as usize) < left {
                of_old.push((next + k, guess));
            }
            if (k as usize) < right {
                of_new.push((next + k, guess));
            }
        }
        next += left.max(right) as u32;
        if a < old.len() {
            of_old.push((next, false));
            of_new.push((next, false));
            next += 1;
        }
        (i, j) = (a + 1, b + 1);
    }
    (of_old, of_new)
}

/// Pairs of indices of a longest common subsequence.
fn common_subsequence(old: &[u64], new: &[u64]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut lengths = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i * width + j] = if old[i] == new[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// A name without what changes from build to build, and whether there was any: the hash or
/// number of a lambda, the hash of an anonymous namespace, the number of a compiler-made
/// copy, the hash of a crate and its version in the mangled names of Rust.
pub fn stable_name(name: &str) -> (Cow<'_, str>, bool) {
    let mut text = Cow::Borrowed(name);
    for (mark, digits) in [("<lambda_", 16), ("A0x", 16), ("$_", 10), ("__lambda_", 10)] {
        let mut from = 0;
        while let Some(at) = text[from..].find(mark).map(|at| from + at + mark.len()) {
            let end = text[at..]
                .find(|c: char| !c.is_digit(digits))
                .map_or(text.len(), |len| at + len);
            if end > at {
                text.to_mut().replace_range(at..end, "");
            }
            from = at;
        }
    }
    if let Some(stable) = rust_name(&text) {
        text = Cow::Owned(stable);
    }
    let changed = matches!(text, Cow::Owned(_));
    (text, changed)
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

    fn numbers(list: &[Ordinal]) -> Vec<u32> {
        list.iter().map(|(n, _)| *n).collect()
    }

    #[test]
    fn a_change_between_two_anchors_is_certain() {
        let (old, new) = align_by_order(&[1, 2, 3], &[1, 9, 3]);
        assert_eq!(numbers(&old), numbers(&new));
        assert!(old.iter().chain(&new).all(|(_, guess)| !guess));
    }

    #[test]
    fn an_insertion_shifts_nothing() {
        let (old, new) = align_by_order(&[1, 2, 3], &[7, 1, 2, 3]);
        assert_eq!(numbers(&new)[1..], numbers(&old)[..]);
        assert!(new.iter().all(|(_, guess)| !guess));
    }

    #[test]
    fn two_changes_side_by_side_are_a_guess() {
        let (old, _) = align_by_order(&[1, 2, 3], &[1, 8, 9]);
        assert_eq!(
            old.iter().map(|o| o.1).collect::<Vec<_>>(),
            [false, true, true]
        );
        let (old, _) = align_by_order(&[5], &[6, 7]);
        assert!(old[0].1);
    }

    #[test]
    fn whole_names_hold_whatever_the_order() {
        let (old, new) = align(&[(1, 10), (2, 20), (3, 30)], &[(3, 30), (2, 21), (1, 10)]);
        assert_eq!((old[0].0, old[2].0), (new[2].0, new[0].0));
        assert_eq!(old[1], new[1]);
        assert!(old.iter().chain(&new).all(|(_, guess)| !guess));
    }

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
