//! The processes on the command line, and how to wait for them.

use std::time::Duration;

use clap::Args;

use super::Failure;

/// The processes to work on: one, or all of some kind, each on its own.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct TargetsArgs {
    /// Process id of the running program
    #[arg(long, value_name = "N")]
    pub pid: Option<u32>,
    /// Every process whose program has this file name, such as server.exe
    #[arg(long, value_name = "PROGRAM")]
    name: Option<String>,
    /// The process of this Windows service
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    /// Every process that can be opened and has what the command is about: the package's
    /// module, or a patch
    #[arg(long)]
    all: bool,
}

/// How long to wait for a quiet moment, and what may be done to get one.
#[derive(Clone, Debug, Args)]
pub struct QuietArgs {
    /// How long to wait for a moment in which no thread is in the way, in seconds from the
    /// first attempt to stop the threads; what is prepared before does not count
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Longest time for which the process may stand still, in milliseconds; an attempt that
    /// would take longer is given up, and nothing is changed [default: 10000]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    max_freeze: Option<Duration>,
    /// Let calls of this function that are under way go on in the version in which they
    /// began, for a function that never leaves the stack. Refused where that is not sound;
    /// may be given several times
    #[arg(long = "allow-on-stack", value_name = "FUNCTION")]
    on_stack: Vec<String>,
}

/// Zero to a day, with a fraction if need be.
pub fn seconds(text: &str) -> Result<Duration, String> {
    number(text, 86_400.0).ok_or_else(|| "a number of seconds from 0 to 86400 is needed".to_owned())
}

/// Zero to a minute, with a fraction if need be.
pub fn milliseconds(text: &str) -> Result<Duration, String> {
    let number = number(text, 60_000.0).map(|ms| ms / 1000);
    number.ok_or_else(|| "a number of milliseconds from 0 to 60000 is needed".to_owned())
}

/// A number from zero to `most`, as that many seconds.
fn number(text: &str, most: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    let fits = (0.0..=most).contains(&number);
    fits.then(|| Duration::try_from_secs_f64(number).ok())?
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
pub use windows::{Which, failure, open};

#[cfg(windows)]
mod windows {
    use anyhow::{Context, anyhow};

    use super::{Failure, QuietArgs, TargetsArgs};
    use crate::apply::survey::Survey;
    use crate::apply::target::{Identity, Target, TargetError};
    use crate::apply::{ApplyError, Options};
    use crate::exit::Exit;
    use crate::process::{Access, Process, interrupt, is_critical, pids, service_pid};

    /// What a process must have to be one of `--all`.
    #[derive(Clone, Copy, Debug)]
    pub enum Which<'a> {
        /// This module.
        Module(&'a str),
        /// A patch: the one with this id, or any.
        Patch(Option<&'a str>),
    }

    impl TargetsArgs {
        /// Whether the command line names one process, which has to be there.
        pub fn is_one(&self) -> bool {
            self.pid.is_some() || self.service.is_some()
        }

        /// The processes, by ascending id. Those that can't be opened are none of `--all`;
        /// a `--name` that no process has is an error.
        ///
        /// # Errors
        /// Exit code 1 where a named process isn't there or the system doesn't tell.
        pub fn select(&self, which: Which<'_>) -> Result<Vec<u32>, Failure> {
            if let Some(pid) = self.pid {
                return Ok(vec![pid]);
            }
            if let Some(service) = &self.service {
                let pid = service_pid(service)
                    .with_context(|| format!("cannot find the process of the service {service}"))?;
                let stopped = || {
                    Failure::from(anyhow!("the service {service} is not running"))
                        .hint("`sc query` lists the services and their states")
                };
                return Ok(vec![pid.ok_or_else(stopped)?]);
            }
            let opened = pids()?
                .into_iter()
                .filter(|pid| !is_critical(*pid))
                .filter_map(|pid| Process::open(pid, Access::Look).ok());
            if let Some(name) = &self.name {
                let named = opened.filter(|p| is_called(p.identity(), name));
                let found: Vec<u32> = named.map(|p| p.identity().pid).collect();
                if found.is_empty() {
                    let error = anyhow!("no process that can be opened is called {name}");
                    return Err(Failure::from(error).hint(
                        "give the file name as `tasklist` shows it; processes of other users \
                         need an elevated prompt",
                    ));
                }
                return Ok(found);
            }
            let fits = |process: &Process| match which {
                Which::Module(name) => process
                    .modules()
                    .is_ok_and(|m| m.iter().any(|m| m.is_called(name))),
                Which::Patch(id) => Survey::of(process).is_ok_and(|survey| match id {
                    Some(id) => survey.by_id(id).is_some(),
                    None => !survey.patches.is_empty(),
                }),
            };
            Ok(opened.filter(fits).map(|p| p.identity().pid).collect())
        }
    }

    /// Whether a process runs a program of this file name; `.exe` may be left out.
    fn is_called(process: &Identity, name: &str) -> bool {
        let file = process.image.rsplit(['\\', '/']).next().unwrap_or_default();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        file.eq_ignore_ascii_case(name) || stem.eq_ignore_ascii_case(name)
    }

    impl QuietArgs {
        /// What was asked for. From now on Ctrl-C only sets a flag.
        ///
        /// # Errors
        /// Exit code 1 where the system refuses.
        pub fn options(&self) -> Result<Options<'_>, Failure> {
            Ok(Options {
                timeout: self.timeout,
                max_freeze: self.max_freeze,
                on_stack: &self.on_stack,
                interrupted: interrupt::catch()?,
                consent: None,
            })
        }
    }

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

    /// The failure that an error means.
    pub fn failure(process: &Process, error: ApplyError) -> Failure {
        let hint = match &error {
            _ if process.has_ended() => Some("the process has ended meanwhile"),
            ApplyError::Target(TargetError::Locked(_)) => {
                Some("wait until the other hotpatch has finished")
            }
            ApplyError::Target(TargetError::MayStillRun(_)) => Some(
                "the process can't run new threads now (it may be suspended, or hold its \
                 loader lock); try again later",
            ),
            ApplyError::Denied(_) => Some(
                "nothing was changed; `hotpatch policy check` explains the decision, check by check",
            ),
            ApplyError::NotUndone { .. } => Some("`hotpatch recover` undoes what is left"),
            ApplyError::Ambiguous { .. } => Some("say which one with --id"),
            _ => None,
        };
        let failure = match &error {
            ApplyError::Denied(_) => Failure::new(Exit::Untrusted, error),
            _ => Failure::from(error),
        };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_program_is_called_by_its_file_name() {
            let process = Identity {
                pid: 1,
                created: 1,
                image: r"C:\Program Files\App\Server.exe".to_owned(),
            };
            for name in ["server.exe", "SERVER", "Server.exe"] {
                assert!(is_called(&process, name), "{name}");
            }
            for name in ["app", "serve", "server.exe.exe", ""] {
                assert!(!is_called(&process, name), "{name}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_may_have_a_fraction_and_are_in_range() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        assert_eq!(milliseconds("1.5"), Ok(Duration::from_micros(1500)));
        for bad in ["-1", "x", "", "NaN", "inf", "86401"] {
            assert!(seconds(bad).is_err(), "{bad}");
            assert!(milliseconds(bad).is_err(), "{bad}");
        }
    }
}
