//! The folder in which machines leave their reports (`hotpatch sync --report`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Failure;
use crate::moment::{DAY, Moment};
use crate::ops::{fleet, gate};
use crate::package::file::read_limited;
use crate::report::store::BrokenPackage;

/// Largest report in bytes.
const MAX_REPORT: usize = 64 << 20;

/// The schema of the reports that are read.
const SCHEMA: &str = "hotpatch.sync/1";

/// What is read of a report.
pub trait Reported: DeserializeOwned {
    /// Full name of the computer that it is about.
    fn computer(&self) -> &str;
    /// When it was written.
    fn at(&self) -> Moment;
}

impl Reported for gate::MachineFacts {
    fn computer(&self) -> &str {
        &self.computer
    }

    fn at(&self) -> Moment {
        self.at
    }
}

impl Reported for fleet::Machine {
    fn computer(&self) -> &str {
        &self.computer
    }

    fn at(&self) -> Moment {
        self.at
    }
}

/// What lies in the folder.
#[derive(Debug)]
pub struct Reports<T> {
    /// The latest report of each machine, by its name.
    pub latest: Vec<T>,
    /// Number of reports of the same machines that are older.
    pub older: usize,
    /// Files that should be reports, and are none.
    pub unreadable: Vec<BrokenPackage>,
    /// What isn't called as reports are, and was not read.
    pub others: Vec<PathBuf>,
    /// What is called as they are.
    pub paths: Vec<PathBuf>,
}

/// Reads all reports of a folder. A report that can't be read stands in nobody's way.
///
/// # Errors
/// Where the folder can't be read.
pub fn read<T: Reported>(folder: &Path) -> Result<Reports<T>, Failure> {
    let context = || format!("cannot read the folder {}", folder.display());
    let mut paths = Vec::new();
    for file in fs::read_dir(folder).with_context(context)? {
        paths.push(file.with_context(context)?.path());
    }
    paths.sort();
    let is_report = |path: &PathBuf| {
        let extension = path.extension();
        extension.is_some_and(|e| e.eq_ignore_ascii_case("json"))
    };
    let (paths, others): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(is_report);
    let mut latest: BTreeMap<String, T> = BTreeMap::new();
    let (mut older, mut unreadable) = (0, Vec::new());
    for path in &paths {
        match read_report::<T>(path) {
            Ok(report) => {
                let name = report.computer().to_lowercase();
                let before = latest.get(&name);
                older += usize::from(before.is_some());
                if before.is_none_or(|b| b.at() < report.at()) {
                    latest.insert(name, report);
                }
            }
            Err(error) => unreadable.push(BrokenPackage {
                path: path.display().to_string(),
                sha256: String::new(),
                why: format!("{error:#}"),
            }),
        }
    }
    Ok(Reports {
        latest: latest.into_values().collect(),
        older,
        unreadable,
        others,
        paths,
    })
}

fn read_report<T: Reported>(path: &Path) -> anyhow::Result<T> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        schema: Option<Cow<'a, str>>,
    }
    // A pipe would never end.
    if !fs::metadata(path)?.is_file() {
        bail!("it is no file");
    }
    let bytes = read_limited(path, MAX_REPORT).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => anyhow!("it has more than {} MiB", MAX_REPORT >> 20),
        _ => error.into(),
    })?;
    let head: Head<'_> = serde_json::from_slice(&bytes)?;
    match head.schema.as_deref() {
        Some(SCHEMA) => {}
        other => bail!("its schema is {other:?}, and not {SCHEMA:?}"),
    }
    let report: T = serde_json::from_slice(&bytes)?;
    match report.computer().is_empty() {
        true => bail!("it names no computer"),
        false => Ok(report),
    }
}

/// Zero to a year, in seconds: a number with `s`, `m`, `h` or `d`.
///
/// # Errors
/// Where the text is none.
pub fn duration(text: &str) -> Result<u64, String> {
    let wrong = || "a time such as 30m, 24h or 2d is needed, a year at most".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => DAY,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).ok_or_else(wrong)?;
    (seconds <= 366 * DAY).then_some(seconds).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("0s"), Ok(0));
        assert_eq!(duration("24h"), Ok(86_400));
        assert_eq!(duration("2d"), Ok(172_800));
        for bad in [
            "",
            "5",
            "h",
            "-1h",
            "1.5h",
            "9999d",
            "5µ",
            "99999999999999999999d",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
