//! The exit codes of the program: one enum, the contract that scripts rely on.

use std::process::ExitCode;

/// How a command ended, as a process exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The command did what it was asked to do.
    Done = 0,
    /// Something went wrong that no other code describes.
    Error = 1,
    /// The command line could not be understood.
    Usage = 2,
    /// The two builds do not differ in anything a patch could carry.
    NothingChanged = 3,
    /// The change cannot be applied live; the program must be restarted.
    RestartRequired = 4,
    /// A signature, the trust store or the policy refuses the package.
    Untrusted = 5,
    /// The target is not the image the package was built for.
    WrongTarget = 6,
    /// The target did not quiesce in time and is unchanged.
    Busy = 7,
    /// The health gate failed and the target was reverted; or the next ring must not begin.
    HealthGate = 8,
    /// Something is not in the state that is desired: a process, as `sync` sees it; or all code
    /// that runs is proven, as `verify` sees it, and memory of patches that were taken out is not;
    /// or nobody knows yet whether the next ring may begin.
    NotAsDesired = 9,
    /// The user interrupted the command; the target is unchanged.
    Interrupted = 130,
}

impl Exit {
    /// Every exit code with a one-line meaning, in numeric order.
    pub const ALL: &'static [(Exit, &'static str)] = &[
        (Exit::Done, "done"),
        (Exit::Error, "error"),
        (Exit::Usage, "usage"),
        (Exit::NothingChanged, "nothing changed"),
        (Exit::RestartRequired, "restart required (refused)"),
        (Exit::Untrusted, "signature, trust or policy"),
        (
            Exit::WrongTarget,
            "the target is not the image the package was built for",
        ),
        (Exit::Busy, "the target did not quiesce in time (unchanged)"),
        (
            Exit::HealthGate,
            "health gate failed (reverted); of `rollout gate`: stop",
        ),
        (
            Exit::NotAsDesired,
            "not in the desired state; of `verify`: proven, but for memory of patches that were taken out; of `rollout gate`: not yet",
        ),
        (Exit::Interrupted, "interrupted (unchanged)"),
    ];

    /// The exit code with this number; [`Exit::Error`] for any other number.
    pub fn of_code(code: u8) -> Self {
        let mut all = Exit::ALL.iter().map(|(exit, _)| *exit);
        all.find(|e| e.code() == code).unwrap_or(Exit::Error)
    }

    /// The number the process exits with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_contract() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|(e, _)| e.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130]);
    }
}
