//! How applying, checking or reverting ended.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::consent::{Consent, Incoming, Question};
use super::entries::WriteError;
use super::link::LinkError;
use super::preflight::causes;
use super::quiesce::{Blocker, Effort, Patience, Unquiet};
use super::record::Record;
use super::target::{Identity, TargetError};
use crate::addr::Va;
use crate::exit::Exit;
use crate::finding::rules::target as rules;
use crate::finding::{Finding, Severity};
use crate::package::{Denial, Package};

/// What the user asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// How long to wait for a quiet moment, from the first attempt to stop the threads.
    pub timeout: Duration,
    /// How long the target may stand still; `None` for 10 s.
    pub max_freeze: Option<Duration>,
    /// Names of functions whose calls that are under way may end in the version in which
    /// they began.
    pub on_stack: &'a [String],
    /// Set when the user wants to stop.
    pub interrupted: &'a AtomicBool,
    /// Who is asked once more before code of a package runs; nobody, where the caller has no
    /// such authority.
    pub consent: Option<Consent<'a>>,
}

impl<'a> Options<'a> {
    /// The same wait, in which it is asked before each attempt whether this code may run.
    pub(super) fn asking<'b>(&self, incoming: &'b [Incoming]) -> Patience<'b>
    where
        'a: 'b,
    {
        let question = |consent| Question { consent, incoming };
        Patience {
            question: self.consent.map(question),
            ..self.patience()
        }
    }

    pub(super) fn patience(&self) -> Patience<'a> {
        Patience {
            question: None,
            timeout: self.timeout,
            max_freeze: self.max_freeze,
            interrupted: self.interrupted,
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing stands against applying the package.
    Ready,
    /// The package is active now.
    Applied,
    /// The package was active already.
    AlreadyApplied,
    /// The patch is gone.
    Reverted,
    /// The patch is gone, and those that it had replaced are active again.
    RolledBack,
    /// What an interrupted operation left is gone.
    Recovered,
    /// No operation left anything.
    Clean,
    /// There was nothing to revert.
    NotApplied,
    /// Findings stand against it; nothing was changed.
    Refused,
    /// No quiet moment in time; nothing was changed.
    Busy,
    /// The user stopped it; nothing was changed.
    Interrupted,
}

impl Outcome {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ready => "ready",
            Outcome::Applied => "applied",
            Outcome::AlreadyApplied => "already-applied",
            Outcome::Reverted => "reverted",
            Outcome::RolledBack => "rolled-back",
            Outcome::Recovered => "recovered",
            Outcome::Clean => "clean",
            Outcome::NotApplied => "not-applied",
            Outcome::Refused => "refused",
            Outcome::Busy => "busy",
            Outcome::Interrupted => "interrupted",
        }
    }
}

/// What was done to a process.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The process.
    pub process: Identity,
    /// File name of the module.
    pub module: Option<String>,
    /// Id of the patch.
    pub package_id: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What the freezes took. `frozen` is the window in which the patch was switched, or
    /// the last attempt where it was not.
    pub effort: Effort,
    /// The functions of the patch, with their entries where these are known.
    pub functions: Vec<(String, Option<Va>)>,
    /// Memory of the target that the patch uses, or would use, in bytes.
    pub bytes_allocated: u64,
    /// Who was in the way.
    pub blocked_by: Vec<Blocker>,
    /// Ids of the patches that the package replaced, or would replace.
    pub replaced: Vec<String>,
    /// Ids of patches that a rollback switched on again.
    pub active_again: Vec<String>,
}

impl Summary {
    /// Nothing yet, about this process.
    pub(super) fn new(process: &Identity, outcome: Outcome) -> Self {
        Summary {
            process: process.clone(),
            module: None,
            package_id: None,
            outcome,
            findings: Vec::new(),
            effort: Effort::default(),
            functions: Vec::new(),
            bytes_allocated: 0,
            blocked_by: Vec::new(),
            replaced: Vec::new(),
            active_again: Vec::new(),
        }
    }

    pub(super) fn about_package(&mut self, package: &Package) {
        let manifest = &package.manifest;
        self.module = Some(manifest.target.file_name.clone());
        self.package_id = Some(manifest.patch.id.clone());
        let functions = manifest.functions.iter();
        self.functions = functions.map(|f| (f.name.clone(), None)).collect();
    }

    pub(super) fn about_record(&mut self, record: &Record) {
        let body = &record.body;
        self.module = Some(body.module.name.clone());
        self.package_id = Some(body.id.clone());
        let functions = body.functions.iter();
        self.functions = functions.map(|f| (f.name.clone(), Some(f.entry))).collect();
        self.bytes_allocated = record.header.region_size;
    }

