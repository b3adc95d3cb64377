//! What a case says about itself.

use std::path::{Path, PathBuf};

use crate::build::Abi;

/// One source file with its expectations.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The file.
    pub file: PathBuf,
    /// Its name without folder and extension.
    pub name: String,
    /// The ABIs to build it for.
    pub abis: Vec<Abi>,
    /// Options for the compiler: for one ABI, or for all.
    pub flags: Vec<(Option<Abi>, String)>,
    /// Options for the linker.
    pub link: Vec<(Option<Abi>, String)>,
    /// Risks to accept.
    pub accept: Vec<String>,
    /// Answers before the patch.
    pub old: Vec<String>,
    /// Answers with the patch.
    pub new: Vec<String>,
    /// Answers with the second patch, which replaces the first; none where there is none.
    pub newer: Vec<String>,
    /// Answers after going back to the first patch.
    pub rolled: Vec<String>,
    /// Answers after the revert.
    pub back: Vec<String>,
    /// Answers of a process that was patched before it ran.
    pub start: Vec<String>,
    /// Findings that must be there.
    pub notes: Vec<String>,
    /// Findings of `check`.
    pub checks: Vec<String>,
    /// Findings with which `apply` refuses.
    pub veto: Vec<String>,
    /// Findings with which `build` refuses.
    pub refused: Vec<String>,
}

impl Case {
    /// Reads the comments at the top of a file.
    pub fn read(file: &Path) -> Case {
        let text = std::fs::read_to_string(file).expect("a readable case");
        let mut case = Case {
            file: file.to_owned(),
            name: file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            ..Case::default()
        };
        for line in text.lines().map_while(|l| l.strip_prefix("// ")) {
            let Some((key, value)) = line.split_once(": ") else {
                continue;
            };
            let (key, abi) = match key.split_once(' ') {
                Some((key, abi)) => (key, Some(Abi::named(abi))),
                None => (key, None),
            };
            let value = value.to_owned();
            match key {
                "abi" => case.abis.extend(value.split(' ').map(Abi::named)),
                "flags" => case.flags.push((abi, value)),
                "link" => case.link.push((abi, value)),
                "accept" => case.accept.push(value),
                "old" => case.old.push(value),
                "new" => case.new.push(value),
                "newer" => case.newer.push(value),
                "rolled" => case.rolled.push(value),
                "back" => case.back.push(value),
                "start" => case.start.push(value),
                "note" => case.notes.push(value),
                "check" => case.checks.push(value),
                "veto" => case.veto.push(value),
                "refused" => case.refused.push(value),
                other => panic!("{}: {other:?} means nothing", case.name),
            }
        }
        if case.abis.is_empty() {
            case.abis = vec![Abi::Gnu, Abi::Msvc];
        }
        let expects = !case.refused.is_empty() || !case.old.is_empty();
        assert!(expects, "{} expects nothing", case.name);
        case
    }

    /// Options that are for this ABI.
    pub fn options(list: &[(Option<Abi>, String)], abi: Abi) -> Vec<&str> {
        let fitting = list
            .iter()
            .filter(|(only, _)| only.is_none_or(|a| a == abi));
        fitting
            .flat_map(|(_, options)| options.split_whitespace())
            .collect()
    }
}
