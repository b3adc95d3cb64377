//! A frozen target.

use std::time::{Duration, Instant};

use crate::addr::Va;
use crate::apply::consent::Hold;
use crate::apply::fault;
use crate::apply::record;
use crate::apply::target::{Target, TargetError};

/// The frozen target; thaws when dropped.
#[derive(Debug)]
pub struct Frozen<'a, T: Target + ?Sized> {
    target: &'a T,
    record: Va,
    since: Instant,
    thawed: bool,
    /// Kept until it runs again: what was decided holds until then.
    _hold: Option<Hold>,
}

impl<'a, T: Target + ?Sized> Frozen<'a, T> {
    /// Freezes the target. The record says so before it happens, for whoever finds the
    /// target frozen after patcher and watchdog have died.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn new(target: &'a T, record: Va, hold: Option<Hold>) -> Result<Self, TargetError> {
        record::set_frozen(target, record, true)?;
        fault::point("freezing");
        let since = target.freeze()?;
        Ok(Frozen {
            target,
            record,
            since,
            thawed: false,
            _hold: hold,
        })
    }

    /// How long it has stood still until now.
    pub fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// Lets the target run, and says how long it stood still.
    ///
    /// # Errors
    /// Where the system refuses, such as when the process has ended.
    pub fn thaw(mut self) -> Result<Duration, TargetError> {
        // Where it fails, the drop of `self` tries once more, for others to find it running.
        self.target.thaw().or_else(|_| self.target.thaw())?;
        self.thawed = true;
        let frozen = self.since.elapsed();
        fault::point("let-go");
        // Whoever finds the note still there finds the threads running, too.
        let _ = record::set_frozen(self.target, self.record, false);
        Ok(frozen)
    }
}

impl<T: Target + ?Sized> Drop for Frozen<'_, T> {
    fn drop(&mut self) {
        // The note stays where it is true.
        if !self.thawed && self.target.thaw().is_ok() {
            let _ = record::set_frozen(self.target, self.record, false);
        }
    }
}
