//! The target process as the rest of [`apply`](crate::apply) sees it.
//!
//! `process` implements [`Target`] for Windows; the unit tests implement it in memory.

use std::io;
use std::time::{Duration, Instant};

use crate::addr::Va;

/// Which process it is. A PID alone doesn't say: PIDs are reused at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// When the process was created, in units of 100 ns since 1601 (a `FILETIME`).
    pub created: u64,
    /// Path of the program's file.
    pub image: String,
}

impl Identity {
    /// When the process was created, in milliseconds since 1970.
    pub fn created_ms(&self) -> u64 {
        /// Milliseconds from 1601, where a `FILETIME` begins, to 1970.
        const FILETIME_EPOCH_MS: u64 = 11_644_473_600_000;
        (self.created / 10_000).saturating_sub(FILETIME_EPOCH_MS)
    }
}

/// A module loaded in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// File name without a folder.
    pub name: String,
    /// Path of the file that it was loaded from, as the process says. It is shown, and never
    /// opened: see [`Target::module_file`].
    pub path: String,
    /// Where it is.
    pub base: Va,
    /// `SizeOfImage` in bytes.
    pub size: u32,
}

impl Module {
    /// Whether it has this file name, as Windows compares names: in whatever case.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }
}

/// What a region of address space is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Nothing: it may be allocated.
    Free,
    /// Reserved without memory behind it.
    Reserved,
    /// Memory that belongs to this process alone.
    Private,
    /// Memory of an image or a mapped file.
    Mapped,
}

/// Adjacent pages with the same usage and protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Start of the page that was asked about; pages before it may be alike.
    pub base: Va,
    /// Length in bytes from there.
    pub size: u64,
    /// First byte of the allocation that it is a part of; `base` where it is free.
    pub allocation: Va,
    /// What it is used for.
    pub usage: Usage,
    /// Protection; [`Protection::NONE`] where there is no memory.
    pub protection: Protection,
}

impl Region {
    /// The first byte after the region, saturating at the end of the address space.
    pub fn end(&self) -> Va {
        Va(self.base.0.saturating_add(self.size))
    }
}

/// Page protection: a `PAGE_*` constant of Windows with its modifiers, so that what was
/// there before can be restored exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection(pub u32);

impl Protection {
    /// No access.
    pub const NONE: Protection = Protection(0x01);
    /// Constants.
    pub const READ: Protection = Protection(0x02);
    /// Variables.
    pub const READ_WRITE: Protection = Protection(0x04);
    /// Code.
    pub const EXECUTE_READ: Protection = Protection(0x20);

    /// `PAGE_TARGETS_NO_UPDATE`: pages that become executable again keep their list of
    /// addresses that may be called indirectly. Not a protection, and never read back.
    pub const KEEP_TARGETS: u32 = 0x4000_0000;

    /// The same protection, for pages of code that were executable before.
    pub fn keeping_targets(self) -> Protection {
        Protection(self.0 | Self::KEEP_TARGETS)
    }

    /// Whether code can run there.
    pub fn executable(self) -> bool {
        self.0 & 0xf0 != 0
    }

    /// Whether it can be written, copy on write included.
    pub fn writable(self) -> bool {
        self.0 & 0xcc != 0
    }
}

/// General-purpose registers of a stopped thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Instruction pointer.
    pub rip: u64,
    /// Stack pointer.
    pub rsp: u64,
    /// All other integer registers, `rax` to `r15` without `rsp`.
    pub integer: [u64; 15],
}

/// A stopped thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Thread id.
    pub id: u32,
    /// Its registers.
    pub registers: Registers,
    /// Lowest address of its stack that has memory (`NT_TIB.StackLimit`).
    pub stack_limit: Va,
    /// First address above its stack (`NT_TIB.StackBase`).
    pub stack_base: Va,
    /// Its environment block (`TEB`).
    pub block: Va,
    /// Whether it is a fiber, so that there may be stacks which belong to no thread now.
    pub fiber: bool,
}

/// What all threads of a stopped target were doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Census {
    /// Every thread stands still, and these are all.
    Complete(Vec<Thread>),
    /// This thread is not stopped, or can't be looked at: as when it is just being created or
    /// ending, or belongs to somebody else.
    Moving(u32),
}

/// Mitigations of the target that matter to a patch. `false` where the system can't say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mitigations {
    /// No new executable memory (arbitrary code guard).
    pub dynamic_code: bool,
    /// Only signed images are loaded (code integrity guard).
    pub signed_images: bool,
    /// Indirect calls are checked (control flow guard).
    pub control_flow_guard: bool,
    /// Return addresses are checked (CET user shadow stacks).
    pub shadow_stack: bool,
    /// Addresses at which threads continue after an exception are checked as well, code that
    /// belongs to no module included.
    pub continuations: bool,
}

