//! The page of memory that patcher and watchdog share.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_READ, FILE_MAP_WRITE, MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile,
    PAGE_READWRITE, UnmapViewOfFile,
};

use crate::addr::Va;

/// What the patcher has done to the target's threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing: they run.
    Running,
    /// It is about to freeze them, or has just done so.
    Freezing,
    /// They are frozen.
    Frozen,
    /// It is about to thaw them, or has just done so.
    Thawing,
}

impl Phase {
    const ALL: [Phase; 4] = [
        Phase::Running,
        Phase::Freezing,
        Phase::Frozen,
        Phase::Thawing,
    ];
}

/// What is in the page. A new page is zeros: running, no record, nobody watching.
#[repr(C)]
struct Page {
    watched: AtomicU32,
    phase: AtomicU32,
    record: AtomicU64,
    freezes: AtomicU32,
    limit: AtomicU32,
}

/// The page, mapped.
#[derive(Debug)]
pub struct Lifeline {
    section: OwnedHandle,
    page: NonNull<Page>,
}

impl Lifeline {
    /// Makes a new page.
    pub fn create() -> io::Result<Self> {
        let size = size_of::<Page>() as u32;
        // SAFETY: takes numbers and null pointers, returns a handle or null.
        let section = unsafe {
            CreateFileMappingW(
                INVALID_HANDLE_VALUE,
                std::ptr::null(),
                PAGE_READWRITE,
                0,
                size,
                std::ptr::null(),
            )
        };
        if section.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open and owned by nobody else.
        Self::map(unsafe { OwnedHandle::from_raw_handle(section) })
    }

    /// Maps the page that somebody else made.
    pub fn map(section: OwnedHandle) -> io::Result<Self> {
        // SAFETY: the system checks the handle and the size.
        let view = unsafe {
            MapViewOfFile(
                section.as_raw_handle(),
                FILE_MAP_READ | FILE_MAP_WRITE,
                0,
                0,
                size_of::<Page>(),
            )
        };
        let page = NonNull::new(view.Value.cast()).ok_or_else(io::Error::last_os_error)?;
        Ok(Lifeline { section, page })
    }

    /// The handle that makes the page accessible elsewhere.
    pub fn section(&self) -> RawHandle {
        self.section.as_raw_handle()
    }

    fn page(&self) -> &Page {
        // SAFETY: mapped for as long as `self` lives, aligned to a page, and made of
        // atomics only, so that it may change under a shared reference.
        unsafe { self.page.as_ref() }
    }

    pub fn is_watched(&self) -> bool {
        self.page().watched.load(Ordering::Acquire) != 0
    }

    pub fn set_watched(&self) {
        self.page().watched.store(1, Ordering::Release);
    }

    pub fn phase(&self) -> Phase {
        let number = self.page().phase.load(Ordering::Acquire) as usize;
        Phase::ALL.get(number).copied().unwrap_or(Phase::Running)
    }

    pub fn set_phase(&self, phase: Phase) {
        if phase == Phase::Freezing {
            self.page().freezes.fetch_add(1, Ordering::AcqRel);
        }
        self.page().phase.store(phase as u32, Ordering::Release);
    }

    /// How many freezes there have been, with the one that is under way.
    pub fn freezes(&self) -> u32 {
        self.page().freezes.load(Ordering::Acquire)
    }

    /// After how long a freeze is one that nobody will end.
    pub fn limit(&self) -> Duration {
        Duration::from_millis(self.page().limit.load(Ordering::Acquire).into())
    }

    pub fn set_limit(&self, limit: Duration) {
        let ms = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
        self.page().limit.store(ms, Ordering::Release);
    }

    pub fn record(&self) -> Option<Va> {
        match self.page().record.load(Ordering::Acquire) {
            0 => None,
            at => Some(Va(at)),
        }
    }

    pub fn set_record(&self, at: Va) {
        self.page().record.store(at.0, Ordering::Release);
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        let view = MEMORY_MAPPED_VIEW_ADDRESS {
            Value: self.page.as_ptr().cast(),
        };
        // SAFETY: mapped by `map`, and no reference into it outlives `self`.
        unsafe { UnmapViewOfFile(view) };
    }
}
