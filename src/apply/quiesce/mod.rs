//! Brings the target to a moment in which no thread is inside given code.
//!
//! Freeze, look at every thread, and if one is in the way thaw, wait and try again until
//! the time for that is over, which begins with the first attempt. Whether a thread is in the way is decided by a [`StackCheck`].
//!
//! In a .NET process, code that was compiled at run time belongs to no module, and only the
//! runtime can unwind it (it answers through a callback inside of the process, which stands
//! still). No frame of native code is missed for that: the return address of one is a word of
//! the stack, whoever it calls. But a walk ends at the first such frame, so above native code
//! every word counts, left-over ones included: more attempts are needed, and a thread of the
//! runtime that waits with such a word on its stack is in the way until it moves on. Reports
//! tell that ([`Seen::UnwalkedStack`]) from a thread that certainly returns there.

pub mod code;
mod frames;
mod frozen;
pub mod unwind;
mod words;
mod zones;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::consent::Question;
use super::fault;
use super::target::{Census, Target, TargetError, Thread};
use crate::addr::Va;
use crate::package::Denial;
pub use frames::FrameCheck;
pub use frozen::Frozen;
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
    /// The thread returns into it.
    Stack,
    /// A word of the stack or a register is its address, so that it may go on to be called.
    Address,
    /// A word points into it that is on a part of the stack which can't be walked, as above
    /// code that was compiled at run time: it may be a return address, or left over.
    UnwalkedStack,
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
    /// How long to try, from the first attempt. At least one is made.
    pub timeout: Duration,
    /// How long one attempt may freeze the target; [`LONGEST_FREEZE`] where nobody says.
    pub max_freeze: Option<Duration>,
    /// Set when the user wants to stop.
    pub interrupted: &'a AtomicBool,
    /// What is asked before each attempt.
    pub question: Option<Question<'a>>,
}

/// How long the target may stand still, unless somebody says something else. A freeze takes
/// milliseconds; on a machine that is much too busy it may take longer.
pub const LONGEST_FREEZE: Duration = Duration::from_secs(10);

/// What undoing an attempt that has taken too long may take.
const GRACE: Duration = Duration::from_secs(2);

/// How long memory that was kept is asked for; nothing waits for it.
const ONCE_MORE: Duration = Duration::from_millis(100);

impl Patience<'_> {
    /// The same, for no longer than this.
    pub fn at_most(&self, longest: Duration) -> Self {
        Patience {
            timeout: self.timeout.min(longest),
            ..*self
        }
    }

    /// The same for what nothing waits for.
    pub fn once_more(&self) -> Self {
        self.at_most(ONCE_MORE).unasked()
    }

    /// The same for what nobody has to allow.
    pub fn unasked(&self) -> Self {
        Patience {
            question: None,
            ..*self
        }
    }

    /// Whether the target has stood still for longer than it may.
    pub fn is_spent(&self, frozen: Duration) -> bool {
        frozen > self.longest_freeze()
    }

    fn longest_freeze(&self) -> Duration {
        self.max_freeze.unwrap_or(LONGEST_FREEZE)
    }

    /// After how long a freeze is one that this process will not end any more, because it
    /// hangs.
    pub fn limit(&self) -> Duration {
        self.longest_freeze().saturating_add(GRACE)
    }

    /// Whether the user wants to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// What it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Number of freezes.
    pub attempts: u32,
    /// How long the target stood still in the last one.
    pub frozen: Duration,
    /// The threads that were looked at in the last one.
    pub seen: Vec<Thread>,
}

/// Why there was no such moment.
#[derive(Debug)]
pub enum Unquiet {
    /// Some thread was always in the way; these were in the last attempt.
    Busy(Vec<Blocker>),
    /// Looking at all threads took longer than the target may stand still.
    TooLong,
    /// The user wants to stop.
    Interrupted,
    /// The code may not run.
    Denied(Denial),
    /// This thread is a fiber: there may be stacks that can't be found.
    Fibers(u32),
    /// The target can't be frozen or looked at.
    Failed(TargetError),
}

impl From<TargetError> for Unquiet {
    fn from(error: TargetError) -> Self {
        Unquiet::Failed(error)
    }
}

/// First wait between two attempts; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(32);

/// Freezes the target at a moment in which no thread is inside the zones. The target must
/// be armed with `record`.
///
/// # Errors
/// [`Unquiet`]; the target then runs.
pub fn quiesce<'a, T: Target + ?Sized>(
    target: &'a T,
    record: Va,
    zones: &Zones,
    check: &dyn StackCheck<T>,
    patience: &Patience<'_>,
    effort: &mut Effort,
) -> Result<Frozen<'a, T>, Unquiet> {
    let mut wait = FIRST_WAIT;
    let deadline = Instant::now() + patience.timeout;
    loop {
        if patience.is_interrupted() {
            return Err(Unquiet::Interrupted);
        }
        // Before the target stands still: it may have a part in what is read then.
        let asked = patience.question.map(|question| question.ask());
        let hold = asked.transpose().map_err(Unquiet::Denied)?;
        effort.attempts += 1;
        let frozen = Frozen::new(target, record, hold)?;
        fault::point("frozen");
        let spent = || patience.is_spent(frozen.elapsed());
        let reason = match look(target, zones, check, &spent, effort)? {
            _ if spent() => Unquiet::TooLong,
            Sight::Clear => return Ok(frozen),
            Sight::Fiber(thread) => return Err(Unquiet::Fibers(thread)),
            Sight::Blocked(blockers) => Unquiet::Busy(blockers),
            Sight::Moving(thread) => Unquiet::Busy(vec![Blocker {
                thread,
                function: String::from("(a thread that does not stand still)"),
                seen: Seen::UnknownStack,
            }]),
        };
        effort.frozen = frozen.thaw()?;
        if Instant::now() >= deadline {
            return Err(reason);
        }
        // The target should run most of the time, however long a freeze takes.
        let rest = wait.max(effort.frozen * 2);
        let left = deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(rest.min(left));
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// What a look at all threads shows.
enum Sight {
    /// No thread is inside the zones.
    Clear,
    /// These are.
    Blocked(Vec<Blocker>),
    /// This thread was not stopped.
    Moving(u32),
    /// This thread is a fiber.
    Fiber(u32),
}

fn look<T: Target + ?Sized>(
    target: &T,
    zones: &Zones,
    check: &dyn StackCheck<T>,
    spent: &dyn Fn() -> bool,
    effort: &mut Effort,
) -> Result<Sight, TargetError> {
    effort.seen = match target.census(spent)? {
        Census::Complete(threads) => threads,
        Census::Moving(thread) => return Ok(Sight::Moving(thread)),
    };
    let threads = &effort.seen;
    if let Some(thread) = threads.iter().find(|t| t.fiber) {
        return Ok(Sight::Fiber(thread.id));
    }
    let mut blockers = Vec::new();
    for thread in threads.iter().take_while(|_| !spent()) {
        blockers.extend(check.check(target, thread, zones)?);
    }
    blockers.sort();
    blockers.dedup_by(|a, b| a.thread == b.thread && a.function == b.function);
    Ok(match blockers.is_empty() {
        true => Sight::Clear,
        false => Sight::Blocked(blockers),
    })
}
