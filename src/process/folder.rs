//! Makes folders in which administrators alone can write.

use std::io;
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

use super::wide;

/// Administrators own it; they and the system may do everything in it, all others nothing;
/// what the folder above allows isn't inherited.
const DESCRIPTOR: &str = "O:BAD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)";

/// Makes a folder that belongs to the administrators. The caller must be one.
///
/// # Errors
/// Where the system refuses, or there is such a folder already.
pub fn create_for_administrators(path: &Path) -> io::Result<()> {
    let (path, text) = (wide(path), wide(DESCRIPTOR));
    let mut descriptor = ptr::null_mut();
    // SAFETY: the text is terminated, and `descriptor` receives memory that is freed below.
    let converted = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor,
            ptr::null_mut(),
        )
    };
    if converted == 0 {
        return Err(io::Error::last_os_error());
    }
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor,
        bInheritHandle: 0,
    };
    // SAFETY: the path is terminated, the attributes and the descriptor outlive the call.
    let made = unsafe { CreateDirectoryW(path.as_ptr(), &attributes) };
    let result = match made {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: the conversion allocated it, and nothing refers to it any more.
    unsafe { LocalFree(descriptor) };
    result
}
