//! Names and texts of a PDB in a source of C and C++.

use std::collections::BTreeSet;

use crate::report::sanitize::line;

/// Words of C and C++ that are no names, as far as members of either language are called so.
const WORDS: [&str; 38] = [
    "added",
    "filled",
    "alignas",
    "and",
    "asm",
    "bool",
    "catch",
    "class",
    "concept",
    "constexpr",
    "default",
    "delete",
    "explicit",
    "export",
    "false",
    "friend",
    "inline",
    "mutable",
    "namespace",
    "new",
    "not",
    "operator",
    "or",
    "private",
    "protected",
    "public",
    "register",
    "requires",
    "restrict",
    "template",
    "this",
    "throw",
    "true",
    "try",
    "typename",
    "using",
    "virtual",
    "xor",
];
/// Longer names are cut.
const MAX_NAME: usize = 120;

/// Gives out identifiers, each once.
#[derive(Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// An identifier made of a name.
    pub fn unique(&mut self, name: &str) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut made: String = name.chars().map(letter).take(MAX_NAME).collect();
        let starts = made.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts {
            made.insert_str(0, "x_");
        }
        if WORDS.contains(&made.as_str()) {
            made.push('_');
        }
        let mut number = 1;
        let mut unique = made.clone();
        while !self.taken.insert(unique.clone()) {
            number += 1;
            unique = format!("{made}_{number}");
        }
        unique
    }
}

/// A text within a comment: it neither ends it nor begins another one, where no slash follows.
pub fn comment(text: &str) -> String {
    line(text).replace("*/", "* /").replace("/*", "/ *")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers_and_stay_apart() {
        let mut names = Names::default();
        assert_eq!(names.unique("ui::box<int>"), "ui__box_int_");
        assert_eq!(names.unique("ui::box[int]"), "ui__box_int__2");
        assert_eq!(names.unique("class"), "class_");
        assert_eq!(names.unique("7up"), "x_7up");
        assert_eq!(names.unique(""), "x_");
    }

    #[test]
    fn a_text_does_not_end_its_comment() {
        for text in ["*/ int evil;", "**/", "/*/", "*//*", "a\n*/b", "end*"] {
            let made = comment(text);
            assert!(!made.contains("*/") && !made.contains("/*"), "{made}");
            assert!(!made.contains('\n'), "{made:?}");
        }
    }
}
