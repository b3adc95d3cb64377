//! What a manifest says of the version: which an admin sees where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::addr::Rva;

/// What the version resources of both builds say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// Of the old build: what the file on disk and the module's resources in memory go on
    /// saying.
    pub old: String,
    /// Of the new build: what functions of the patch say of the program, where they hold it.
    pub new: String,
    /// Names of the functions of the patch that differ in nothing but the version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<String>,
}

/// A function that differs in nothing but the version and stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOutFunction {
    /// Name in the PDB's procedure record.
    pub name: String,
    /// Where it is in the old image.
    pub rva: Rva,
    /// What of the version is in it.
    pub reason: String,
}

impl Versions {
    /// Which version is seen where, in one line.
    pub fn text(&self, left_out: &[LeftOutFunction]) -> String {
        let mut text = format!("{} on disk and in the module's resources", self.old);
        let names = |list: Vec<&str>| crate::finding::some_of(&list);
        if !self.carried.is_empty() {
            let carried = names(self.carried.iter().map(String::as_str).collect());
            text.push_str(&format!(
                "; {} is what {carried} of the patch say",
                self.new
            ));
        }
        if !left_out.is_empty() {
            let kept = names(left_out.iter().map(|f| f.name.as_str()).collect());
            text.push_str(&format!("; {kept} were left out and go on saying it"));
        }
        if self.carried.is_empty() {
            text.push_str(&format!("; the build with the fix is {}", self.new));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_which_version_is_seen_where() {
        let mut versions = Versions {
            old: "1.0".into(),
            new: "1.1".into(),
            carried: vec!["about".into()],
        };
        let expected =
            "1.0 on disk and in the module's resources; 1.1 is what about of the patch say";
        assert_eq!(versions.text(&[]), expected);
        versions.carried.clear();
        let left_out = LeftOutFunction {
            name: "about".into(),
            rva: Rva(0x1000),
            reason: String::new(),
        };
        let expected = "1.0 on disk and in the module's resources; about were left out and go on saying it; the build with the fix is 1.1";
        assert_eq!(versions.text(&[left_out]), expected);
    }
}
