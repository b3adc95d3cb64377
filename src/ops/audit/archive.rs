//! Moves a log away and goes on in a new file, whose first record names the old one.
//!
//! The new file is whole and on the disk before the old one is renamed; should the program
//! die between the two renamings, [`finish`] does the second.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::append::{Appended, AuditError, Log};
use super::place;
use super::record::{Continued, Event, cut, sha256};
use super::tail::NOTHING;

/// See [`Log::rotate`].
pub fn rotate(log: &Log, archive: &Path) -> Result<Appended, AuditError> {
    let (number, head, intact, _lock) = match log.lock().and_then(|locked| locked.settled()) {
        Ok((tail, _)) if tail.number == 0 => {
            return Err(AuditError::Empty(log.path().to_owned()));
        }
        Ok((tail, lock)) => (tail.number, tail.head, true, lock),
        Err(error) if error.is_damage() => (0, NOTHING.to_owned(), false, log.take_lock()?),
        Err(error) => return Err(error),
    };
    let (bytes, sha256_of_file) = digest(log.path()).map_err(log.failed("read"))?;
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    let continued = Continued {
        file: cut(&name),
        bytes,
        sha256: sha256_of_file,
        intact,
    };
    let line = log.line(number, &head, Event::Continued(continued))?;
    let new = new_path(log);
    let place = Place::take(archive).map_err(log.failed("archive"))?;
    write(&new, &line).map_err(log.failed("begin anew"))?;
    if let Err(error) = fs::rename(log.path(), archive) {
        let _ = fs::remove_file(&new);
        return Err(log.failed("archive")(error));
    }
    place.use_up();
    fs::rename(&new, log.path()).map_err(log.failed("begin anew"))?;
    place::sync_folder(log.path());
    Ok(Appended {
        number: number + 1,
        head: sha256(&line),
    })
}

/// A name that this program has made, so that renaming to it replaces nothing of anybody else.
struct Place<'p>(Option<&'p Path>);

impl<'p> Place<'p> {
    fn take(path: &'p Path) -> io::Result<Self> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        match place::private(&mut options).open(path) {
            Ok(_) => Ok(Place(Some(path))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let text = format!("{} exists already", path.display());
                Err(io::Error::new(io::ErrorKind::AlreadyExists, text))
            }
            Err(error) => Err(error),
        }
    }

    /// What was to be there is there.
    fn use_up(mut self) {
        self.0 = None;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// Finishes what a killed program left of [`rotate`]; the log is locked.
pub fn finish(log: &Log) -> io::Result<()> {
    let new = new_path(log);
    if !fs::exists(log.path())? && fs::exists(&new)? {
        fs::rename(new, log.path())?;
        place::sync_folder(log.path());
    }
    Ok(())
}

fn new_path(log: &Log) -> PathBuf {
    let mut path = log.path().to_owned().into_os_string();
    path.push(".new");
    path.into()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut file = place::private(&mut options).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Size and SHA-256 of a file.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut reader = BufReader::new(File::open(path)?);
    let mut bytes = 0;
    loop {
        let part = reader.fill_buf()?;
        let len = part.len();
        if len == 0 {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(part);
        bytes += len as u64;
        reader.consume(len);
    }
}
