//! Memory of another process.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::System::Diagnostics::Debug::{FlushInstructionCache, ReadProcessMemory};
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_FREE, MEM_IMAGE, MEM_MAPPED, MEM_PRIVATE, MEM_RELEASE, MEM_RESERVE,
    MEMORY_BASIC_INFORMATION, PAGE_READWRITE, VirtualAllocEx, VirtualFreeEx, VirtualProtectEx,
    VirtualQueryEx,
};

use super::ntdll;
use crate::addr::Va;
use crate::apply::target::{Protection, Region, TargetError, Usage};

fn pointer(at: Va) -> *mut c_void {
    // An address of another process: never dereferenced here.
    at.0 as usize as *mut c_void
}

fn failed(action: &'static str, at: Va, size: u64, source: io::Error) -> TargetError {
    TargetError::Memory {
        action,
        at,
        size,
        source,
    }
}

fn done(ok: bool, action: &'static str, at: Va, size: u64) -> Result<(), TargetError> {
    if ok {
        return Ok(());
    }
    Err(failed(action, at, size, io::Error::last_os_error()))
}

pub fn read(process: &OwnedHandle, at: Va, buffer: &mut [u8]) -> Result<(), TargetError> {
    let size = buffer.len() as u64;
    let mut read = 0;
    // SAFETY: the buffer is writable for its length; the system checks the other address.
    let ok = unsafe {
        ReadProcessMemory(
            process.as_raw_handle(),
            pointer(at),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &mut read,
        )
    } != 0;
    done(ok, "read", at, size)?;
    if read == buffer.len() {
        return Ok(());
    }
    Err(failed(
        "read",
        at,
        size,
        io::ErrorKind::UnexpectedEof.into(),
    ))
}

pub fn write(process: &OwnedHandle, at: Va, bytes: &[u8]) -> Result<(), TargetError> {
    let mut written = 0;
    // SAFETY: the buffer is readable for its length; the system checks the other address.
    let status = unsafe {
        ntdll::NtWriteVirtualMemory(
            process.as_raw_handle(),
            pointer(at),
            bytes.as_ptr().cast(),
            bytes.len(),
            &mut written,
        )
    };
    let size = bytes.len() as u64;
    ntdll::check(status).map_err(|source| failed("write", at, size, source))?;
    if written == bytes.len() {
        return Ok(());
    }
    Err(failed("write", at, size, io::ErrorKind::WriteZero.into()))
}

pub fn region(process: &OwnedHandle, at: Va) -> Result<Option<Region>, TargetError> {
    let mut info = MEMORY_BASIC_INFORMATION::default();
    let size = size_of_val(&info);
    // SAFETY: the structure has the size that is passed.
    let filled = unsafe { VirtualQueryEx(process.as_raw_handle(), pointer(at), &mut info, size) };
    if filled == 0 {
        let error = io::Error::last_os_error();
        // Past the end of the address space.
        if error.raw_os_error() == Some(ERROR_INVALID_PARAMETER as i32) {
            return Ok(None);
        }
        return Err(failed("query", at, 1, error));
    }
    let base = Va(info.BaseAddress as usize as u64);
    let committed = info.State == MEM_COMMIT;
    let usage = match (info.State, info.Type) {
        (MEM_FREE, _) => Usage::Free,
        (MEM_COMMIT, MEM_PRIVATE) => Usage::Private,
        (MEM_COMMIT, MEM_IMAGE | MEM_MAPPED) => Usage::Mapped,
        _ => Usage::Reserved,
    };
    Ok(Some(Region {
        base,
        size: info.RegionSize as u64,
        allocation: match usage {
            Usage::Free => base,
            _ => Va(info.AllocationBase as usize as u64),
        },
        usage,
        protection: match committed {
            true => Protection(info.Protect),
            false => Protection::NONE,
        },
    }))
}

pub fn allocate(process: &OwnedHandle, at: Va, size: u64) -> Result<(), TargetError> {
    // SAFETY: the system picks only addresses that are free in the other process.
    let got = unsafe {
        VirtualAllocEx(
            process.as_raw_handle(),
            pointer(at),
            size as usize,
            MEM_RESERVE | MEM_COMMIT,
            PAGE_READWRITE,
        )
    };
    done(!got.is_null(), "allocate", at, size)?;
    if got == pointer(at) {
        return Ok(());
    }
    free(process, Va(got as usize as u64))?;
    let reason = io::Error::other("the system gave another address");
    Err(failed("allocate", at, size, reason))
}

pub fn free(process: &OwnedHandle, at: Va) -> Result<(), TargetError> {
    // SAFETY: frees memory of the other process, which nothing here refers to.
    let ok = unsafe { VirtualFreeEx(process.as_raw_handle(), pointer(at), 0, MEM_RELEASE) } != 0;
    done(ok, "free", at, 0)
}

pub fn protect(
    process: &OwnedHandle,
    at: Va,
    size: u64,
    to: Protection,
) -> Result<(), TargetError> {
    let set = |bits: u32| {
        let mut old = 0;
        // SAFETY: changes pages of the other process; `old` outlives the call.
        let ok = unsafe {
            VirtualProtectEx(
                process.as_raw_handle(),
                pointer(at),
                size as usize,
                bits,
                &mut old,
            )
        } != 0;
        done(ok, "protect", at, size)
    };
    // Windows before 8.1 doesn't know the flag.
    let flag = Protection::KEEP_TARGETS;
    if to.0 & flag != 0 && set(to.0).is_ok() {
        return Ok(());
    }
    set(to.0 & !flag)
}

pub fn flush_code(process: &OwnedHandle, at: Va, size: u64) -> Result<(), TargetError> {
    // SAFETY: touches no memory of this process.
    let ok =
        unsafe { FlushInstructionCache(process.as_raw_handle(), pointer(at), size as usize) } != 0;
    done(ok, "flush", at, size)
}