/// Why an operation on the target failed.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// An operation on its memory failed.
    #[error("cannot {action} {size:#x} bytes at {at} in the target")]
    Memory {
        /// What was tried, such as `read`.
        action: &'static str,
        /// Where.
        at: Va,
        /// Number of bytes.
        size: u64,
        /// What the system said.
        source: io::Error,
    },
    /// Another operation failed.
    #[error("cannot {action}")]
    System {
        /// What was tried, such as `list the modules of the target`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Another `hotpatch` is at work on the same process.
    #[error("another hotpatch is working on process {0}")]
    Locked(u32),
    /// A call into the target was begun, and its end was not seen: what it runs and what it
    /// was given must stay where it is.
    #[error("a call into the target may still be under way")]
    MayStillRun(#[source] io::Error),
    /// What was written is not what is there.
    #[error("the target does not hold what was written at {at}")]
    NotWritten {
        /// The first address that differs.
        at: Va,
    },
}

/// Where the address space of programs begins: nothing is ever below.
pub const LOWEST: Va = Va(0x1_0000);

/// Above the address space of programs.
pub const HIGHEST: Va = Va(u64::MAX);

/// Files of modules with more bytes are not read.
pub const LARGEST_FILE: u64 = 1 << 30;

/// A process that can be patched. All addresses are in its address space.
pub trait Target {
    /// Keeps every other `hotpatch` from changing the same process while it lives.
    type Lock;

    /// Takes the lock; waits for it for a moment.
    ///
    /// # Errors
    /// [`TargetError::Locked`] where another `hotpatch` holds it.
    fn lock(&self) -> Result<Self::Lock, TargetError>;

    /// Which process it is.
    fn identity(&self) -> &Identity;

    /// Whether it is a native x64 process.
    ///
    /// # Errors
    /// Where the system can't say.
    fn is_x64(&self) -> Result<bool, TargetError>;

    /// Its mitigation policies.
    fn mitigations(&self) -> Mitigations;

    /// Its modules, in the order in which they were loaded.
    ///
    /// # Errors
    /// Where the list can't be read, such as in a process that is just starting.
    fn modules(&self) -> Result<Vec<Module>, TargetError>;

    /// Reads the file that a module is mapped from: which one the system says, not the process.
    ///
    /// # Errors
    /// Where it can't be read, is no regular file on a disk of this machine, or has more than
    /// `most` bytes.
    fn module_file(&self, module: &Module, most: u64) -> io::Result<Vec<u8>>;

    /// Fills `buffer` from `at`.
    ///
    /// # Errors
    /// Where any byte can't be read.
    fn read(&self, at: Va, buffer: &mut [u8]) -> Result<(), TargetError>;

    /// Writes `bytes` in one operation. Never changes a protection.
    ///
    /// # Errors
    /// Where any byte can't be written.
    fn write(&self, at: Va, bytes: &[u8]) -> Result<(), TargetError>;

    /// The region from the page of `at` on; `None` past the end of the address space.
    ///
    /// # Errors
    /// Where the system can't say.
    fn region(&self, at: Va) -> Result<Option<Region>, TargetError>;

    /// Allocates zeroed, readable and writable memory at exactly this address.
    ///
    /// # Errors
    /// Where the system doesn't give that address.
    fn allocate(&self, at: Va, size: u64) -> Result<(), TargetError>;

    /// A number that is another one each time, for where an allocation may be anywhere.
    fn anywhere(&self) -> u64;

    /// Frees an allocation.
    ///
    /// # Errors
    /// Where nothing is allocated there.
    fn free(&self, at: Va) -> Result<(), TargetError>;

    /// Changes the protection of pages.
    ///
    /// # Errors
    /// Where the system refuses.
    fn protect(&self, at: Va, size: u64, to: Protection) -> Result<(), TargetError>;

    /// Makes processors forget old instructions.
    ///
    /// # Errors
    /// Where the system refuses.
    fn flush_code(&self, at: Va, size: u64) -> Result<(), TargetError>;

    /// Runs a thread in the target at `entry` with `argument` in `rcx`, waits until it
    /// has ended, and returns its exit code. The target must not be frozen.
    ///
    /// # Errors
    /// Where the thread can't be started or doesn't end within `timeout`.
    fn call(&self, entry: Va, argument: Va, timeout: Duration) -> Result<u32, TargetError>;

    /// Makes sure that the target is repaired and thawed should this process die while
    /// the target is frozen, or hang so that it is for longer than `limit`; `record` tells how
    /// (see [`repair`](super::repair)).
    ///
    /// # Errors
    /// Where that can't be ensured. Then the target must not be frozen.
    fn arm(&self, record: Va, limit: Duration) -> Result<(), TargetError>;

    /// Ends what [`arm`](Self::arm) began.
    fn disarm(&self);

    /// Whether every thread that there was at `since` (milliseconds since 1970) is suspended,
    /// by whomever; `None` where nothing can tell. Threads that were created later are what
    /// other processes start in one that stands still.
    fn is_frozen(&self, since: u64) -> Option<bool>;

    /// Undoes a freeze that suspended every thread, for a patcher that died.
    ///
    /// # Errors
    /// Where the system refuses.
    fn resume(&self) -> Result<(), TargetError>;

    /// Stops every thread, and says when it began to. Whatever [`census`](Self::census) can
    /// do before that is done before. At most one freeze is in effect at any time.
    ///
    /// # Errors
    /// Where the system refuses. Then nothing is stopped.
    fn freeze(&self) -> Result<Instant, TargetError>;

    /// Undoes one [`freeze`](Self::freeze), and what [`let_go`](Self::let_go) could not. What
    /// fails here is done when this process ends.
    ///
    /// # Errors
    /// Where the system refuses, such as when the process has ended.
    fn thaw(&self) -> Result<(), TargetError>;

    /// Lets the frozen target stay so whoever dies, until [`let_go`](Self::let_go): for as long
    /// as pages of it can't run.
    ///
    /// # Errors
    /// Where the system refuses.
    fn hold(&self) -> Result<(), TargetError>;

    /// Undoes one [`hold`](Self::hold); the target stays frozen.
    ///
    /// # Errors
    /// Where the system refuses.
    fn let_go(&self) -> Result<(), TargetError>;

    /// What every thread of the frozen target is doing. Threads that die meanwhile, or
    /// that have not begun to run, are left out. Once `spent` says that the target has stood
    /// still for too long, the thread that is next counts as one that moves.
    ///
    /// # Errors
    /// Where a thread that is alive can't be looked at.
    fn census(&self, spent: &dyn Fn() -> bool) -> Result<Census, TargetError>;

    /// Reads `size` bytes from `at`. Takes no more memory than there is to be read: a length
    /// that the target itself says is not believed.
    ///
    /// # Errors
    /// Where any byte can't be read.
    fn read_vec(&self, at: Va, size: usize) -> Result<Vec<u8>, TargetError> {
        /// What is read first, in bytes; from then on as much again as was there.
        const FIRST: usize = 1 << 16;
        let mut buffer = Vec::new();
        while buffer.len() < size {
            let known = buffer.len();
            buffer.resize(size.min((2 * known).max(FIRST)), 0);
            let next = at.0.checked_add(known as u64);
            let next = next.ok_or_else(|| TargetError::System {
                action: "read",
                source: std::io::ErrorKind::InvalidInput.into(),
            })?;
            self.read(Va(next), &mut buffer[known..])?;
        }
        Ok(buffer)
    }

    /// Calls `each` with the regions between two addresses, by ascending address, until it
    /// returns `false`. The first begins at `from`, or at the start of its page.
    ///
    /// # Errors
    /// Where the regions can't be listed.
    fn each_region(
        &self,
        from: Va,
        to: Va,
        each: &mut dyn FnMut(Region) -> bool,
    ) -> Result<(), TargetError> {
        let mut at = from;
        while at < to {
            let Some(region) = self.region(at)? else {
                break;
            };
            let end = region.end();
            if !each(region) || end <= at {
                break;
            }
            at = end;
        }
        Ok(())
    }

    /// Writes `bytes` and reads them back.
    ///
    /// # Errors
    /// Where they can't be written, or where something else is there afterwards.
    fn write_verified(&self, at: Va, bytes: &[u8]) -> Result<(), TargetError> {
        self.write(at, bytes)?;
        let found = self.read_vec(at, bytes.len())?;
        match found.iter().zip(bytes).position(|(a, b)| a != b) {
            None => Ok(()),
            Some(i) => Err(TargetError::NotWritten {
                at: Va(at.0.wrapping_add(i as u64)),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Protection;

    #[test]
    fn protections_are_told_apart() {
        // PAGE_EXECUTE_READWRITE and PAGE_WRITECOPY are never asked for, but can be found.
        for (bits, executable, writable) in [
            (Protection::NONE.0, false, false),
            (Protection::READ.0, false, false),
            (Protection::READ_WRITE.0, false, true),
            (0x08, false, true),
            (0x10, true, false),
            (Protection::EXECUTE_READ.0, true, false),
            (0x40, true, true),
            (0x80, true, true),
            (0x4000_0020, true, false),
        ] {
            let p = Protection(bits);
            assert_eq!(
                (p.executable(), p.writable()),
                (executable, writable),
                "{bits:#x}"
            );
        }
    }
}
