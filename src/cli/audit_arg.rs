//! The audit log on the command line, and what `apply` and `revert` put into it.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::apply::Summary;
use crate::exit::Exit;
use crate::ops::audit::events;
use crate::ops::audit::{self, Appended, Attempt, AuditError, Ending, Facts, Log};

/// Which audit log.
#[derive(Clone, Debug, Default, Args)]
pub struct AuditArgs {
    /// The audit log [default: $HOTPATCH_AUDIT, else audit.jsonl in hotpatch's own folder]
    #[arg(long, value_name = "FILE")]
    audit_log: Option<PathBuf>,
}

impl AuditArgs {
    /// Where the log is.
    pub fn path(&self) -> PathBuf {
        self.audit_log.clone().unwrap_or_else(audit::default_path)
    }

    /// The log, to be written to.
    pub fn log(&self) -> Log {
        Log::at(self.path())
    }
}

/// Opens a process and runs an attempt to change it, on record; also where it can't be opened.
///
/// # Errors
/// As [`attempt`], and where the process can't be opened.
#[cfg(windows)]
pub fn on_process(
    log: &Log,
    facts: Facts,
    pid: u32,
    run: impl FnOnce(&crate::process::Process) -> Result<Summary, Failure>,
) -> Result<Summary, Failure> {
    use crate::apply::target::Target;
    use crate::process::Access;

    let process = match super::process_arg::open(pid, Access::Change) {
        Ok(process) => process,
        Err(failure) => return Err(refused(log, facts.pid(pid), failure)),
    };
    attempt(log, facts.process(process.identity()), || run(&process))
}

/// Runs an attempt to change a process, with a record before it and one after.
///
/// # Errors
/// What `run` answers; and exit code 1 where the attempt can't be put on record, and then it
/// has not been run.
pub fn attempt(
    log: &Log,
    facts: Facts,
    run: impl FnOnce() -> Result<Summary, Failure>,
) -> Result<Summary, Failure> {
    let attempt = Attempt::begin(log, facts.clone()).map_err(|error| {
        events::unwritable(&error);
        unwritable(error)
    })?;
    let result = run();
    let ending = match &result {
        Ok(summary) => Ending::from(summary),
        Err(failure) => ending(failure),
    };
    note(log, &facts, &ending, attempt.end(&ending));
    result
}

/// Puts a failure on record that came before there was anything to attempt; returns it.
pub fn refused(log: &Log, facts: Facts, failure: Failure) -> Failure {
    let ending = ending(&failure);
    note(
        log,
        &facts,
        &ending,
        audit::refused(log, facts.clone(), &ending),
    );
    failure
}

/// What a failure is on record as.
fn ending(failure: &Failure) -> Ending {
    let causes: Vec<String> = failure.error.chain().map(ToString::to_string).collect();
    let mut ending = Ending::failed(failure.exit, &causes.join(": "));
    if failure.exit != Exit::Error {
        ending.outcome = "refused".to_owned();
    }
    ending
}

/// Tells the system's log as well. That the end can't be put on record changes nothing about
/// what was done, so that it is a warning.
fn note(log: &Log, facts: &Facts, ending: &Ending, written: Result<Appended, AuditError>) {
    events::ended(log, facts, ending, written.as_ref().ok());
    if let Err(error) = written {
        events::unwritable(&error);
        let failure = unwritable(error);
        failure.warn("the outcome is not in the audit log");
    }
}

/// The failure that an error of the log means.
pub fn unwritable(error: AuditError) -> Failure {
    let damaged = error.is_damage();
    let failure = Failure::from(error);
    failure.hint(match damaged {
        true => {
            "see what is wrong with `hotpatch audit verify`; then `hotpatch audit rotate --to \
             FILE` keeps this log and begins a new one. Until then nothing is changed"
        }
        false => {
            "every attempt is put on record before anything is changed: run as somebody who may \
             write there, or name another log with --audit-log FILE"
        }
    })
}
