//! The event log of Windows, as far as it can be reached: a program that can't write there
//! has its own log to complain in.

use windows_sys::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    RegisterEventSourceW, ReportEventW,
};

use super::wide;

/// The source of the events, in the log `Application`.
const SOURCE: &str = "hotpatch";

/// How much an event weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It went as it should.
    Information,
    /// It didn't happen.
    Warning,
    /// Something is wrong.
    Error,
}

/// Writes an event; says whether that worked.
pub fn write(kind: Kind, id: u32, text: &str) -> bool {
    let kind = match kind {
        Kind::Information => EVENTLOG_INFORMATION_TYPE,
        Kind::Warning => EVENTLOG_WARNING_TYPE,
        Kind::Error => EVENTLOG_ERROR_TYPE,
    };
    let (source, text) = (wide(SOURCE), wide(text));
    let strings = [text.as_ptr()];
    // SAFETY: the source is terminated; a handle or null comes back.
    let log = unsafe { RegisterEventSourceW(std::ptr::null(), source.as_ptr()) };
    if log.is_null() {
        return false;
    }
    // SAFETY: the handle is open, there is one string, terminated, and no other data; all
    // outlive the calls.
    unsafe {
        let written = ReportEventW(
            log,
            kind,
            0,
            id,
            std::ptr::null_mut(),
            1,
            0,
            strings.as_ptr(),
            std::ptr::null(),
        );
        DeregisterEventSource(log);
        written != 0
    }
}
