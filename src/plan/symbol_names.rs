//! Unique symbol names for the pieces of the payload.

use std::collections::HashMap;

/// Gives out names, each once.
#[derive(Default)]
pub struct SymbolNames {
    used: HashMap<String, u32>,
}

impl SymbolNames {
    /// `wanted`, or `wanted#2`, `wanted#3` … where it is taken.
    pub fn unique(&mut self, wanted: &str) -> String {
        let count = self.used.entry(wanted.to_owned()).or_default();
        *count += 1;
        if *count == 1 {
            return wanted.to_owned();
        }
        let numbered = format!("{wanted}#{count}");
        self.unique(&numbered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_numbered() {
        let mut names = SymbolNames::default();
        assert_eq!(names.unique("f"), "f");
        assert_eq!(names.unique("f"), "f#2");
        assert_eq!(names.unique("f#2"), "f#2#2");
        assert_eq!(names.unique("f"), "f#3");
    }
}
