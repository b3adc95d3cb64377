//! The process on the command line, and how to wait for it.

use std::time::Duration;

use clap::Args;

use super::Failure;

/// The process to work on.
#[derive(Clone, Copy, Debug, Args)]
pub struct ProcessArgs {
    /// Process id of the running program
    #[arg(long, value_name = "N")]
    pub pid: u32,
}

/// How long to wait for a quiet moment.
#[derive(Clone, Copy, Debug, Args)]
pub struct TimeoutArgs {
    /// How long to wait for a moment in which no thread is in the way, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
}

/// Zero to a day, with a fraction if need be.
fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|s| (0.0..=86_400.0).contains(s))
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .ok_or_else(|| String::from("a number of seconds from 0 to 86400 is needed"))
}

/// The failure of a command that needs Windows.
#[cfg(not(windows))]
pub fn needs_windows(command: &str) -> Failure {
    let error = anyhow::anyhow!("`hotpatch {command}` works on running Windows programs");
    Failure::from(error).hint(
        "run hotpatch.exe on the Windows system on which the program runs; packages can be \
         built, signed and verified here",
    )
}

#[cfg(windows)]
pub use windows::{caught, failure, open};

#[cfg(windows)]
mod windows {
    use std::sync::atomic::AtomicBool;

    use super::Failure;
    use crate::apply::ApplyError;
    use crate::apply::target::TargetError;
    use crate::process::{Access, Process, interrupt};

    /// Opens the process.
    ///
    /// # Errors
    /// Exit code 1 where that isn't possible.
    pub fn open(pid: u32, access: Access) -> Result<Process, Failure> {
        Process::open(pid, access).map_err(|error| {
            let hint = error.hint();
            let failure = Failure::from(error);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })
    }

    /// From now on Ctrl-C only sets the flag.
    ///
    /// # Errors
    /// Exit code 1 where the system refuses.
    pub fn caught() -> Result<&'static AtomicBool, Failure> {
        Ok(interrupt::catch()?)
    }

    /// The failure that an error means.
    pub fn failure(process: &Process, error: ApplyError) -> Failure {
        let hint = match &error {
            _ if process.has_ended() => Some("the process has ended meanwhile"),
            ApplyError::Target(TargetError::Locked(_)) => {
                Some("wait until the other hotpatch has finished")
            }
            ApplyError::Target(TargetError::CallTimeout(_)) => Some(
                "the process can't run new threads now (it may be suspended, or hold its \
                 loader lock); try again later",
            ),
            ApplyError::Ambiguous { .. } => Some("say which one with --id"),
            _ => None,
        };
        let failure = Failure::from(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_a_fraction_and_are_in_range() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for bad in ["-1", "x", "", "NaN", "inf", "86401"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
