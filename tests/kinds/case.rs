//! What a case says about itself.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::build::Abi;

/// One program in two builds, with what must be found.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of its folder.
    #[serde(skip)]
    pub name: String,
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// What it shows.
    pub why: String,
    #[serde(default)]
    abi: Abis,
    #[serde(default = "default_options")]
    pub options: String,
    pub new_options: Option<String>,
    pub sources: Vec<String>,
    pub new_sources: Option<Vec<String>>,
    #[serde(default)]
    pub without_debug: Vec<String>,
    #[serde(default)]
    pub link: String,
    pub new_link: Option<String>,
    #[serde(default)]
    pub absolute: bool,
    #[serde(default)]
    pub accept: Vec<String>,
    #[serde(default)]
    pub arguments: Vec<String>,
    #[serde(default)]
    pub separated: Vec<Separated>,
    #[serde(default)]
    pub shortened: Vec<Shortened>,
    pub expect: Expect,
}

/// A separated part of a function, which LLVM's linker does not know how to write.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separated {
    /// The function.
    pub of: String,
    /// Where the part begins, in bytes behind the start of the function.
    pub at: u32,
    /// The same in the new build, where that is somewhere else.
    pub new_at: Option<u32>,
    /// Its length in bytes.
    pub size: u32,
}

/// A function whose record ends before its entry of the function table does, as some compilers
/// write it that end a function in a call which does not return.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shortened {
    /// The function.
    pub of: String,
    /// By how many bytes.
    pub by: u32,
}

/// What must be found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub verdict: Option<String>,
    #[serde(default)]
    pub findings: Vec<String>,
    #[serde(default)]
    pub no_findings: Vec<String>,
    pub changed: Option<Vec<String>>,
    pub version_only: Option<Vec<String>>,
    pub left_out: Option<Vec<String>>,
    pub must_not_stay: Option<Vec<String>>,
    pub watched: Option<Vec<String>>,
    pub members: Option<Vec<String>>,
    pub handles: Option<Vec<String>>,
    #[serde(default)]
    pub runs: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Abis {
    One(Abi),
    Several(Vec<Abi>),
}

impl Default for Abis {
    fn default() -> Self {
        Abis::One(Abi::Gnu)
    }
}

fn default_options() -> String {
    "-O1".into()
}

impl Case {
    /// Reads the case in a folder.
    pub fn read(folder: &Path) -> Case {
        let file = folder.join("case.toml");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file:?}: {e}"));
        let mut case: Case = toml::from_str(&text).unwrap_or_else(|e| panic!("{file:?}: {e}"));
        case.name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        case.folder = folder.to_owned();
        assert!(case.why.len() > 20, "{file:?} does not say why");
        let expect = &case.expect;
        let expects = expect.verdict.is_some() || expect.changed.is_some() || expect.runs;
        assert!(
            expects || !expect.findings.is_empty(),
            "{file:?} expects nothing"
        );
        case
    }

    /// The ABIs that it is built for.
    pub fn abis(&self) -> Vec<Abi> {
        match &self.abi {
            Abis::One(abi) => vec![*abi],
            Abis::Several(list) => list.clone(),
        }
    }
}
