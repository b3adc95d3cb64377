//! Starts a program so that it can be patched before its first instruction.

use std::ffi::OsString;
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
use windows_sys::Win32::System::Threading::CREATE_SUSPENDED;
use windows_sys::core::PCSTR;

use super::{call, memory, ntdll};
use crate::addr::Va;
use crate::apply::target::TargetError;

/// Longest wait for the loader. Libraries of the program are initialised in this time.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A program that has been started and stands before its first instruction. Unless it is
/// told to [go](Suspended::go), it is ended when this value is dropped.
#[derive(Debug)]
pub struct Suspended {
    child: Option<Child>,
}

impl Suspended {
    /// Creates the process. With `attached` it has this process's input and output.
    ///
    /// # Errors
    /// Where the system can't start the program.
    pub fn start(program: &Path, arguments: &[OsString], attached: bool) -> io::Result<Self> {
        // A name alone would be looked for everywhere but in the current folder.
        let here = std::path::absolute(program).ok().filter(|p| p.is_file());
        let mut command = Command::new(here.as_deref().unwrap_or(program));
        command.args(arguments).creation_flags(CREATE_SUSPENDED);
        if !attached {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
        }
        command
            .spawn()
            .map(|child| Suspended { child: Some(child) })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Lets it run.
    ///
    /// # Errors
    /// Where the system refuses; the program is ended then.
    pub fn go(mut self) -> io::Result<Child> {
        if let Some(child) = &self.child {
            // SAFETY: the handle is open.
            ntdll::check(unsafe { ntdll::NtResumeProcess(child.as_raw_handle()) })?;
        }
        self.child
            .take()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Should it have ended by itself, that is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Has the loader of a new process do its work: the first thread that runs maps and
/// initialises the libraries, and that need not be the main one.
pub(super) fn load_libraries(process: &OwnedHandle) -> Result<(), TargetError> {
    let missing = |what| TargetError::System {
        action: "prepare the new process",
        source: io::Error::other(what),
    };
    // SAFETY: both names are terminated strings, and ntdll is never unloaded.
    let function = unsafe {
        let module = GetModuleHandleA(c"ntdll.dll".as_ptr() as PCSTR);
        GetProcAddress(module, c"RtlGetLastNtStatus".as_ptr() as PCSTR)
    };
    let function = function.ok_or_else(|| missing("ntdll lacks a function"))?;
    let at = Va(function as usize as u64);
    // ntdll lies at the same place in every process; make sure of it.
    let mut theirs = [0; 8];
    memory::read(process, at, &mut theirs)?;
    // SAFETY: the code of an exported function is readable, and longer than this.
    let ours = unsafe { *(at.0 as usize as *const [u8; 8]) };
    if ours != theirs {
        return Err(missing("its ntdll is another one"));
    }
    call::call(process, at, Va(0), TIMEOUT).map(drop)
}