    /// Notes why there was no quiet moment; returns the outcome that this means.
    pub(super) fn unquiet(&mut self, why: Unquiet) -> Result<Outcome, ApplyError> {
        match why {
            Unquiet::Busy(blockers) => {
                self.blocked_by = blockers;
                Ok(Outcome::Busy)
            }
            Unquiet::TooLong => {
                self.too_long();
                Ok(Outcome::Busy)
            }
            Unquiet::Interrupted => Ok(Outcome::Interrupted),
            Unquiet::Fibers(thread) => {
                let detail = format!("Thread {thread} is a fiber.");
                self.findings.push(Finding::new(&rules::FIBERS, detail));
                Ok(Outcome::Refused)
            }
            Unquiet::Denied(denial) => Err(ApplyError::Denied(denial)),
            Unquiet::Failed(error) => Err(error.into()),
        }
    }

    /// Notes what failed after the target was switched: that is done, whatever comes of the
    /// rest.
    pub(super) fn afterwards<V, E: Into<ApplyError>>(&mut self, result: Result<V, E>) -> Option<V> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let detail = causes(&error.into());
                self.findings.push(Finding::new(&rules::AFTERWARDS, detail));
                None
            }
        }
    }

    /// Notes that the target would have stood still for longer than it may.
    pub(super) fn too_long(&mut self) {
        let detail = format!(
            "The last of {} attempts took {} us with {} threads.",
            self.effort.attempts,
            self.effort.frozen.as_micros(),
            self.effort.seen.len()
        );
        let finding = Finding::new(&rules::TOO_LONG, detail);
        self.findings.push(finding);
    }

    /// The exit code that goes with the outcome.
    pub fn exit(&self) -> Exit {
        match self.outcome {
            Outcome::Ready
            | Outcome::Applied
            | Outcome::AlreadyApplied
            | Outcome::Reverted
            | Outcome::RolledBack
            | Outcome::Recovered
            | Outcome::Clean
            | Outcome::NotApplied => Exit::Done,
            Outcome::Refused => exit_for(&self.findings),
            Outcome::Busy => Exit::Busy,
            Outcome::Interrupted => Exit::Interrupted,
        }
    }
}

/// The exit code of a refusal: the target isn't the image (6), before policy (5), before
/// everything else that a restart would solve (4).
pub fn exit_for(findings: &[Finding]) -> Exit {
    let wrong = [
        &rules::MODULE_MISSING,
        &rules::OTHER_BUILD,
        &rules::CODE_CHANGED,
        &rules::NOT_X64,
    ];
    let mut refusals = findings
        .iter()
        .map(|f| f.rule)
        .filter(|r| r.severity != Severity::Note)
        .peekable();
    if refusals.peek().is_none() {
        return Exit::Done;
    }
    let rules: Vec<_> = refusals.collect();
    if rules.iter().any(|r| wrong.contains(r)) {
        Exit::WrongTarget
    } else if rules.contains(&&rules::NEWER_ACTIVE) {
        Exit::Untrusted
    } else {
        Exit::RestartRequired
    }
}

/// Why an operation failed in a way that no outcome describes. The target runs the code
/// that it ran before, unless the error says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The target can't be worked on.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The payload can't be linked at the address that it got.
    #[error("the payload cannot be linked")]
    Link(#[from] LinkError),
    /// The record can't be written.
    #[error("the record of the patch cannot be written")]
    Record(#[from] serde_json::Error),
    /// Room that was free a moment ago isn't any more.
    #[error("the free address space near {module} was taken meanwhile")]
    NoRoom {
        /// The module.
        module: String,
    },
    /// An entry can't be written, or was changed between the preflight and the switch.
    #[error(transparent)]
    Entries(#[from] WriteError),
    /// An entry's bytes in the manifest are no five bytes.
    #[error("the manifest has no entry bytes for {function}")]
    EntryBytes {
        /// The function.
        function: String,
    },
    /// The loader of the target can't find what the payload imports.
    #[error("the target's loader cannot find {what} (status {status:#010x})")]
    Import {
        /// The module, or the module and the export.
        what: String,
        /// `NTSTATUS`
        status: u32,
    },
    /// What was begun failed, and so did undoing it. The next operation, or the watchdog when
    /// this process ends, undoes what is left.
    #[error("what was begun could not be undone ({left})")]
    NotUndone {
        /// Why it failed.
        #[source]
        failed: Box<ApplyError>,
        /// What could not be undone.
        left: Box<ApplyError>,
    },
    /// The package was allowed when the command began, and isn't any more.
    #[error("the package is not allowed any more")]
    Denied(#[source] Denial),
    /// Several patches, and the user didn't say which.
    #[error("process {pid} has several patches: {}", ids.join(", "))]
    Ambiguous {
        /// The process.
        pid: u32,
        /// Their ids.
        ids: Vec<String>,
    },
}

impl ApplyError {
    /// Whether a call into the target may be under way still, so that what it runs in has to
    /// stay.
    pub fn may_still_run(&self) -> bool {
        match self {
            ApplyError::Target(TargetError::MayStillRun(_)) => true,
            ApplyError::NotUndone { failed, left } => {
                failed.may_still_run() || left.may_still_run()
            }
            _ => false,
        }
    }
}
