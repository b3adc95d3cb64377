//! Reading files whose size somebody else decides.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Largest key file in bytes.
pub const MAX_KEY_FILE: usize = 64 << 10;

/// The bytes of a file that has at most `max` of them.
///
/// # Errors
/// Where the file can't be read; [`ErrorKind::FileTooLarge`] where it is larger.
pub fn read_limited(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let too_large = || {
        let text = format!("the file has more than {max:#x} bytes");
        io::Error::new(ErrorKind::FileTooLarge, text)
    };
    if size > max as u64 {
        return Err(too_large());
    }
    // One byte of room more than expected: reading to the end then moves no secrets about.
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(max as u64 + 1).read_to_end(&mut bytes)?;
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
    }
}
