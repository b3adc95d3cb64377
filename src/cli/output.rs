//! Files that a command writes: in one step, and never over what it reads.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, anyhow};

use super::Failure;
use crate::exit::Exit;
use crate::package::file::replace;

/// Writes a file, or all that was in it anew. `inputs` are the files that the command reads.
///
/// # Errors
/// Exit code 2 where it is one of the inputs, or a link to a file; 1 where it can't be written,
/// and then what was there is as it was.
pub fn write<'i>(
    path: &Path,
    bytes: &[u8],
    inputs: impl IntoIterator<Item = &'i Path>,
) -> Result<(), Failure> {
    refuse(path, inputs)?;
    let context = || format!("cannot write {}", path.display());
    let is_special = fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir());
    match is_special {
        // A pipe or a terminal.
        true => fs::write(path, bytes).with_context(context)?,
        false => replace(path, bytes).with_context(context)?,
    }
    Ok(())
}

/// Refuses to write over an input, or through a link.
///
/// # Errors
/// As [`write()`].
pub fn refuse<'i>(path: &Path, inputs: impl IntoIterator<Item = &'i Path>) -> Result<(), Failure> {
    let usage = |problem| Failure::new(Exit::Usage, anyhow!("{} {problem}", path.display()));
    let real = fs::canonicalize(path).ok();
    let mut inputs = inputs.into_iter();
    if real.is_some() && inputs.any(|input| fs::canonicalize(input).ok() == real) {
        let failure = usage("is one of the files that are read, and would be overwritten");
        return Err(failure.hint("name another file to write"));
    }
    let is_link = fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
    if is_link && real.is_some_and(|real| real.is_file()) {
        return Err(usage("is a link").hint("name the file that it leads to"));
    }
    Ok(())
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// Exit code 2 where something has that name; 1 where it can't be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let context = || format!("cannot write {}", path.display());
    let opened = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    let mut file = match opened {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return Err(exists(path)),
        opened => opened.with_context(context)?,
    };
    file.write_all(bytes).with_context(context)?;
    Ok(())
}

/// Refuses a name that something has already.
///
/// # Errors
/// Exit code 2 in that case.
pub fn refuse_existing(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(exists(path)),
        Err(_) => Ok(()),
    }
}

fn exists(path: &Path) -> Failure {
    let problem = anyhow!("{} exists already, and is not written over", path.display());
    Failure::new(Exit::Usage, problem).hint("name a file that is not there yet")
}
