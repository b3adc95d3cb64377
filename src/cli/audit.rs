//! `hotpatch audit`.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::audit_arg::{AuditArgs, unwritable};
use super::key_arg::PassphraseArgs;
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::ops::audit::{self, Checkpoint, Event, Facts, Lines, Record, events};
use crate::package::PublicKey;
use crate::package::file::read_limited;
use crate::report::audit::{AuditRotateReport, AuditShowReport, AuditVerifyReport, ShownRecord};
use crate::report::out;

/// Largest checkpoint file in bytes.
const MAX_CHECKPOINT: usize = 64 << 10;

/// Look at the audit log, prove it, sign it
///
/// Every attempt to change a process is in the log, with who, when, what, and how it ended.
#[derive(Debug, Args)]
pub struct AuditCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Show(ShowArgs),
    Verify(VerifyArgs),
    Checkpoint(CheckpointArgs),
    Rotate(RotateArgs),
}

/// Show records of the audit log
#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    log: AuditArgs,
    /// How many records, the last ones; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
    /// Only those about the process with this id
    #[arg(long, value_name = "N")]
    pid: Option<u32>,
    /// Only those about the patch with this id
    #[arg(long, value_name = "ID")]
    package: Option<String>,
}

/// Prove that the audit log is as it was written
///
/// Ends with exit code 5 where a line was changed, removed, inserted, repeated or moved, or
/// where a checkpoint doesn't fit, and says where. Whether lines are missing at the end can
/// be known only from a checkpoint that was kept elsewhere.
#[derive(Debug, Args)]
struct VerifyArgs {
    #[command(flatten)]
    log: AuditArgs,
    /// A checkpoint that was kept elsewhere; may be given several times
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// Key that is trusted to sign checkpoints, public or private; may be given several times
    #[arg(long = "key", value_name = "KEY.pem")]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Sign the audit log as it is now
///
/// Appends a record with the signature, and writes it to a file with -o. Keep that file on
/// another machine: it proves that nothing before it was removed.
#[derive(Debug, Args)]
struct CheckpointArgs {
    #[command(flatten)]
    log: AuditArgs,
    /// Private key to sign with
    #[arg(long, value_name = "KEY.pem")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// File for the checkpoint, to be kept elsewhere
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Put the audit log aside and begin a new one
///
/// The first record of the new log names the old one and its hash, and the numbers go on.
/// Also the way out where the log is damaged.
#[derive(Debug, Args)]
struct RotateArgs {
    #[command(flatten)]
    log: AuditArgs,
    /// File to move the log to, on the same volume; must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl AuditCommand {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        match &self.what {
            What::Show(args) => args.run(global),
            What::Verify(args) => args.run(global),
            What::Checkpoint(args) => args.run(global),
            What::Rotate(args) => args.run(global),
        }
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    // A pipe would be waited for.
    let regular = || match std::fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(std::io::Error::other("it is not a regular file")),
    };
    let file = regular().with_context(|| format!("cannot read {}", path.display()));
    file.map(BufReader::new).map_err(|error| {
        Failure::from(error).hint("name the log with --audit-log FILE or $HOTPATCH_AUDIT")
    })
}

impl ShowArgs {
    fn run(&self, global: Global) -> Outcome {
        let path = self.log.path();
        let mut lines = Lines::new(open(&path)?);
        let mut records = VecDeque::new();
        let mut unreadable = 0;
        while let Some(line) = lines.next_line().with_context(|| named("read", &path))? {
            let record = match line.is_too_long() {
                true => None,
                false => Record::from_line(line.bytes).ok(),
            };
            let Some(record) = record else {
                unreadable += u64::from(line.complete);
                continue;
            };
            if !self.wants(&record.event) {
                continue;
            }
            if self.last > 0 && records.len() == self.last {
                records.pop_front();
            }
            records.push_back(ShownRecord {
                line: line.number,
                sha256: line.sha256,
                record,
            });
        }
        let report = AuditShowReport {
            schema: "hotpatch.audit-show/1",
            log: path.display().to_string(),
            records: records.into(),
            unreadable,
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    fn wants(&self, event: &Event) -> bool {
        let facts: Option<&Facts> = match event {
            Event::Started(facts) => Some(facts),
            Event::Ended(end) | Event::Refused(end) => Some(&end.facts),
            _ => None,
        };
        let target = facts.and_then(|f| f.target.as_ref());
        let package = facts.and_then(|f| f.package.as_ref());
        self.pid
            .is_none_or(|pid| target.is_some_and(|t| t.pid == pid))
            && self
                .package
                .as_ref()
                .is_none_or(|id| package.is_some_and(|p| p.id.as_ref() == Some(id)))
    }
}

impl VerifyArgs {
    fn run(&self, global: Global) -> Outcome {
        let keys = self.keys.iter().map(|p| self.passphrase.public_key(p));
        let keys: Vec<PublicKey> = keys.collect::<Result<_, _>>()?;
        let kept = self.checkpoints.iter().map(|p| read_checkpoint(p));
        let kept: Vec<Checkpoint> = kept.collect::<Result<_, _>>()?;
        let path = self.log.path();
        let verdict =
            audit::verify(open(&path)?, &keys, &kept).with_context(|| named("read", &path))?;
        let exit = match verdict.problem_count {
            0 => Exit::Done,
            _ => Exit::Untrusted,
        };
        let log = path.display().to_string();
        events::damaged(&log, &verdict);
        let report = AuditVerifyReport::new(log, &verdict, exit.code());
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(exit)
    }
}

impl CheckpointArgs {
    fn run(&self, global: Global) -> Outcome {
        let key = self.passphrase.signing_key(&self.key)?;
        // Refused before anything is signed, not after.
        let output = self
            .output
            .as_deref()
            .map(|path| (path, File::create_new(path)));
        let output = match output {
            None => None,
            Some((path, made)) => Some((path, made.with_context(|| named("make", path))?)),
        };
        let checkpoint = self.log.log().checkpoint(&key).map_err(|error| {
            if let Some((path, _)) = &output {
                let _ = std::fs::remove_file(path);
            }
            unwritable(error)
        })?;
        let document = out::json_text(&checkpoint)?;
        if let Some((path, mut file)) = output {
            use std::io::Write;
            file.write_all(document.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| named("write", path))?;
        }
        match global.format {
            Format::Text => out::print_text(&format!(
                "signed record {} of {}\n  sha256     {}\n  key id     {}\n",
                checkpoint.number,
                crate::report::sanitize::line(&self.log.path().display().to_string()),
                checkpoint.head,
                checkpoint.key_id
            ))?,
            Format::Json => out::print_text(&document)?,
        }
        Ok(Exit::Done)
    }
}

impl RotateArgs {
    fn run(&self, global: Global) -> Outcome {
        let log = self.log.log();
        let first = log.rotate(&self.to).map_err(unwritable)?;
        let report = AuditRotateReport {
            schema: "hotpatch.audit-rotate/1",
            log: log.path().display().to_string(),
            archive: self.to.display().to_string(),
            number: first.number,
            head: first.head,
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}

fn read_checkpoint(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = read_limited(path, MAX_CHECKPOINT).with_context(|| named("read", path))?;
    let checkpoint = serde_json::from_slice(&bytes);
    Ok(checkpoint.with_context(|| format!("{} is not a checkpoint", path.display()))?)
}

fn named(what: &str, path: &Path) -> String {
    format!("cannot {what} {}", path.display())
}
