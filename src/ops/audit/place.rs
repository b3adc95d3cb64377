//! Where the log is, and who may write there.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The environment variable that names another file.
pub const LOG_VARIABLE: &str = "HOTPATCH_AUDIT";

const FILE: &str = "audit.jsonl";

/// The log that is used where no other is named: what [`LOG_VARIABLE`] says, else
/// `hotpatch/audit.jsonl` in
///
/// * `%ProgramData%` for whoever runs elevated on Windows, `%LOCALAPPDATA%` for everybody
///   else there: who may not write the machine's log has one of their own;
/// * `$XDG_STATE_HOME`, else `~/.local/state`, elsewhere.
pub fn default_path() -> PathBuf {
    match variable(LOG_VARIABLE) {
        Some(path) => path,
        None => state_folder().join("hotpatch").join(FILE),
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name)?;
    (!value.is_empty()).then(|| value.into())
}

#[cfg(windows)]
fn state_folder() -> PathBuf {
    let machine = || variable("ProgramData").unwrap_or_else(|| PathBuf::from(r"C:\ProgramData"));
    match crate::process::user::is_elevated() {
        true => machine(),
        false => variable("LOCALAPPDATA").unwrap_or_else(machine),
    }
}

#[cfg(not(windows))]
fn state_folder() -> PathBuf {
    let home = || variable("HOME").unwrap_or_default();
    // The specification says that relative paths are to be ignored.
    variable("XDG_STATE_HOME")
        .filter(|p| p.is_absolute())
        .unwrap_or_else(|| home().join(".local").join("state"))
}

/// Makes the log's folder if it isn't there: on Windows one that administrators alone may
/// write, if one of them makes it; elsewhere one that belongs to the user alone.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let made = create_private(folder);
    match made {
        // Another writer was faster.
        Err(_) if folder.is_dir() => Ok(()),
        result => result,
    }
}

#[cfg(windows)]
fn create_private(folder: &Path) -> io::Result<()> {
    match crate::process::user::is_elevated() {
        true => crate::process::folder::create_for_administrators(folder),
        false => fs::create_dir(folder),
    }
}

#[cfg(unix)]
fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

/// Refuses a log that has another name as well: whoever writes there takes another lock.
pub fn refuse_links(log: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    #[cfg(unix)]
    let names = std::os::unix::fs::MetadataExt::nlink(&found);
    #[cfg(not(unix))]
    let names = 1;
    let problem = if found.is_symlink() {
        "it is a link; name the file that it leads to"
    } else if found.is_file() && names > 1 {
        "it has several names (hard links)"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

/// Files that are made belong to the user alone; on Windows the folder decides.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Puts a name that is new in a folder on the disk, where the system can be asked to.
pub fn sync_folder(file: &Path) {
    #[cfg(unix)]
    {
        let folder = file.parent().filter(|f| !f.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = file;
}
