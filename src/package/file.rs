//! Reading files whose size somebody else decides.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

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

#[cfg(test)]
mod tests {
    use super::*;

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
