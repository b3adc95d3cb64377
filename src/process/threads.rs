//! The threads of a frozen process.

use std::collections::HashSet;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Wdk::System::Threading::{
    NtQueryInformationThread, THREADINFOCLASS, ThreadBasicInformation,
};
use windows_sys::Win32::Foundation::{FILETIME, HANDLE, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Diagnostics::Debug::{
    CONTEXT, CONTEXT_CONTROL_AMD64, CONTEXT_INTEGER_AMD64, GetThreadContext,
};
use windows_sys::Win32::System::SystemServices::MAXIMUM_WAIT_OBJECTS;
use windows_sys::Win32::System::Threading::{
    GetThreadTimes, THREAD_GET_CONTEXT, THREAD_QUERY_INFORMATION, THREAD_SYNCHRONIZE,
    WaitForMultipleObjects, WaitForSingleObject,
};

use super::{list, memory, ntdll};
use crate::addr::Va;
use crate::apply::target::{Census, Registers, TargetError, Thread};

/// `ThreadSuspendCount`, since Windows 8.1.
const SUSPEND_COUNT: THREADINFOCLASS = 35;

/// Offset in the thread environment block (`NT_TIB`) of the stack's base. Its limit
/// follows, then two other pointers, then the fiber's data, or a small version number where
/// the thread is no fiber.
const STACK_BASE: u64 = 8;

/// A thread, and what does not change about it while it lives.
#[derive(Debug)]
struct Known {
    handle: OwnedHandle,
    /// Thread id: no other thread gets it while the handle is open.
    id: u64,
    /// Its environment block; 0 where it has not run yet.
    block: u64,
    /// Whether it had ended when it was looked at last. Threads that somebody holds open
    /// stay in the list of the process.
    ended: bool,
}

impl Known {
    fn of(handle: OwnedHandle) -> Option<Self> {
        let basic = basic(&handle)?;
        Some(Known {
            ended: has_ended(&handle),
            id: basic.thread,
            block: basic.teb,
            handle,
        })
    }
}

/// The threads of a process. Listed while it runs, so that in the time for which it stands
/// still little is left to do but to look at each.
#[derive(Debug, Default)]
pub struct Roll {
    /// Each of them once.
    threads: Vec<Known>,
    /// Other handles that were opened: closing them takes time too.
    spent: Vec<OwnedHandle>,
    /// The process, where it may have threads that this one may not open: those that another
    /// user has started in it. The system passes over them in silence.
    hiding: Option<u32>,
}

impl Roll {
    /// Lists the threads of a process; `hiding` is its PID, where not every thread of it may
    /// be opened.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn of(process: &OwnedHandle, hiding: Option<u32>) -> Result<Self, TargetError> {
        let mut roll = Roll {
            hiding,
            ..Roll::default()
        };
        let all = handles(process)?.into_iter().filter_map(Known::of);
        roll.add(all.collect());
        Ok(roll)
    }

    /// Looks at every thread of the process, which is frozen now.
    ///
    /// `counted`: whether a frozen thread has a suspend count. One that has none was being
    /// created while the process was frozen, and runs. `spent`: whether there is no time left.
    ///
    /// # Errors
    /// Where the threads can't be listed.
    pub fn census(
        &mut self,
        process: &OwnedHandle,
        counted: bool,
        spent: &dyn Fn() -> bool,
    ) -> Result<Census, TargetError> {
        /// Threads that are found one after the other, each created by the one before.
        const MAX_ROUNDS: usize = 16;
        let mut threads = Vec::new();
        let mut looked = 0;
        for _ in 0..MAX_ROUNDS {
            for thread in &mut self.threads[looked..] {
                if spent() {
                    return Ok(Census::Moving(thread.id as u32));
                }
                match look(process, thread) {
                    Look::At(thread) => threads.push(thread),
                    Look::Gone => {}
                    Look::Denied => return Ok(Census::Moving(thread.id as u32)),
                }
            }
            looked = self.threads.len();
            // Reading the registers has waited for each thread to stand still. One that was
            // just creating another has done so by now.
            let fresh = self.unknown(process)?;
            let runs = |t: &Known| counted && !t.ended && runs(&t.handle);
            if fresh.is_empty() {
                // And so has one that was just resuming another.
                let running = self.threads.iter().find(|t| runs(t));
                let moving = match running {
                    Some(thread) => Some(thread.id as u32),
                    None => self.hidden()?,
                };
                return Ok(moving.map_or(Census::Complete(threads), Census::Moving));
            }
            if let Some(thread) = fresh.iter().find(|t| runs(t)) {
                return Ok(Census::Moving(thread.id as u32));
            }
            self.add(fresh);
        }
        let last = self.threads.last().map_or(0, |t| t.id as u32);
        Ok(Census::Moving(last))
    }

    /// A thread that the system lists, and that may not be opened.
    fn hidden(&self) -> Result<Option<u32>, TargetError> {
        let Some(pid) = self.hiding else {
            return Ok(None);
        };
        let mut listed = list::threads(pid).map_err(failed)?.into_iter();
        Ok(listed.find(|id| self.threads.iter().all(|t| t.id != u64::from(*id))))
    }

    fn add(&mut self, mut fresh: Vec<Known>) {
        fresh.sort_unstable_by_key(|t| t.id);
        fresh.dedup_by_key(|t| t.id);
        self.threads.extend(fresh);
    }

    /// The threads of the process that are not in the list.
    fn unknown(&mut self, process: &OwnedHandle) -> Result<Vec<Known>, TargetError> {
        let all = handles(process)?;
        mark_ended(&mut self.threads);
        // Whoever is alive is among all. Are all in the list alive, as many are the same ones.
        if all.len() == self.threads.len() && !self.threads.iter().any(|t| t.ended) {
            self.spent.extend(all);
            return Ok(Vec::new());
        }
        let ids: HashSet<u64> = self.threads.iter().map(|t| t.id).collect();
        let all = all.into_iter().filter_map(Known::of);
        let (known, fresh): (Vec<Known>, _) = all.partition(|t| ids.contains(&t.id));
        self.spent.extend(known.into_iter().map(|t| t.handle));
        Ok(fresh)
    }
}

