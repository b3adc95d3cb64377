//! The tables of all rules. Codes are grouped: 1xx the inputs, 2xx code,
//! 3xx data and types, 5xx the target process.

pub mod code;
pub mod data;
pub mod input;
pub mod target;

use super::Rule;

/// Every rule, by ascending code.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [input::ALL, code::ALL, data::ALL, target::ALL]
        .into_iter()
        .flatten()
        .copied()
}

/// The rule with this code (any letter case), if there is one.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    all().find(|r| r.code.eq_ignore_ascii_case(code))
}

/// Declares one `pub static` per rule and `ALL`, the table of them.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident, $title:literal,
        remedy $remedy:literal, because $explanation:literal;)+) => {
        $($(#[$doc])* pub static $name: $crate::finding::Rule = $crate::finding::Rule {
            code: $code,
            title: $title,
            severity: $crate::finding::Severity::$severity,
            remedy: $remedy,
            explanation: $explanation,
        };)+
        /// The rules of this table, by ascending code.
        pub static ALL: &[&$crate::finding::Rule] = &[$(&$name),+];
    };
}
use rules;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_ordered_and_well_formed() {
        let codes: Vec<&str> = all().map(|r| r.code).collect();
        assert!(codes.windows(2).all(|w| w[0] < w[1]), "{codes:?}");
        assert!(codes.iter().all(|c| {
            c.len() == 5 && c.starts_with("HP") && c[2..].bytes().all(|b| b.is_ascii_digit())
        }));
    }

    #[test]
    fn every_rule_says_why_and_what_to_do() {
        for rule in all() {
            assert!(
                !rule.title.is_empty() && !rule.title.ends_with('.'),
                "{}",
                rule.code
            );
            assert!(rule.remedy.ends_with('.'), "{}", rule.code);
            assert!(rule.explanation.len() > rule.title.len(), "{}", rule.code);
        }
    }
}
