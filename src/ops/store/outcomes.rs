//! How the last attempts of `sync` ended, so that `list` can say so without trying anew.
//!
//! Only about processes that still run: what ended with a process is in the audit log. Everything
//! here is pure.

use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// Version of the layout.
const FORMAT: u32 = 1;

/// How the last attempts ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcomes {
    format: u32,
    /// The last attempt for each process and package.
    #[serde(default, rename = "attempt", skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempted>,
}

/// An attempt to apply a package to a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempted {
    /// The process: its PID, and the time of its creation.
    pub process: String,
    /// SHA-256 of the package file as hex.
    pub package: String,
    /// When.
    pub at: Moment,
    /// Why it is not applied; absent where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// For how many milliseconds the process had run before the package was active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpatched_ms: Option<u64>,
}

/// Why a package is not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// Why, in one line.
    pub why: String,
    /// The way out, in one line; empty where none is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// What kind of problem an attempt met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// There was no moment in which no thread was in the way: the next attempt may find one.
    Busy,
    /// Something stands against it that lasts as long as the process.
    Refused,
    /// It went wrong.
    Failed,
}

impl Default for Outcomes {
    fn default() -> Self {
        Outcomes {
            format: FORMAT,
            attempts: Vec::new(),
        }
    }
}

impl Outcomes {
    /// Reads what [`Outcomes::to_toml`] wrote; `None` where it is anything else.
    pub fn from_toml(text: &str) -> Option<Self> {
        let outcomes: Outcomes = toml::from_str(text).ok()?;
        (outcomes.format == FORMAT).then_some(outcomes)
    }

    /// The outcomes as TOML.
    ///
    /// # Errors
    /// Where a number is more than TOML's integers can be.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The last attempt to apply a package to a process.
    pub fn of(&self, process: &str, package: &str) -> Option<&Attempted> {
        let mut attempts = self.attempts.iter();
        attempts.find(|a| a.process == process && a.package == package)
    }

    /// Puts an attempt in the place of the one before.
    pub fn put(&mut self, attempt: Attempted) {
        let same = |a: &Attempted| a.process == attempt.process && a.package == attempt.package;
        self.attempts.retain(|a| !same(a));
        self.attempts.push(attempt);
    }

    /// Forgets what is about processes that don't run any more.
    pub fn keep(&mut self, runs: impl Fn(&str) -> bool) {
        self.attempts.retain(|a| runs(&a.process));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(process: &str, problem: Option<&str>) -> Attempted {
        Attempted {
            process: process.to_owned(),
            package: "ab".repeat(32),
            at: Moment::from_seconds(7),
            problem: problem.map(|why| Problem {
                kind: ProblemKind::Busy,
                why: why.to_owned(),
                remedy: String::new(),
            }),
            unpatched_ms: None,
        }
    }

    #[test]
    fn the_last_attempt_counts_while_the_process_runs() {
        let mut outcomes = Outcomes::default();
        outcomes.put(attempt("1 a", Some("busy")));
        outcomes.put(attempt("2 b", None));
        outcomes.put(attempt("1 a", Some("denied")));
        let text = outcomes.to_toml().unwrap();
        let mut read = Outcomes::from_toml(&text).unwrap();
        assert_eq!(read, outcomes);
        let found = read.of("1 a", &"ab".repeat(32)).unwrap();
        assert_eq!(found.problem.as_ref().unwrap().why, "denied");
        read.keep(|process| process == "2 b");
        assert_eq!(read.attempts.len(), 1);
        assert_eq!(Outcomes::from_toml("format = 2"), None);
    }
}
