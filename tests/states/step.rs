//! The steps of a sequence, and how they are written down.

use std::fmt;
use std::str::FromStr;

/// An operation of `hotpatch` that changes the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    Apply(String),
    /// The patch with this id, or the only one.
    Revert(Option<String>),
    Rollback(Option<String>),
    Recover,
}

/// When `hotpatch` is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// At a fault point, its watchdog too or not.
    Point { point: String, both: bool },
    /// So many milliseconds after its start.
    After(u64),
}

/// One thing that is done to the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Do(Operation),
    Kill(Death, Operation),
    /// The library, where it was last if it can be, or elsewhere.
    Load,
    Move,
    Unload,
    /// A thread stays in this function until it is told to leave.
    Sit(String),
    Leave,
    /// The program stores the address of a function of this patch.
    Hold(String),
    Drop,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Apply(id) => write!(f, "apply:{id}"),
            Operation::Revert(Some(id)) => write!(f, "revert:{id}"),
            Operation::Revert(None) => f.write_str("revert"),
            Operation::Rollback(Some(id)) => write!(f, "rollback:{id}"),
            Operation::Rollback(None) => f.write_str("rollback"),
            Operation::Recover => f.write_str("recover"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Do(operation) => operation.fmt(f),
            Step::Kill(Death::Point { point, both: false }, operation) => {
                write!(f, "kill:{point}:{operation}")
            }
            Step::Kill(Death::Point { point, both: true }, operation) => {
                write!(f, "kill-both:{point}:{operation}")
            }
            Step::Kill(Death::After(ms), operation) => write!(f, "kill-after:{ms}:{operation}"),
            Step::Load => f.write_str("load"),
            Step::Move => f.write_str("move"),
            Step::Unload => f.write_str("unload"),
            Step::Sit(name) => write!(f, "sit:{name}"),
            Step::Leave => f.write_str("leave"),
            Step::Hold(id) => write!(f, "hold:{id}"),
            Step::Drop => f.write_str("drop"),
        }
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, id) = match text.split_once(':') {
            Some((word, id)) => (word, Some(id.to_owned())),
            None => (text, None),
        };
        match (word, id) {
            ("apply", Some(id)) => Ok(Operation::Apply(id)),
            ("revert", id) => Ok(Operation::Revert(id)),
            ("rollback", id) => Ok(Operation::Rollback(id)),
            ("recover", None) => Ok(Operation::Recover),
            _ => Err(format!("{text} is no operation")),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(3, ':').collect();
        Ok(match parts[..] {
            [word @ ("kill" | "kill-both"), point, operation] => {
                let (point, both) = (point.to_owned(), word == "kill-both");
                Step::Kill(Death::Point { point, both }, operation.parse()?)
            }
            ["kill-after", ms, operation] => {
                let ms = ms.parse().map_err(|_| format!("{ms} is no time"))?;
                Step::Kill(Death::After(ms), operation.parse()?)
            }
            ["load"] => Step::Load,
            ["move"] => Step::Move,
            ["unload"] => Step::Unload,
            ["sit", name] => Step::Sit(name.to_owned()),
            ["leave"] => Step::Leave,
            ["hold", id] => Step::Hold(id.to_owned()),
            ["drop"] => Step::Drop,
            _ => Step::Do(text.parse()?),
        })
    }
}

/// Steps as text, for a replay.
pub fn written(steps: &[Step]) -> String {
    let words: Vec<String> = steps.iter().map(Step::to_string).collect();
    words.join(" ")
}

/// Reads what [`written`] wrote.
///
/// # Errors
/// Where a word is no step.
pub fn read(text: &str) -> Result<Vec<Step>, String> {
    text.split_whitespace().map(str::parse).collect()
}
