//! Files with lists of withdrawn packages on the command line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;

use super::Failure;
use crate::exit::Exit;
use crate::ops::withdrawal::{MAX_FILE, SignedList, SignedListError, is_list};
use crate::package::file::{HEAD, read_limited};

/// Whether a file begins as a list does, and not as a package.
pub fn begins_as_list(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && is_list(&head)
}

/// A list, each signature of which is valid, by whatever key.
///
/// # Errors
/// Exit code 1 where it can't be read, 5 where it is no list or was changed.
pub fn read(path: &Path) -> Result<SignedList, Failure> {
    let context = || format!("cannot read the list {}", path.display());
    let bytes = read_limited(path, MAX_FILE).with_context(context)?;
    SignedList::parse(&bytes).map_err(|error| damaged(path, error))
}

/// The failure that a list means which is none.
pub fn damaged(path: &Path, error: SignedListError) -> Failure {
    let context = format!("{} is refused", path.display());
    let error = anyhow::Error::new(error).context(context);
    Failure::new(Exit::Untrusted, error)
        .hint("fetch the list again; a list is changed only by `hotpatch withdraw write`")
}
