//! Appends records: one writer at a time, each line on the disk before anything else happens.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::checkpoint::Checkpoint;
use super::record::{Event, MAX_LINE, Place, Record, Recovered, SCHEMA, Who, sha256};
use super::tail::{self, Rest, Tail, TailError};
use super::{archive, place, who};
use crate::package::SigningKey;
use crate::report::time::rfc3339;

/// Longest wait for the other writers.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most characters of a torn line that are kept.
const TORN_TEXT: usize = 256;

/// A log, by its path.
#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
    who: Who,
    place: Place,
}

/// A record that was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its number.
    pub number: u64,
    /// SHA-256 of its line, line feed included, as hex.
    pub head: String,
}

/// Why a record can't be written.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file or its folder can't be used.
    #[error("cannot {action} the audit log {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The log doesn't end with a record.
    #[error("the audit log {} {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with its end.
        problem: String,
    },
    /// Others are writing all the time, or somebody keeps the lock.
    #[error("the audit log {} has been locked by another program for {} s", path.display(), PATIENCE.as_secs())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to sign or to archive.
    #[error("the audit log {} has no record yet", .0.display())]
    Empty(PathBuf),
    /// The record can't be a line.
    #[error("the record cannot be written: {0}")]
    Record(String),
}

impl AuditError {
    /// Whether what is in the file is wrong, and not only how it can be reached.
    pub fn is_damage(&self) -> bool {
        matches!(self, AuditError::Damaged { .. })
    }
}

/// A log that is locked, and whose end is known.
pub(super) struct Locked<'l> {
    log: &'l Log,
    file: File,
    tail: Tail,
    /// Unlocked when closed, also by the system.
    lock: File,
}

impl Log {
    /// The log at this path, written to by whoever runs this program.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let (who, place) = who::current();
        Log {
            path: path.into(),
            who,
            place,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a record; returns when it is on the disk.
    ///
    /// # Errors
    /// [`AuditError`]; then nothing was appended, or the beginning of a line that the next
    /// writer takes out.
    pub fn append(&self, event: Event) -> Result<Appended, AuditError> {
        self.lock()?.append(event)
    }

    /// Appends a record that signs the one before.
    ///
    /// # Errors
    /// As [`Log::append`]; [`AuditError::Empty`] where there is none before.
    pub fn checkpoint(&self, key: &SigningKey) -> Result<Checkpoint, AuditError> {
        let mut log = self.lock()?;
        log.recover()?;
        if log.tail.number == 0 {
            return Err(AuditError::Empty(self.path.clone()));
        }
        let checkpoint = Checkpoint::sign(log.tail.number, &log.tail.head, now(), key);
        log.append(Event::Checkpoint {
            checkpoint: checkpoint.clone(),
        })?;
        Ok(checkpoint)
    }

    /// Moves the log to another file, and begins a new one that names it.
    ///
    /// # Errors
    /// [`AuditError`], also where the other file exists or is in another folder.
    pub fn rotate(&self, archive: &Path) -> Result<Appended, AuditError> {
        archive::rotate(self, archive)
    }

    pub(super) fn failed(&self, action: &'static str) -> impl Fn(io::Error) -> AuditError {
        let path = self.path.clone();
        move |source| AuditError::File {
            action,
            path: path.clone(),
            source,
        }
    }

    pub(super) fn lock(&self) -> Result<Locked<'_>, AuditError> {
        let lock = self.take_lock()?;
        archive::finish(self).map_err(self.failed("open"))?;
        let new = !fs::exists(&self.path).map_err(self.failed("open"))?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = place::private(&mut options)
            .open(&self.path)
            .map_err(self.failed("open"))?;
        let what = file.metadata().map_err(self.failed("open"))?;
        if !what.is_file() {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
            return Err(self.failed("open")(source));
        }
        if new {
            place::sync_folder(&self.path);
        }
        let tail = tail::read(&mut file).map_err(|error| match error {
            TailError::Read(source) => self.failed("read")(source),
            TailError::Damaged(_) => AuditError::Damaged {
                path: self.path.clone(),
                problem: error.to_string(),
            },
        })?;
        Ok(Locked {
            log: self,
            file,
            tail,
            lock,
        })
    }

