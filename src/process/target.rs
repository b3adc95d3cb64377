//! A process of Windows as a [`Target`].

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::time::{Duration, Instant};

use windows_sys::Win32::System::SystemInformation::{
    IMAGE_FILE_MACHINE_AMD64, IMAGE_FILE_MACHINE_UNKNOWN,
};
use windows_sys::Win32::System::Threading::IsWow64Process2;

use super::freeze::{self, Freezer};
use super::lock::{Lock, Role};
use super::open::{self, Access, OpenError};
use super::start;
use super::watchdog::{Phase, Watchdog};
use super::{call, memory, mitigations, module_file, modules, privilege, threads};
use crate::addr::Va;
use crate::apply::target::{
    Census, Identity, Mitigations, Module, Protection, Region, Target, TargetError,
};

/// Longest wait for another `hotpatch`, or for the watchdog of one that died.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// An open process.
#[derive(Debug)]
pub struct Process {
    handle: OwnedHandle,
    identity: Identity,
    freezer: Freezer,
    /// Whether every thread may be opened, whoever has started it.
    sees_all: bool,
    watchdog: RefCell<Option<Watchdog>>,
    /// How often its threads' suspend counts were raised beside the freeze: see
    /// [`Target::hold`].
    held: Cell<u32>,
    /// The threads, since the last freeze.
    roll: RefCell<threads::Roll>,
}

impl Process {
    /// Opens a process.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(pid: u32, access: Access) -> Result<Self, OpenError> {
        let (handle, identity) = open::open(pid, access)?;
        let freezer = match access {
            Access::Look => Freezer::SuspendCount,
            Access::Change => Freezer::new(&handle, pid),
        };
        // An administrator holds the privilege, and who patches a process may need it for
        // single threads of it.
        let sees_all = access == Access::Change && privilege::enable_debug();
        Ok(Process {
            handle,
            identity,
            freezer,
            sees_all,
            watchdog: RefCell::new(None),
            held: Cell::new(0),
            roll: RefCell::default(),
        })
    }

    /// A process that was opened by somebody else.
    pub(super) fn adopt(handle: OwnedHandle, pid: u32, freezer: Freezer) -> io::Result<Self> {
        Ok(Process {
            identity: open::identify(&handle, pid)?,
            handle,
            freezer,
            sees_all: false,
            watchdog: RefCell::new(None),
            held: Cell::new(0),
            roll: RefCell::default(),
        })
    }

    /// Has the libraries of a process loaded that has been started and has not run yet. Their
    /// code runs.
    ///
    /// # Errors
    /// Where they can't be loaded.
    pub fn load_libraries(&self) -> Result<(), TargetError> {
        start::load_libraries(&self.handle)
    }

    /// Whether the process has ended.
    pub fn has_ended(&self) -> bool {
        open::has_ended(&self.handle)
    }

    /// What the process ended with; `None` while it runs.
    pub fn exit_code(&self) -> Option<u32> {
        open::exit_code(&self.handle)
    }

    /// Whether a freeze leaves no trace in the threads, and ends with whoever made it.
    pub(super) fn freezes_by_object(&self) -> bool {
        !self.freezer.counts()
    }

    fn phase(&self, phase: Phase) {
        if let Some(watchdog) = &*self.watchdog.borrow() {
            watchdog.set_phase(phase);
        }
    }
}

impl Target for Process {
    type Lock = Lock;