/// Finds out which threads have ended meanwhile.
fn mark_ended(known: &mut [Known]) {
    let mut alive: Vec<&mut Known> = known.iter_mut().filter(|t| !t.ended).collect();
    for group in alive.chunks_mut(MAXIMUM_WAIT_OBJECTS as usize) {
        let handles: Vec<HANDLE> = group.iter().map(|t| t.handle.as_raw_handle()).collect();
        // SAFETY: the handles are open, and as many as is said; no more than can be waited for.
        let first = unsafe { WaitForMultipleObjects(handles.len() as u32, handles.as_ptr(), 0, 0) };
        if first != WAIT_TIMEOUT {
            group
                .iter_mut()
                .for_each(|t| t.ended = has_ended(&t.handle));
        }
    }
}

fn runs(thread: &OwnedHandle) -> bool {
    suspend_count(thread) == Some(0) && !has_ended(thread)
}

/// What a look at a frozen thread shows.
enum Look {
    At(Thread),
    /// It has ended, or has not begun to run.
    Gone,
    /// It can't be looked at, as when it is just about to end.
    Denied,
}

/// Looks at a frozen thread.
fn look(process: &OwnedHandle, known: &mut Known) -> Look {
    // A thread that has never run has no block yet; asking for its registers would wait until
    // it has.
    if known.block == 0 {
        known.block = basic(&known.handle).map_or(0, |b| b.teb);
    }
    if known.block == 0 || known.ended {
        return Look::Gone;
    }
    let mut has_ended = || {
        known.ended = has_ended(&known.handle);
        known.ended
    };
    let Some(registers) = registers(&known.handle) else {
        return match has_ended() {
            true => Look::Gone,
            false => Look::Denied,
        };
    };
    let mut tib = [0; 32];
    if memory::read(process, Va(known.block + STACK_BASE), &mut tib).is_err() {
        // Its block is gone: so is the thread, or it is about to be.
        if has_ended() {
            return Look::Gone;
        }
        tib = [0; 32];
    }
    let word = |i: usize| u64::from_le_bytes(std::array::from_fn(|k| tib[i + k]));
    Look::At(Thread {
        id: known.id as u32,
        registers,
        stack_base: Va(word(0)),
        stack_limit: Va(word(8)),
        block: Va(known.block),
        fiber: word(24) > 0xffff,
    })
}

/// Whether every thread of the process that there was at `since` (milliseconds since 1970)
/// is suspended; `None` where the system can't say.
pub fn all_suspended(process: &OwnedHandle, since: u64) -> Option<bool> {
    /// The system's clock may go in steps as long.
    const STEP: u64 = 50;
    let handles = handles(process).ok()?;
    let alive: Vec<&OwnedHandle> = handles.iter().filter(|h| !has_ended(h)).collect();
    let mut old = Vec::new();
    for handle in &alive {
        if created(handle)?.saturating_add(STEP) <= since {
            old.push(*handle);
        }
    }
    // The clock may have been set back: then nothing is known about when.
    let asked = if old.is_empty() { &alive } else { &old };
    for handle in asked {
        if suspend_count(handle)? == 0 {
            return Some(false);
        }
    }
    Some(!asked.is_empty())
}

