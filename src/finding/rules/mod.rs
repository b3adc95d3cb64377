//! The tables of all rules. Codes are grouped: 1xx the inputs, 2xx code,
//! 3xx data and types, 5xx the target process.
//!
//! Which hazard of a change has which code, and the test that raises it:
//!
//! | hazard | code | test |
//! |---|---|---|
//! | type layout | HP305 | `compare`: `diff`, `reports` |
//! | objects made in one way and freed in another | HP320 | `kinds` |
//! | type that took the place of another one | HP321 | `kinds` |
//! | initial value, size, removal of a variable | HP301, HP302, HP303 | `compare`: `build`, `diff`, `hazards` |
//! | writable data without a symbol | HP307 | `compare`: `hazards` |
//! | new thrown type or run-time type information | HP309 | `compare`: `hazards` |
//! | dynamic initialisers and destructors, entry point, TLS callbacks, `DllMain` | HP214 | `compare`: `hazards` |
//! | removed function | HP215 | `compare`: `hazards` |
//! | removed function that is held | HP234 | `kinds` |
//! | thread-local storage | HP306 (HP205 for its use) | `oracle` |
//! | function that never returns | HP217 | `oracle` |
//! | another machine, managed, kernel | HP101 to HP103 | `compare`: `refusals` |
//! | PDB without procedures | HP111 | `compare`: `refusals` |
//! | changed code of unchanged sources | HP118 | `kinds` |
//! | packed layout, other compiler, no relocations | HP104, HP110, HP112 | none that names the code |
//! | identical code folding, imports, exports, constants with an identity | HP213, HP220, HP221, HP304 | none that names the code |
//! | address with two meanings | HP219 | `kinds` |
//! | another language than C and C++ | HP230 | `constructs` |
//! | coroutine with another frame | HP231 | `kinds` |
//! | code whose types are not told | HP232 | `kinds` |
//! | address that control flow guard forbids to call | HP233 | `kinds` |
//! | version left out, or in part | HP227, HP228 | `kinds` |
//! | room for a redirect, exception data, jumps, references, image-base operands, undecodable code, unwind information, parts, ambiguous names | HP201 to HP208, HP210 to HP212, HP216 | none that names the code |

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
