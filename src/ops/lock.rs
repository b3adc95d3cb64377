//! The right to change files: held by one process at a time, and given back when it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// The right to change what a lock file stands for; gone when dropped, or when the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing it gives the lock back")] File);

/// Takes the lock of a file, which is made where there is none and stays: were it removed, two
/// processes could lock two files. `None` where another process kept it for all of `patience`.
///
/// # Errors
/// Where the file can't be opened or locked.
pub fn take(path: &Path, patience: Duration) -> io::Result<Option<Lock>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // Who can open it can lock it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Lock(file))),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
        }
    }
}
