//! `hotpatch sync`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::audit_arg::AuditArgs;
use super::process_arg::{milliseconds, seconds};
use super::{Global, Outcome};

/// Bring every process to the state that the store and the policy ask for
///
/// Applies the packages of the store to the processes that they are for and that don't have
/// them, one process after the other, and clears away what an interrupted operation left. What
/// is right already is left as it is, so that it can be run as often as one likes. Nothing is
/// ever taken out but what was withdrawn, where the list says so (see `hotpatch withdraw`).
///
/// Ends with exit code 0 where everything is as desired, 9 where something is not, and 5 where
/// a package or a list of --from was refused.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Only say whether everything is as desired: exit code 9 where it is not. Writes nothing
    #[arg(long, conflicts_with = "what_if")]
    check: bool,
    /// Only say what would be done. Writes nothing, and ends with exit code 0
    #[arg(long)]
    what_if: bool,
    /// Take the packages and the lists of withdrawn ones of this folder into the store first,
    /// such as a share that something else fills
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Go on for ever: a round each time that this has passed, such as 5m or 30s, and at once
    /// for processes that are started meanwhile
    #[arg(long, value_name = "TIME", value_parser = interval,
          conflicts_with_all = ["check", "what_if"])]
    every: Option<Duration>,
    /// Leave the report of each round in this folder, such as a share, as a file named after this
    /// computer; `hotpatch report` and `hotpatch rollout gate` read it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["check", "what_if"])]
    report: Option<PathBuf>,
    /// Write metrics of each round to this file, for the textfile collector of windows_exporter
    #[arg(long, value_name = "FILE.prom", conflicts_with_all = ["check", "what_if"])]
    metrics: Option<PathBuf>,
    /// Print one line
    #[arg(long)]
    quiet: bool,
    /// How long to wait in each process for a moment in which no thread is in the way, in
    /// seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Longest time for which a process may stand still, in milliseconds [default: 10000]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    max_freeze: Option<Duration>,
    /// How long to watch processes after they were patched, in seconds: where one ends by an
    /// exception, its package is kept from that program until `hotpatch store release`
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    settle: Duration,
    #[command(flatten)]
    audit: AuditArgs,
}

/// A second to a day: a number with `s`, `m` or `h`.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || "a time such as 30s, 5m or 1h is needed, a second to a day".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let total = number.checked_mul(seconds).ok_or_else(wrong)?;
    match (1..=86_400).contains(&total) {
        true => Ok(Duration::from_secs(total)),
        false => Err(wrong()),
    }
}

impl SyncArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::machine::{Limits, Rounds};
        use crate::process::interrupt;
        use crate::report::sync::Mode;

        let rounds = Rounds {
            mode: match (self.check, self.what_if) {
                (true, _) => Mode::Check,
                (_, true) => Mode::WhatIf,
                _ => Mode::Sync,
            },
            from: self.from.clone(),
            package: None,
            report: self.report.clone(),
            metrics: self.metrics.clone(),
            log: self.audit.log(),
            limits: Limits {
                timeout: self.timeout,
                max_freeze: self.max_freeze,
                settle: self.settle,
                interrupted: interrupt::catch()?,
            },
            waits: self.every.is_none(),
            watched: Default::default(),
        };
        match self.every {
            Some(every) => watch::watch(self, every, &rounds, global),
            None => {
                let round = rounds.run(None)?;
                watch::print(self, &round.report, global)?;
                Ok(round.exit)
            }
        }
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("sync"))
    }
}

#[cfg(windows)]
mod watch {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::{Duration, Instant};

    use super::SyncArgs;
    use crate::cli::machine::{Round, Rounds};
    use crate::cli::{Failure, Format, Global, Outcome};
    use crate::exit::Exit;
    use crate::process::pids;
    use crate::report::out;
    use crate::report::sync::SyncReport;

    /// How often new processes are looked for.
    const POLL: Duration = Duration::from_millis(250);
    /// For how long a process is looked at again that could not be looked at.
    const STARTING: Duration = Duration::from_secs(10);

    /// Prints a report; one line each where there will be several.
    pub fn print(args: &SyncArgs, report: &SyncReport, global: Global) -> Result<(), Failure> {
        match (global.format, args.quiet) {
            (Format::Text, true) => out::print_text(&report.summary())?,
            (Format::Text, false) => out::print_text(&report.text())?,
            (Format::Json, _) if args.every.is_some() => out::print_json_line(report)?,
            (Format::Json, _) => out::print_json(report)?,
        }
        Ok(())
    }

    /// Makes rounds until somebody ends it.
    pub fn watch(args: &SyncArgs, every: Duration, rounds: &Rounds, global: Global) -> Outcome {
        // A round that failed, as where a share is away for a while, ends nothing.
        let run = |only: Option<&BTreeSet<u32>>| -> Option<Round> {
            let round = rounds.run(only);
            round
                .map_err(|failure| failure.warn("this round failed"))
                .ok()
        };
        loop {
            let start = Instant::now();
            let mut known: BTreeSet<u32> = pids()?.into_iter().collect();
            let mut starting: BTreeMap<u32, Instant> = BTreeMap::new();
            if let Some(round) = run(None) {
                print(args, &round.report, global)?;
                starting.extend(round.unready.into_iter().map(|pid| (pid, start)));
            }
            while start.elapsed() < every && !rounds.watched.borrow().has_ended() {
                if rounds.limits.interrupted() {
                    return Ok(Exit::Interrupted);
                }
                std::thread::sleep(POLL.min(every.saturating_sub(start.elapsed())));
                let now: BTreeSet<u32> = pids()?.into_iter().collect();
                starting.retain(|pid, since| now.contains(pid) && since.elapsed() < STARTING);
                for pid in now.difference(&known) {
                    starting.insert(*pid, Instant::now());
                }
                known = now;
                if starting.is_empty() {
                    continue;
                }
                let new: BTreeSet<u32> = starting.keys().copied().collect();
                let Some(round) = run(Some(&new)) else {
                    continue;
                };
                starting.retain(|pid, _| round.unready.contains(pid));
                if !round.report.actions.is_empty() {
                    print(args, &round.report, global)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_a_unit() {
        assert_eq!(interval("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(interval("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(interval("24h"), Ok(Duration::from_secs(86_400)));
        for bad in [
            "",
            "5",
            "m",
            "0s",
            "25h",
            "-1m",
            "1.5h",
            "5µ",
            "99999999999999999999h",
        ] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }
}
