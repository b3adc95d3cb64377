//! The state on disk: whole at any time, whatever else runs or however this process ends.
//!
//! Who changes it holds the lock of a file beside it. The new state is written to a file of
//! its own and flushed to the disk, takes the old one's place in one step, and the folder is
//! flushed where the system has that: after a power cut there is the old state or the new.

use std::path::Path;
use std::time::Duration;

use super::{POLICY_FILE, STATE_FILE, State, Store, TrustError, read_policy, read_state};
use crate::ops::access;
use crate::ops::lock::{self, Lock};
use crate::package::file::replace;

const LOCK_FILE: &str = "state.lock";

/// How long another process may keep the lock.
const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Changes the state on disk. What other processes wrote meanwhile is kept: the state
    /// is read again first.
    ///
    /// # Errors
    /// [`TrustError`] where the store can't be written or is locked for long.
    pub fn record(&mut self, change: impl FnOnce(&mut State)) -> Result<(), TrustError> {
        let lock = self.lock()?;
        self.state = read_state(&self.folder.join(STATE_FILE))?;
        change(&mut self.state);
        self.write_state(&lock)
    }

    /// Changes the state that was read under this lock.
    pub(super) fn change(
        mut self,
        lock: &Lock,
        change: impl FnOnce(&mut State),
    ) -> Result<(), TrustError> {
        change(&mut self.state);
        self.write_state(lock)
    }

    fn write_state(&self, _: &Lock) -> Result<(), TrustError> {
        let path = self.folder.join(STATE_FILE);
        let text = self.state.to_toml().map_err(|error| TrustError::Write {
            path: path.clone(),
            source: std::io::Error::other(error),
        })?;
        self.write(&path, text.as_bytes())
    }

    /// Takes the lock, and reads what others may have changed before.
    pub(super) fn lock_policy(&mut self) -> Result<Lock, TrustError> {
        let lock = self.lock()?;
        self.policy = read_policy(&self.folder.join(POLICY_FILE))?;
        Ok(lock)
    }

    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), TrustError> {
        replace(path, bytes).map_err(|source| TrustError::Write {
            path: path.to_owned(),
            source,
        })
    }

    fn lock(&self) -> Result<Lock, TrustError> {
        access::refuse_others_folder(&self.folder)?;
        let path = self.folder.join(LOCK_FILE);
        match lock::take(&path, PATIENCE) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(TrustError::Locked(self.folder.clone())),
            Err(source) => Err(TrustError::Write { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::moment::Moment;
    use crate::ops::trust::tests::{store, write};
    use crate::ops::trust::{Store, TrustError};

    #[test]
    fn nothing_that_another_process_wrote_is_lost() {
        let folder = store();
        let mut one = Store::load(folder.path()).unwrap();
        let mut two = Store::load(folder.path()).unwrap();
        one.record(|s| s.saw_package("a", 3)).unwrap();
        two.record(|s| s.saw_package("b", 4)).unwrap();
        two.record(|s| s.saw_package("a", 2)).unwrap();
        let read = Store::load(folder.path()).unwrap();
        assert_eq!(read.state, two.state);
        assert_eq!(
            (read.state.highest("a"), read.state.highest("b")),
            (Some(3), Some(4))
        );
    }

    #[test]
    fn many_writers_at_once() {
        let folder = store();
        std::thread::scope(|scope| {
            for n in 0..8u64 {
                let folder = folder.path();
                scope.spawn(move || {
                    let mut store = Store::load(folder).unwrap();
                    for i in 0..5 {
                        let now = Moment::from_seconds(n * 5 + i);
                        store.record(|s| s.saw_time(now)).unwrap();
                        store
                            .record(|s| s.saw_package(&format!("p{n}"), i))
                            .unwrap();
                    }
                });
            }
        });
        let read = Store::load(folder.path()).unwrap();
        assert_eq!(read.state.latest(), Some(Moment::from_seconds(39)));
        assert_eq!(read.state.sequences().count(), 8);
        let names = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["state.lock", "state.toml"], "something is left");
    }

    #[test]
    fn a_damaged_state_is_not_taken_for_none() {
        let folder = store();
        let path = folder.path().join("state.toml");
        for bad in ["", "format = 1\n[sequ", "\u{0}"] {
            write(&path, bad);
            let error = Store::load(folder.path()).unwrap_err();
            assert!(matches!(error, TrustError::State { .. }), "{error:?}");
        }
        write(&path, &"#".repeat(2 << 20));
        assert!(matches!(
            Store::load(folder.path()),
            Err(TrustError::Read { .. })
        ));
    }
}
