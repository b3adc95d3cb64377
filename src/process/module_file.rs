//! Opens the file that a module of another process is mapped from.
//!
//! What a process says of its own modules is in its own memory: a path there may be a pipe, which
//! would get a token of whoever opens it, or a name on another machine, which would get an answer
//! for a password. The system knows which file is mapped, and only that is opened, where it is a
//! regular file on a disk of this machine.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, OwnedHandle};

use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_TYPE_DISK, GetDriveTypeW, GetFileType, SECURITY_IDENTIFICATION,
};
use windows_sys::Win32::System::ProcessStatus::K32GetMappedFileNameW;
use windows_sys::Win32::System::WindowsProgramming::{DRIVE_FIXED, DRIVE_RAMDISK, DRIVE_REMOVABLE};

use super::wide;
use crate::addr::Va;

/// Reads the file that is mapped at `base`, of which there may be `most` bytes.
///
/// # Errors
/// Where no file is mapped there, and where it is none that may be opened.
pub fn read(process: &OwnedHandle, base: Va, most: u64) -> io::Result<Vec<u8>> {
    let file = open(&local(&mapped(process, base)?)?)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::other(format!(
            "the file has more than {most} bytes"
        ))),
        false => Ok(bytes),
    }
}

/// The name of the mapped file in the system's own namespace.
fn mapped(process: &OwnedHandle, base: Va) -> io::Result<String> {
    let mut name = vec![0u16; 32_768];
    // SAFETY: the buffer has room for as many characters as is passed.
    let length = unsafe {
        K32GetMappedFileNameW(
            process.as_raw_handle(),
            base.0 as usize as *const _,
            name.as_mut_ptr(),
            name.len() as u32,
        )
    };
    if length == 0 {
        return Err(io::Error::last_os_error());
    }
    let name = OsString::from_wide(&name[..(length as usize).min(name.len())]);
    let odd = |_| io::Error::other("the name of the mapped file is no text");
    name.into_string().map_err(odd)
}

/// A path to a file on a disk of this machine.
///
/// `\Device\HarddiskVolume3\app\server.exe` is a volume of a disk; Wine says `\??\C:\app\server.exe`.
/// Whatever else there is, such as `\Device\Mup\`, leads elsewhere.
fn local(name: &str) -> io::Result<OsString> {
    let is_volume = name.starts_with(r"\Device\HarddiskVolume");
    if is_volume {
        return Ok(format!(r"\\?\GLOBALROOT{name}").into());
    }
    let dos = name.strip_prefix(r"\??\");
    let drive = dos.and_then(|path| path.get(..3)).filter(|d| {
        let bytes = d.as_bytes();
        bytes[0].is_ascii_alphabetic() && bytes.ends_with(br":\")
    });
    if let (Some(path), Some(drive)) = (dos, drive) {
        let drive = wide(drive);
        // SAFETY: the text is terminated.
        let kind = unsafe { GetDriveTypeW(drive.as_ptr()) };
        if [DRIVE_FIXED, DRIVE_REMOVABLE, DRIVE_RAMDISK].contains(&kind) {
            return Ok(format!(r"\\?\{path}").into());
        }
    }
    let said = format!("{name} is not on a disk of this machine");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, said))
}

/// Opens a regular file, and nothing else: no link is followed, and whoever answers gets no
/// token that could be used.
fn open(path: &OsString) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
        .security_qos_flags(SECURITY_IDENTIFICATION)
        .open(path)?;
    // SAFETY: the handle is open.
    let kind = unsafe { GetFileType(file.as_raw_handle()) };
    match kind == FILE_TYPE_DISK && file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no regular file")),
    }
}