fn failed(source: io::Error) -> TargetError {
    TargetError::System {
        action: "look at the threads of the target",
        source,
    }
}

/// The access mask of a thread. The README lists it.
pub(super) const RIGHTS: u32 = THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION | THREAD_SYNCHRONIZE;

fn handles(process: &OwnedHandle) -> Result<Vec<OwnedHandle>, TargetError> {
    /// `STATUS_NO_MORE_ENTRIES`.
    const END: i32 = 0x8000_001au32 as i32;
    let mut list: Vec<OwnedHandle> = Vec::new();
    loop {
        let last = list.last().map_or(ptr::null_mut(), |h| h.as_raw_handle());
        let mut next: HANDLE = ptr::null_mut();
        // SAFETY: both handles are open (or null, for the first), `next` receives a handle.
        let status = unsafe {
            ntdll::NtGetNextThread(process.as_raw_handle(), last, RIGHTS, 0, 0, &mut next)
        };
        if status == END {
            return Ok(list);
        }
        ntdll::check(status).map_err(failed)?;
        // SAFETY: the call succeeded, so the handle is open and owned by nobody else.
        list.push(unsafe { OwnedHandle::from_raw_handle(next) });
    }
}

/// `THREAD_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Default)]
struct Basic {
    exit_status: i32,
    teb: u64,
    process: u64,
    thread: u64,
    affinity: u64,
    priority: i32,
    base_priority: i32,
}

fn basic(thread: &OwnedHandle) -> Option<Basic> {
    let mut info = Basic::default();
    // SAFETY: the structure has the size that is passed.
    let status = unsafe {
        NtQueryInformationThread(
            thread.as_raw_handle(),
            ThreadBasicInformation,
            (&raw mut info).cast(),
            size_of_val(&info) as u32,
            ptr::null_mut(),
        )
    };
    (status >= 0).then_some(info)
}

fn suspend_count(thread: &OwnedHandle) -> Option<u32> {
    let mut count = 0u32;
    // SAFETY: the number has the size that is passed.
    let status = unsafe {
        NtQueryInformationThread(
            thread.as_raw_handle(),
            SUSPEND_COUNT,
            (&raw mut count).cast(),
            size_of_val(&count) as u32,
            ptr::null_mut(),
        )
    };
    (status >= 0).then_some(count)
}

/// When a thread was created, in milliseconds since 1970.
fn created(thread: &OwnedHandle) -> Option<u64> {
    /// Milliseconds from 1601, from which `FILETIME` counts in units of 100 ns.
    const TO_1970: u64 = 11_644_473_600_000;
    let zero = FILETIME {
        dwLowDateTime: 0,
        dwHighDateTime: 0,
    };
    let mut times = [zero; 4];
    let [created, exited, kernel, user] = &mut times;
    // SAFETY: the handle is open, and the four times outlive the call.
    let known =
        unsafe { GetThreadTimes(thread.as_raw_handle(), created, exited, kernel, user) } != 0;
    let units = u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime);
    known.then(|| (units / 10_000).saturating_sub(TO_1970))
}

fn has_ended(thread: &OwnedHandle) -> bool {
    // SAFETY: the handle is open.
    unsafe { WaitForSingleObject(thread.as_raw_handle(), 0) == WAIT_OBJECT_0 }
}

/// `CONTEXT` must be aligned to 16 bytes, which its declaration doesn't say.
#[repr(C, align(16))]
#[derive(Default)]
struct Aligned(CONTEXT);

fn registers(thread: &OwnedHandle) -> Option<Registers> {
    let mut aligned = Aligned::default();
    let context = &mut aligned.0;
    context.ContextFlags = CONTEXT_CONTROL_AMD64 | CONTEXT_INTEGER_AMD64;
    // SAFETY: the handle is open; the structure is whole, aligned, and says what is wanted.
    if unsafe { GetThreadContext(thread.as_raw_handle(), context) } == 0 {
        return None;
    }
    let c = context;
    Some(Registers {
        rip: c.Rip,
        rsp: c.Rsp,
        integer: [
            c.Rax, c.Rcx, c.Rdx, c.Rbx, c.Rbp, c.Rsi, c.Rdi, c.R8, c.R9, c.R10, c.R11, c.R12,
            c.R13, c.R14, c.R15,
        ],
    })
}