    /// The lock file stays: were it removed, two writers could lock two files.
    pub(super) fn take_lock(&self) -> Result<File, AuditError> {
        place::refuse_links(&self.path).map_err(self.failed("open"))?;
        if let Some(folder) = self.path.parent().filter(|f| !f.as_os_str().is_empty()) {
            place::create_folder(folder).map_err(self.failed("make the folder of"))?;
        }
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let lock = place::private(&mut options)
            .open(path)
            .map_err(self.failed("lock"))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(source)) => return Err(self.failed("lock")(source)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(AuditError::Locked {
                        path: self.path.clone(),
                    });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// The line of the record that follows `number` and `previous`.
    pub(super) fn line(
        &self,
        number: u64,
        previous: &str,
        event: Event,
    ) -> Result<Vec<u8>, AuditError> {
        let last = "no number follows that of the last one";
        let next = number.checked_add(1);
        let record = Record {
            schema: SCHEMA.to_owned(),
            number: next.ok_or_else(|| AuditError::Record(last.to_owned()))?,
            time: now(),
            previous: previous.to_owned(),
            who: self.who.clone(),
            place: self.place.clone(),
            event,
            seal: None,
        };
        let line = record
            .to_line()
            .map_err(|error| AuditError::Record(error.to_string()))?;
        match line.len() {
            ..=MAX_LINE => Ok(line),
            len => Err(AuditError::Record(format!("it would have {len} bytes"))),
        }
    }
}

impl Locked<'_> {
    fn append(&mut self, event: Event) -> Result<Appended, AuditError> {
        self.recover()?;
        self.write(event)
    }

    /// Takes out what a loss of power left of a line, and says so in a record.
    fn recover(&mut self) -> Result<(), AuditError> {
        let Rest::Torn(bytes) = &self.tail.rest else {
            return Ok(());
        };
        let text = String::from_utf8_lossy(bytes);
        let recovered = Recovered {
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
            text: text.chars().take(TORN_TEXT).collect(),
        };
        // On Windows what was opened to append can't be cut.
        OpenOptions::new()
            .write(true)
            .open(&self.log.path)
            .and_then(|file| file.set_len(self.tail.end))
            .map_err(self.log.failed("repair"))?;
        self.tail.rest = Rest::Nothing;
        self.write(Event::Recovered(recovered)).map(drop)
    }

    fn write(&mut self, event: Event) -> Result<Appended, AuditError> {
        let line = self.log.line(self.tail.number, &self.tail.head, event)?;
        let head = sha256(&line);
        let written = match self.tail.rest {
            Rest::LineFeed => [b"\n", line.as_slice()].concat(),
            _ => line,
        };
        self.file
            .write_all(&written)
            .and_then(|()| self.file.sync_data())
            .map_err(self.log.failed("write"))?;
        self.tail.number += 1;
        self.tail.head = head.clone();
        self.tail.rest = Rest::Nothing;
        self.tail.end = self.file.metadata().map_err(self.log.failed("read"))?.len();
        Ok(Appended {
            number: self.tail.number,
            head,
        })
    }

    /// The end of the log after everything is in order, and the lock.
    pub(super) fn settled(mut self) -> Result<(Tail, File), AuditError> {
        self.recover()?;
        if self.tail.rest == Rest::LineFeed {
            self.file
                .write_all(b"\n")
                .and_then(|()| self.file.sync_data())
                .map_err(self.log.failed("write"))?;
        }
        Ok((self.tail, self.lock))
    }
}

/// Now, as records say it.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    rfc3339(since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(0)))
}
