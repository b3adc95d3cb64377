//! One attempt to change a process: a record before, and a record after.

use super::append::{Appended, AuditError, Log};
use super::record::{End, Event, Facts, PackageFacts, TargetFacts, cut, sha256};
use crate::apply::Summary;
use crate::apply::target::Identity;
use crate::exit::Exit;
use crate::package::{Package, Verified};
use crate::report::time::rfc3339;

/// Most finding codes in a record.
const MAX_FINDINGS: usize = 64;

/// An attempt whose start is on record. Say how it ended with [`Attempt::end`]; a start
/// without an end tells that the program was killed.
#[derive(Debug)]
#[must_use = "an attempt without an end looks like one that was killed"]
pub struct Attempt<'l> {
    log: &'l Log,
    number: u64,
    facts: Facts,
}

/// How an attempt ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// What the command's report says, `failed` where it has none.
    pub outcome: String,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// What went wrong, where it failed.
    pub error: Option<String>,
    /// How long the target stood still, in microseconds.
    pub frozen_us: u64,
    /// Number of freezes.
    pub attempts: u32,
    /// Codes of the findings.
    pub findings: Vec<String>,
    /// File name of the module, where the attempt found it out.
    pub module: Option<String>,
    /// Id of the patch, where the attempt found it out.
    pub package_id: Option<String>,
}

impl<'l> Attempt<'l> {
    /// Puts the start of an attempt on record; returns when it is on the disk. What was
    /// not put on record must not be done.
    ///
    /// # Errors
    /// [`AuditError`]; then nothing is on record.
    pub fn begin(log: &'l Log, facts: Facts) -> Result<Self, AuditError> {
        let appended = log.append(Event::Started(facts.clone()))?;
        Ok(Attempt {
            log,
            number: appended.number,
            facts,
        })
    }

    /// Puts its end on record.
    ///
    /// # Errors
    /// [`AuditError`]; the start stays on record.
    pub fn end(self, ending: &Ending) -> Result<Appended, AuditError> {
        let end = ending.record(Some(self.number), self.facts);
        self.log.append(Event::Ended(end))
    }
}

/// Puts an attempt on record that ended before it began.
///
/// # Errors
/// [`AuditError`]; then nothing is on record.
pub fn refused(log: &Log, facts: Facts, ending: &Ending) -> Result<Appended, AuditError> {
    log.append(Event::Refused(ending.record(None, facts)))
}

impl Ending {
    /// A failure that no outcome describes.
    pub fn failed(exit: Exit, error: &str) -> Self {
        Ending {
            outcome: "failed".to_owned(),
            exit_code: exit.code(),
            error: Some(cut(error)),
            ..Ending::default()
        }
    }

    fn record(&self, attempt: Option<u64>, mut facts: Facts) -> End {
        if let (Some(target), Some(module)) = (&mut facts.target, &self.module) {
            target.module.get_or_insert_with(|| cut(module));
        }
        if let Some(id) = &self.package_id {
            let package = facts.package.get_or_insert_default();
            package.id.get_or_insert_with(|| cut(id));
        }
        End {
            attempt,
            facts,
            outcome: self.outcome.clone(),
            exit_code: self.exit_code,
            error: self.error.clone(),
            frozen_us: self.frozen_us,
            attempts: self.attempts,
            findings: self.findings.clone(),
        }
    }
}

impl From<&Summary> for Ending {
    fn from(summary: &Summary) -> Self {
        let mut findings: Vec<String> = Vec::new();
        for finding in &summary.findings {
            let code = finding.rule.code;
            if findings.len() < MAX_FINDINGS && !findings.iter().any(|f| f == code) {
                findings.push(code.to_owned());
            }
        }
        Ending {
            outcome: summary.outcome.word().to_owned(),
            exit_code: summary.exit().code(),
            error: None,
            frozen_us: u64::try_from(summary.effort.frozen.as_micros()).unwrap_or(u64::MAX),
            attempts: summary.effort.attempts,
            findings,
            module: summary.module.clone(),
            package_id: summary.package_id.clone(),
        }
    }
}

impl From<&Identity> for TargetFacts {
    fn from(identity: &Identity) -> Self {
        TargetFacts {
            pid: identity.pid,
            image: Some(cut(&identity.image)),
            created: Some(rfc3339(identity.created_ms())),
            module: None,
        }
    }
}

impl From<&Verified<Package>> for PackageFacts {
    fn from(package: &Verified<Package>) -> Self {
        PackageFacts {
            id: Some(package.manifest.patch.id.clone()),
            sequence: Some(package.manifest.patch.sequence),
            sha256: Some(package.sha256_hex()),
            signers: package.signers().iter().map(ToString::to_string).collect(),
        }
    }
}

impl Facts {
    /// An attempt of this command, about which nothing is known yet.
    pub fn new(command: &str) -> Self {
        Facts {
            command: command.to_owned(),
            ..Facts::default()
        }
    }

    /// On the process with this id, which was not opened.
    pub fn pid(mut self, pid: u32) -> Self {
        self.target = Some(TargetFacts {
            pid,
            ..TargetFacts::default()
        });
        self.with_module()
    }

    /// On this process.
    pub fn process(mut self, process: &Identity) -> Self {
        self.target = Some(process.into());
        self.with_module()
    }

    /// With this package.
    pub fn package(mut self, package: &Verified<Package>) -> Self {
        self.package = Some(package.into());
        self.module = Some(cut(&package.manifest.target.file_name));
        self.with_module()
    }

    fn with_module(mut self) -> Self {
        if let Some(target) = &mut self.target {
            target.module.clone_from(&self.module);
        }
        self
    }

    /// With a package file that nobody vouches for, of which only the bytes are certain.
    pub fn file(mut self, bytes: &[u8]) -> Self {
        self.package = Some(PackageFacts {
            sha256: Some(sha256(bytes)),
            ..PackageFacts::default()
        });
        self
    }

    /// With the patch that has this id.
    pub fn patch(mut self, id: Option<&str>) -> Self {
        if let Some(id) = id {
            self.package = Some(PackageFacts {
                id: Some(cut(id)),
                ..PackageFacts::default()
            });
        }
        self
    }
}
