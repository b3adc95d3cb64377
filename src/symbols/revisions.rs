//! The revision of the source that a build was made of, as the compiler was told it
//! (`-DGIT_COMMIT=1f0a…`). Read on demand: only a version that differs asks for it.

use std::collections::{BTreeMap, BTreeSet};

use super::types::Types;
use super::{SymbolsError, container, guard};

/// Digits of an id that a version control system gives to a revision: SHA-1 or SHA-256.
const DIGITS: [usize; 2] = [40, 64];
/// One of these words is in the name of a definition that holds one.
const WORDS: [&str; 6] = ["GIT", "COMMIT", "REVISION", "REV", "CHANGESET", "VCS"];

/// Definitions that hold a revision's id, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revisions {
    /// What each name stands for; the same in every object file.
    pub by_name: BTreeMap<String, String>,
}

impl Revisions {
    /// Reads what the object files of a build were compiled with.
    ///
    /// # Errors
    /// Where the PDB as a whole cannot be read.
    pub fn read(pdb: &[u8]) -> Result<Revisions, SymbolsError> {
        guard::catch(|| {
            let mut file = container::open(pdb)?;
            Ok(Revisions::of(&Types::items(&mut file).command_lines()))
        })
    }

    /// What is defined in the options of all object files. A name that stands for two things
    /// is left out.
    fn of(command_lines: &[String]) -> Revisions {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in command_lines {
            for (name, value) in definitions(line) {
                found.entry(name).or_default().insert(value);
            }
        }
        let single = found.into_iter().filter(|(_, values)| values.len() == 1);
        let by_name = single.filter_map(|(name, values)| Some((name, values.into_iter().next()?)));
        Revisions {
            by_name: by_name
                .filter(|(name, value)| names_revision(name) && is_revision(value))
                .collect(),
        }
    }
}

/// Whether a text is the whole id of a revision, in hex digits.
pub fn is_revision(text: &str) -> bool {
    DIGITS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn names_revision(name: &str) -> bool {
    name.split('_')
        .any(|word| WORDS.iter().any(|w| w.eq_ignore_ascii_case(word)))
}

/// Names and values of `-DNAME=VALUE`, without quotes. Clang writes the options of its own
/// driver, with the name behind `-D` as the next word.
fn definitions(line: &str) -> Vec<(String, String)> {
    let plain = |c: char| !matches!(c, '"' | '\\' | '\'');
    let mut words = line.split_whitespace();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let word: String = word.chars().filter(|c| plain(*c)).collect();
        let Some(rest) = word.strip_prefix("-D").or_else(|| word.strip_prefix("/D")) else {
            continue;
        };
        let definition = match rest.is_empty() {
            true => words
                .next()
                .unwrap_or("")
                .chars()
                .filter(|c| plain(*c))
                .collect(),
            false => rest.to_owned(),
        };
        if let Some((name, value)) = definition.split_once('=') {
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ebf422b773d0aeff40dcfec3c71a783d7a1c9a81";

    fn names(lines: &[String]) -> Vec<String> {
        Revisions::of(lines).by_name.into_keys().collect()
    }

    #[test]
    fn a_revision_is_told_by_its_name_and_its_form() {
        let line = format!(
            r#"-c -O2 -DVER_GIT_HASH={ID} "-D" "COMMIT=\"{ID}\"" -DKEY_HASH={ID} -DREV=12 /DX"#
        );
        assert_eq!(names(&[line]), ["COMMIT", "VER_GIT_HASH"]);
    }

    #[test]
    fn what_has_two_values_says_nothing() {
        let other = ID.replace('e', "f");
        let lines = [format!("-DGIT={ID}"), format!("-DGIT={other}")];
        assert_eq!(names(&lines), [""; 0]);
    }
}