    fn lock(&self) -> Result<Lock, TargetError> {
        let lock = Lock::take(&self.identity, Role::Patcher, LOCK_WAIT)?;
        // Somebody may have died a moment ago: let the repair end before looking. The
        // watchdog of an earlier operation of this very process keeps nobody waiting.
        if self.watchdog.borrow().is_none() {
            drop(Lock::take(&self.identity, Role::Watchdog, LOCK_WAIT)?);
        }
        Ok(lock)
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn is_x64(&self) -> Result<bool, TargetError> {
        let (mut process, mut native) = (0, 0);
        // SAFETY: the handle is open, both numbers outlive the call.
        let ok =
            unsafe { IsWow64Process2(self.handle.as_raw_handle(), &mut process, &mut native) } != 0;
        if !ok {
            return Err(TargetError::System {
                action: "ask for the target's architecture",
                source: io::Error::last_os_error(),
            });
        }
        // "Unknown" means that the process isn't emulated.
        Ok(process == IMAGE_FILE_MACHINE_UNKNOWN && native == IMAGE_FILE_MACHINE_AMD64)
    }

    fn mitigations(&self) -> Mitigations {
        mitigations::mitigations(&self.handle)
    }

    fn modules(&self) -> Result<Vec<Module>, TargetError> {
        modules::modules(&self.handle)
    }

    fn module_file(&self, module: &Module, most: u64) -> io::Result<Vec<u8>> {
        module_file::read(&self.handle, module.base, most)
    }

    fn read(&self, at: Va, buffer: &mut [u8]) -> Result<(), TargetError> {
        memory::read(&self.handle, at, buffer)
    }

    fn write(&self, at: Va, bytes: &[u8]) -> Result<(), TargetError> {
        memory::write(&self.handle, at, bytes)
    }

    fn region(&self, at: Va) -> Result<Option<Region>, TargetError> {
        memory::region(&self.handle, at)
    }

    fn allocate(&self, at: Va, size: u64) -> Result<(), TargetError> {
        memory::allocate(&self.handle, at, size)
    }

    fn anywhere(&self) -> u64 {
        // The seed of a map is random: the standard library has no other such number.
        RandomState::new().build_hasher().finish()
    }

    fn free(&self, at: Va) -> Result<(), TargetError> {
        memory::free(&self.handle, at)
    }

    fn protect(&self, at: Va, size: u64, to: Protection) -> Result<(), TargetError> {
        memory::protect(&self.handle, at, size, to)
    }

    fn flush_code(&self, at: Va, size: u64) -> Result<(), TargetError> {
        memory::flush_code(&self.handle, at, size)
    }

    fn call(&self, entry: Va, argument: Va, timeout: Duration) -> Result<u32, TargetError> {
        call::call(&self.handle, entry, argument, timeout)
    }

    fn arm(&self, record: Va, limit: Duration) -> Result<(), TargetError> {
        let mut slot = self.watchdog.borrow_mut();
        let watchdog = match slot.take() {
            Some(running) => running,
            None => Watchdog::start(&self.handle, &self.identity, &self.freezer)?,
        };
        watchdog.arm(record, limit);
        *slot = Some(watchdog);
        Ok(())
    }

    fn disarm(&self) {
        // Closing all these handles would have made the freeze longer.
        self.roll.take();
        if let Some(watchdog) = &*self.watchdog.borrow() {
            watchdog.disarm();
        }
    }

    fn is_frozen(&self, since: u64) -> Option<bool> {
        // Whatever freezes here: a patcher that died may have had to do without an object.
        threads::all_suspended(&self.handle, since)
    }

    fn resume(&self) -> Result<(), TargetError> {
        named("thaw the target", freeze::resume(&self.handle))
    }

    fn freeze(&self) -> Result<Instant, TargetError> {
        let hiding = (!self.sees_all).then_some(self.identity.pid);
        *self.roll.borrow_mut() = threads::Roll::of(&self.handle, hiding)?;
        self.phase(Phase::Freezing);
        let since = Instant::now();
        let frozen = self.freezer.freeze(&self.handle);
        self.phase(match frozen {
            Ok(()) => Phase::Frozen,
            Err(_) => Phase::Running,
        });
        named("freeze the target", frozen).map(|()| since)
    }

    fn thaw(&self) -> Result<(), TargetError> {
        self.phase(Phase::Thawing);
        // Still held where letting it go has failed.
        let let_go = (0..self.held.get()).try_for_each(|_| self.let_go());
        let thawed = named("thaw the target", self.freezer.thaw(&self.handle)).and(let_go);
        // What could not be thawed is left to the watchdog.
        self.phase(match thawed {
            Ok(()) => Phase::Running,
            Err(_) => Phase::Frozen,
        });
        thawed
    }

    fn hold(&self) -> Result<(), TargetError> {
        if self.freezes_by_object() {
            named("hold the target", freeze::suspend(&self.handle))?;
            self.held.set(self.held.get() + 1);
        }
        Ok(())
    }

    fn let_go(&self) -> Result<(), TargetError> {
        if self.freezes_by_object() {
            named("let the target go", freeze::resume(&self.handle))?;
            self.held.set(self.held.get() - 1);
        }
        Ok(())
    }

    fn census(&self, spent: &dyn Fn() -> bool) -> Result<Census, TargetError> {
        let mut roll = self.roll.borrow_mut();
        roll.census(&self.handle, self.freezer.counts(), spent)
    }
}

fn named(action: &'static str, done: io::Result<()>) -> Result<(), TargetError> {
    done.map_err(|source| TargetError::System { action, source })
}
