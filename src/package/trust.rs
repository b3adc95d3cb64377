//! The keys that this machine trusts: a folder with one public key per `*.pem` file.
//!
//! Who can write there decides what gets into running programs. On Unix a folder or a
//! file that its group or others can write is refused; on Windows the folder is
//! protected by its access control list, which is for the administrator to set.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{MAX_KEY_FILE, read_limited};
use super::keys::{KeyError, PublicKey};

/// The environment variable that names another folder.
pub const FOLDER_VARIABLE: &str = "HOTPATCH_TRUST";

/// Most keys that are read.
const MAX_KEYS: usize = 1000;

/// Why the trust store gives no keys.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// There is no folder.
    #[error("there is no trust store at {}", .0.display())]
    Missing(PathBuf),
    /// There is no key in the folder.
    #[error("there is no public key (*.pem) in the trust store {}", .0.display())]
    Empty(PathBuf),
    /// Others could add a key.
    #[error("{} can be written by its group or by others (mode {mode:#o})", path.display())]
    Writable {
        /// The folder or the file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Something can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file isn't a public key.
    #[error("{} is not a public key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// More keys than anybody has.
    #[error("there are more than {MAX_KEYS} keys in the trust store {}", .0.display())]
    TooMany(PathBuf),
}

/// The folder that is used where no other is named: `%ProgramData%\hotpatch\trust` on
/// Windows, `/etc/hotpatch/trust` elsewhere, or what [`FOLDER_VARIABLE`] says.
pub fn folder() -> PathBuf {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => default_folder(),
    }
}

#[cfg(windows)]
fn default_folder() -> PathBuf {
    let data = std::env::var_os("ProgramData").filter(|data| !data.is_empty());
    let data = data.map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from);
    data.join("hotpatch").join("trust")
}

#[cfg(not(windows))]
fn default_folder() -> PathBuf {
    PathBuf::from("/etc/hotpatch/trust")
}

/// The keys in a trust store, by file name. All files must be good: one that can't be
/// read may be the one with the key that somebody counts on.
///
/// # Errors
/// [`TrustError`], also where there is no key.
pub fn load(folder: &Path) -> Result<Vec<PublicKey>, TrustError> {
    let read_error = |path: &Path, source| TrustError::Read {
        path: path.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(TrustError::Missing(folder.to_owned()));
        }
        result => result.map_err(|error| read_error(folder, error))?,
    };
    refuse_writable(folder)?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| read_error(folder, error))?.path();
        if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("pem"))
        {
            paths.push(path);
        }
        if paths.len() > MAX_KEYS {
            return Err(TrustError::TooMany(folder.to_owned()));
        }
    }
    if paths.is_empty() {
        return Err(TrustError::Empty(folder.to_owned()));
    }
    paths.sort();
    paths.iter().map(|path| read_key(path)).collect()
}

fn read_key(path: &Path) -> Result<PublicKey, TrustError> {
    refuse_writable(path)?;
    let bytes = read_limited(path, MAX_KEY_FILE).map_err(|source| TrustError::Read {
        path: path.to_owned(),
        source,
    })?;
    PublicKey::from_pem(&String::from_utf8_lossy(&bytes)).map_err(|source| TrustError::Key {
        path: path.to_owned(),
        source,
    })
}

#[cfg(unix)]
fn refuse_writable(path: &Path) -> Result<(), TrustError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|source| TrustError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o7777;
    match mode & 0o022 {
        0 => Ok(()),
        _ => Err(TrustError::Writable {
            path: path.to_owned(),
            mode,
        }),
    }
}

#[cfg(not(unix))]
fn refuse_writable(_: &Path) -> Result<(), TrustError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::testing::key;

    fn store() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        #[cfg(unix)]
        set_mode(path, 0o644);
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn every_pem_file_is_a_key_and_other_files_are_not() {
        let store = store();
        write(&store.path().join("b.pem"), &key(2).public().to_pem());
        write(&store.path().join("a.PEM"), &key(1).public().to_pem());
        write(&store.path().join("README.txt"), "keys of the release team");
        let keys = load(store.path()).unwrap();
        assert_eq!(keys, [key(1).public(), key(2).public()]);
    }

    #[test]
    fn no_folder_and_no_key_are_errors() {
        let store = store();
        assert!(matches!(load(store.path()), Err(TrustError::Empty(_))));
        let none = store.path().join("none");
        assert!(matches!(load(&none), Err(TrustError::Missing(_))));
    }

    #[test]
    fn one_bad_file_spoils_the_store() {
        for bad in ["", "hello", &*key(3).to_pem(None).unwrap()] {
            let store = store();
            write(&store.path().join("a.pem"), &key(1).public().to_pem());
            write(&store.path().join("b.pem"), bad);
            let error = load(store.path()).unwrap_err();
            assert!(matches!(&error, TrustError::Key { path, .. } if path.ends_with("b.pem")));
        }
        let store = store();
        write(&store.path().join("a.pem"), &"x".repeat(MAX_KEY_FILE + 1));
        assert!(matches!(load(store.path()), Err(TrustError::Read { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn what_others_can_write_is_not_trusted() {
        for mode in [0o664, 0o646, 0o666] {
            let store = store();
            let path = store.path().join("a.pem");
            write(&path, &key(1).public().to_pem());
            assert!(load(store.path()).is_ok());
            set_mode(&path, mode);
            assert!(
                matches!(load(store.path()), Err(TrustError::Writable { mode: m, .. }) if m == mode)
            );
            set_mode(&path, 0o644);
            set_mode(store.path(), mode | 0o111);
            assert!(matches!(
                load(store.path()),
                Err(TrustError::Writable { .. })
            ));
        }
    }
}
