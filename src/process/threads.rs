//! The threads of a frozen process.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Wdk::System::Threading::{
    NtQueryInformationThread, THREADINFOCLASS, ThreadBasicInformation,
};
use windows_sys::Win32::Foundation::{HANDLE, WAIT_OBJECT_0};
use windows_sys::Win32::System::Diagnostics::Debug::{
    CONTEXT, CONTEXT_CONTROL_AMD64, CONTEXT_INTEGER_AMD64, GetThreadContext,
};
use windows_sys::Win32::System::Threading::{
    THREAD_GET_CONTEXT, THREAD_QUERY_INFORMATION, THREAD_SYNCHRONIZE, WaitForSingleObject,
};

use super::{memory, ntdll};
use crate::addr::Va;
use crate::apply::target::{Census, Registers, TargetError, Thread};

/// `ThreadSuspendCount`, since Windows 8.1.
const SUSPEND_COUNT: THREADINFOCLASS = 35;

/// Offset in the thread environment block (`NT_TIB`) of the stack's base. Its limit
/// follows, then two other pointers, then the fiber's data, or a small version number where
/// the thread is no fiber.
const STACK_BASE: u64 = 8;

/// Looks at every thread.
///
/// `counted`: whether a frozen thread has a suspend count. One that has none was being
/// created while the process was frozen, and runs.
pub fn census(process: &OwnedHandle, counted: bool) -> Result<Census, TargetError> {
    let mut threads = Vec::new();
    let mut seen = Vec::new();
    for handle in handles(process)? {
        let Some(basic) = basic(&handle) else {
            continue;
        };
        seen.push(basic.thread);
        if counted && suspend_count(&handle) == Some(0) && !has_ended(&handle) {
            return Ok(Census::Moving);
        }
        // A thread that has never run has no block yet; asking for its registers would
        // wait until it has.
        if basic.teb == 0 || has_ended(&handle) {
            continue;
        }
        let Some(registers) = registers(&handle) else {
            if has_ended(&handle) {
                continue;
            }
            return Err(failed(io::Error::last_os_error()));
        };
        let mut tib = [0; 32];
        if memory::read(process, Va(basic.teb + STACK_BASE), &mut tib).is_err() {
            // Its block is gone: so is the thread, or it is about to be.
            if has_ended(&handle) {
                continue;
            }
            tib = [0; 32];
        }
        let word = |i: usize| u64::from_le_bytes(std::array::from_fn(|k| tib[i + k]));
        threads.push(Thread {
            id: basic.thread as u32,
            registers,
            stack_base: Va(word(0)),
            stack_limit: Va(word(8)),
            fiber: word(24) > 0xffff,
        });
    }
    // Reading the registers has waited for each thread to stand still. One that was just
    // creating another has done so by now, and the other one is not in the list.
    let all = handles(process)?;
    let known = |h: &OwnedHandle| basic(h).is_none_or(|b| seen.contains(&b.thread));
    if all.iter().all(known) {
        Ok(Census::Complete(threads))
    } else {
        Ok(Census::Moving)
    }
}

/// Whether every thread of the process is suspended; `None` where the system can't say.
pub fn all_suspended(process: &OwnedHandle) -> Option<bool> {
    let handles = handles(process).ok()?;
    let mut any = false;
    for handle in handles.iter().filter(|h| !has_ended(h)) {
        any = true;
        if suspend_count(handle)? == 0 {
            return Some(false);
        }
    }
    Some(any)
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
