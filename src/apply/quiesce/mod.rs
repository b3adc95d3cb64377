//! Brings the target to a moment in which no thread is inside given code.
//!
//! Freeze, look at every thread, and if one is in the way thaw, wait and try again until
//! the deadline. Whether a thread is in the way is decided by a [`StackCheck`].

mod words;
mod zones;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::fault;
use super::target::{Census, Target, TargetError, Thread};
pub use words::WordScan;
pub use zones::{Zone, Zones};

/// A thread that is in the way, and the function that it is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blocker {
    /// Thread id.
    pub thread: u32,
    /// Name of the function.
    pub function: String,
    /// Where it was seen.
    pub seen: Seen,
}

/// Where a sign of a function was seen in a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// The thread is about to execute it.
    InstructionPointer,
    /// A register points into it.
    Register,
    /// A word of the live stack points into it.
    Stack,
    /// The thread's stack can't be read or isn't where the system says, so nothing is known.
    UnknownStack,
}

/// Decides whether a stopped thread is inside any of some functions.
pub trait StackCheck<T: Target + ?Sized> {
    /// What of the zones the thread may be inside of. Empty means proven clear.
    ///
    /// # Errors
    /// Where the target can't be read any more.
    fn check(
        &self,
        target: &T,
        thread: &Thread,
        zones: &Zones,
    ) -> Result<Vec<Blocker>, TargetError>;
}

/// How long to try, and what ends it early.
#[derive(Clone, Copy, Debug)]
pub struct Patience<'a> {
    /// When to give up. At least one attempt is made.
    pub deadline: Instant,
    /// Set when the user wants to stop.
    pub interrupted: &'a AtomicBool,
}

impl Patience<'_> {
    /// Whether the user wants to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// What it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Number of freezes.
    pub attempts: u32,
    /// Threads that were looked at in the last one.
    pub threads: usize,
    /// How long the target stood still in the last one.
    pub frozen: Duration,
}

/// Why there was no such moment.
#[derive(Debug)]
pub enum Unquiet {
    /// Some thread was always in the way; these were in the last attempt.
    Busy(Vec<Blocker>),
    /// The user wants to stop.
    Interrupted,
    /// The target can't be frozen or looked at.
    Failed(TargetError),
}

impl From<TargetError> for Unquiet {
    fn from(error: TargetError) -> Self {
        Unquiet::Failed(error)
    }
}

/// The frozen target; thaws when dropped.
#[derive(Debug)]
pub struct Frozen<'a, T: Target + ?Sized> {
    target: &'a T,
    since: Instant,
    thawed: bool,
}

impl<'a, T: Target + ?Sized> Frozen<'a, T> {
    /// Freezes the target.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn new(target: &'a T) -> Result<Self, TargetError> {
        let since = Instant::now();
        target.freeze()?;
        Ok(Frozen {
            target,
            since,
            thawed: false,
        })
    }

    /// Lets the target run, and says how long it stood still.
    ///
    /// # Errors
    /// Where the system refuses, such as when the process has ended.
    pub fn thaw(mut self) -> Result<Duration, TargetError> {
        self.thawed = true;
        self.target.thaw()?;
        Ok(self.since.elapsed())
    }
}

impl<T: Target + ?Sized> Drop for Frozen<'_, T> {
    fn drop(&mut self) {
        if !self.thawed {
            let _ = self.target.thaw();
        }
    }
}

/// First wait between two attempts; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(32);

/// Freezes the target at a moment in which no thread is inside the zones.
///
/// # Errors
/// [`Unquiet`]; the target then runs.
pub fn quiesce<'a, T: Target + ?Sized>(
    target: &'a T,
    zones: &Zones,
    check: &dyn StackCheck<T>,
    patience: &Patience<'_>,
    effort: &mut Effort,
) -> Result<Frozen<'a, T>, Unquiet> {
    let mut wait = FIRST_WAIT;
    loop {
        if patience.is_interrupted() {
            return Err(Unquiet::Interrupted);
        }
        effort.attempts += 1;
        let frozen = Frozen::new(target)?;
        fault::point("frozen");
        let look = look(target, zones, check, effort);
        let blockers = match look {
            Ok(Some(blockers)) if blockers.is_empty() => return Ok(frozen),
            Ok(blockers) => blockers.unwrap_or_default(),
            Err(error) => {
                let _ = frozen.thaw();
                return Err(error.into());
            }
        };
        effort.frozen = frozen.thaw()?;
        if Instant::now() >= patience.deadline {
            return Err(Unquiet::Busy(blockers));
        }
        // The target should run most of the time, however long a freeze takes.
        let rest = wait.max(effort.frozen * 4);
        let left = patience.deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(rest.min(left));
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// `None` where a thread was not stopped.
fn look<T: Target + ?Sized>(
    target: &T,
    zones: &Zones,
    check: &dyn StackCheck<T>,
    effort: &mut Effort,
) -> Result<Option<Vec<Blocker>>, TargetError> {
    let Census::Complete(threads) = target.census()? else {
        return Ok(None);
    };
    effort.threads = threads.len();
    let mut blockers = Vec::new();
    for thread in &threads {
        blockers.extend(check.check(target, thread, zones)?);
    }
    blockers.sort();
    blockers.dedup_by(|a, b| a.thread == b.thread && a.function == b.function);
    Ok(Some(blockers))
}
