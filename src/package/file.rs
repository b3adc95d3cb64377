//! Reading files whose size somebody else decides, and replacing files in one step.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Number of first bytes that tell what a file is.
pub const HEAD: u64 = 32;

/// Largest key file in bytes.
pub const MAX_KEY_FILE: usize = 64 << 10;

/// The bytes of a file that has at most `max` of them.
///
/// # Errors
/// Where the file can't be read; [`ErrorKind::FileTooLarge`] where it is larger.
pub fn read_limited(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    read_recognised(path, max, |_| Ok(()))
}

/// The same, where the first bytes (at most [`HEAD`]) say what the file is: `recognise` is
/// asked about them before the rest is read, which may be much.
///
/// # Errors
/// As [`read_limited`]; [`ErrorKind::InvalidData`] with what `recognise` answers.
pub fn read_recognised(
    path: &Path,
    max: usize,
    recognise: impl FnOnce(&[u8]) -> Result<(), String>,
) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let too_large = || {
        let text = format!("the file has more than {max:#x} bytes");
        io::Error::new(ErrorKind::FileTooLarge, text)
    };
    if size > max as u64 {
        return Err(too_large());
    }
    // One byte of room more than expected: reading to the end then moves no secrets about.
    let mut bytes = Vec::with_capacity((size as usize + 1).min(HEAD as usize + 1));
    (&mut file).take(HEAD).read_to_end(&mut bytes)?;
    recognise(&bytes).map_err(|reason| io::Error::new(ErrorKind::InvalidData, reason))?;
    bytes.reserve_exact((size as usize + 1).saturating_sub(bytes.len()));
    file.take((max as u64 + 1).saturating_sub(HEAD))
        .read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Puts a file in the place of another one, or where there is none, in one step: whoever
/// reads it, and whenever power fails, finds all of the old one or all of the new one. The
/// old one's permissions are kept on Unix.
///
/// # Errors
/// Where that isn't possible; the old file is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = temporary(path)?;
    let mode = File::open(path).and_then(|file| file.metadata()).ok();
    let written = write_flushed(&beside, bytes, mode.map(|m| m.permissions()))
        .and_then(|()| rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written?;
    flush_folder(path)
}

/// A name beside a file that nothing has.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name();
    let name = name.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "no file name"))?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.tmp", hex::encode(random)));
    Ok(path.with_file_name(beside))
}

fn write_flushed(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let mut file = options.open(path)?;
    match permissions {
        Some(permissions) if cfg!(unix) => file.set_permissions(permissions)?,
        _ => {}
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// On Windows somebody (a virus scanner, a reader) may have a file open for a moment.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..50 {
        match std::fs::rename(from, to) {
            Err(e) if cfg!(windows) && e.kind() == ErrorKind::PermissionDenied => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            result => return result,
        }
    }
    std::fs::rename(from, to)
}

/// Makes sure that the new name of a file survives a loss of power. Windows writes names to
/// its journal by itself.
fn flush_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let taken = folder.path().join("folder");
        std::fs::create_dir_all(taken.join("x")).unwrap();
        assert!(replace(&taken, b"three").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "one").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        replace(&path, b"two").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_limit_is_exact() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [0; 16]).unwrap();
        assert_eq!(read_limited(&path, 16).unwrap().len(), 16);
        let error = read_limited(&path, 15).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        std::fs::write(&path, [7; 80]).unwrap();
        assert_eq!(read_limited(&path, 80).unwrap(), [7; 80]);
        assert!(read_limited(&path, 79).is_err());
    }

    #[test]
    fn what_is_not_recognised_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // Sparse where the file system can do that.
        file.as_file().set_len(1 << 40).unwrap();
        let read = read_recognised(file.path(), usize::MAX >> 8, |head| {
            assert_eq!(head, [0; HEAD as usize]);
            Err("zeros".to_owned())
        });
        assert_eq!(read.unwrap_err().to_string(), "zeros");
    }
}
