//! Patterns for names: `*` stands for any characters, `?` for one; case doesn't matter.

/// Whether the whole name fits the pattern.
pub fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut p, mut n) = (0, 0);
    // The last star, and how much of the name it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, swallowed)) => {
                    star = Some((at, swallowed + 1));
                    p = at + 1;
                    n = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fits;

    #[test]
    fn the_whole_name_counts() {
        assert!(fits("server.exe", "SERVER.exe"));
        assert!(fits("*.dll", "a.b.DLL"));
        assert!(fits("*", "") && fits("**", "x") && fits("a?c*", "abc"));
        for (pattern, name) in [
            ("server.exe", "server.exe.exe"),
            ("server", "server.exe"),
            ("*.dll", "a.dll.exe"),
            ("", "x"),
            ("?", ""),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    /// What the definition says, word for word.
    fn by_definition(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|n| by_definition(rest, &name[n..])),
            Some((c, rest)) => name
                .split_first()
                .is_some_and(|(n, more)| (*c == '?' || c == n) && by_definition(rest, more)),
        }
    }

    proptest! {
        #[test]
        fn it_is_the_definition(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            prop_assert_eq!(fits(&pattern, &name), by_definition(&chars(&pattern), &chars(&name)));
        }
    }
}
