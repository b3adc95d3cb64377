//! Who else can write to a folder that decides what gets into running programs: the trust
//! store, and the store of packages.
//!
//! On Unix: everything belongs to root or to the current user, and its group and others
//! can't write. A folder above the store may be writable to all if it is sticky, as `/tmp`
//! is: nobody can then rename or delete what isn't his. On Windows the owner and the access
//! control list say the same, see [`crate::process::acl`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder doesn't count, or can't be looked at.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Somebody else could change it.
    #[error("{} {reason}", path.display())]
    Writable {
        /// The folder or the file.
        path: PathBuf,
        /// Who, and how that is known.
        reason: String,
    },
    /// It can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn unreadable(path: &Path, source: io::Error) -> AccessError {
    AccessError::Read {
        path: path.to_owned(),
        source,
    }
}

/// The folder to which a path leads now, where nobody else can change it or lead the path
/// elsewhere; `None` where there is none.
pub(super) fn folder(named: &Path) -> Result<Option<PathBuf>, AccessError> {
    let folder = match fs::canonicalize(named) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => shown(result.map_err(|error| unreadable(named, error))?),
    };
    refuse_others_links(named)?;
    refuse_others_folder(&folder)?;
    Ok(Some(folder))
}

/// A path as people write it: without the prefix of Windows for what is taken as it is.
pub fn shown(path: PathBuf) -> PathBuf {
    let Some(text) = path.to_str().and_then(|text| text.strip_prefix(r"\\?\")) else {
        return path;
    };
    match text.strip_prefix(r"UNC\") {
        Some(share) => PathBuf::from(format!(r"\\{share}")),
        None if text.as_bytes().get(1) == Some(&b':') => PathBuf::from(text),
        None => path,
    }
}

/// Refuses the store's folder where somebody else can write to it, or to a folder above it.
pub(super) fn refuse_others_folder(folder: &Path) -> Result<(), AccessError> {
    let real = fs::canonicalize(folder).map_err(|error| unreadable(folder, error))?;
    check(&real, Place::Store)?;
    let above = real.ancestors().skip(1);
    above
        .into_iter()
        .try_for_each(|path| check(path, Place::Above))
}

/// Refuses a way to the store through a link that somebody else could lead elsewhere.
fn refuse_others_links(folder: &Path) -> Result<(), AccessError> {
    let whole = std::path::absolute(folder).map_err(|error| unreadable(folder, error))?;
    let is_link = |path: &&Path| fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
    for link in whole.ancestors().filter(is_link) {
        let Some(holder) = link.parent() else {
            continue;
        };
        let real = fs::canonicalize(holder).map_err(|error| unreadable(holder, error))?;
        check(&real, Place::Above)?;
    }
    Ok(())
}

/// Refuses a file of the folder where somebody else can write to it, and what is no file.
pub(super) fn refuse_others_file(path: &Path) -> Result<(), AccessError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| unreadable(path, error))?;
    if !metadata.is_file() {
        let error = io::Error::other("it is not a regular file");
        return Err(unreadable(path, error));
    }
    check(path, Place::Store)
}

/// Where something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The store's folder, or a file in it.
    Store,
    /// A folder above.
    Above,
}

#[cfg(unix)]
fn check(path: &Path, place: Place) -> Result<(), AccessError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let sticky = place == Place::Above && mode & 0o1000 != 0;
    let reason = if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        format!("belongs to another user (uid {owner})")
    } else if mode & 0o022 != 0 && !sticky {
        format!("can be written by its group or by others (mode {mode:#o})")
    } else {
        return Ok(());
    };
    Err(AccessError::Writable {
        path: path.to_owned(),
        reason,
    })
}

#[cfg(windows)]
fn check(path: &Path, place: Place) -> Result<(), AccessError> {
    use crate::process::acl;
    let found = match place {
        Place::Store => acl::who_else_can_change(path),
        Place::Above => acl::who_else_can_replace(path),
    };
    match found.map_err(|error| unreadable(path, error))? {
        None => Ok(()),
        Some(reason) => Err(AccessError::Writable {
            path: path.to_owned(),
            reason,
        }),
    }
}

/// Makes the folder of a store that isn't there, so that nobody else can write to it.
#[cfg(unix)]
pub(super) fn create(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(folder)
}

/// Makes the folder of a store that isn't there, so that nobody else can write to it.
#[cfg(windows)]
pub(super) fn create(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|p| !p.as_os_str().is_empty()) {
        create(above)?;
    }
    crate::process::acl::create_protected(folder)
}
