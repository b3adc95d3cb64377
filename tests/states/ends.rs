//! How operations end.

use std::collections::BTreeSet;

/// How an operation must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Any of these words.
    pub outcomes: Vec<&'static str>,
    /// The findings that refuse it.
    pub codes: BTreeSet<&'static str>,
    /// Its exit code.
    pub exit: i32,
}

impl Ends {
    /// Well, with any of these words.
    pub fn done(outcomes: &[&'static str]) -> Ends {
        Ends {
            outcomes: outcomes.to_vec(),
            codes: BTreeSet::new(),
            exit: 0,
        }
    }

    /// Refused by these findings.
    pub fn refused(codes: BTreeSet<&'static str>) -> Ends {
        let exit = match () {
            () if codes.contains("HP501") => 6,
            () if codes.contains("HP512") => 5,
            () => 4,
        };
        Ends {
            outcomes: vec!["refused"],
            codes,
            exit,
        }
    }

    /// With a thread in the way.
    pub fn busy() -> Ends {
        Ends {
            outcomes: vec!["busy"],
            codes: BTreeSet::new(),
            exit: 7,
        }
    }

    /// Whether a thread is in the way.
    pub fn is_busy(&self) -> bool {
        self.outcomes.contains(&"busy")
    }
}
