//! Who runs this program, and on which computer.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{
    GetTokenInformation, LookupAccountSidW, PSID, TOKEN_ELEVATION, TOKEN_INFORMATION_CLASS,
    TOKEN_QUERY, TOKEN_USER, TokenElevation, TokenUser,
};
use windows_sys::Win32::System::SystemInformation::{
    ComputerNamePhysicalDnsFullyQualified, GetComputerNameExW,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// An account; a name that the system doesn't tell is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `DOMAIN\name`
    pub name: String,
    /// Its SID, such as `S-1-5-18`.
    pub sid: String,
}

/// The account that this process runs as.
pub fn account() -> Account {
    let user = information(TokenUser).ok();
    let Some(user) = user.filter(|user| user.len() * 8 >= size_of::<TOKEN_USER>()) else {
        return Account::default();
    };
    // SAFETY: the system filled the buffer with this structure, and it is aligned to 8 bytes.
    let sid = unsafe { (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    Account {
        name: name_of(sid).unwrap_or_default(),
        sid: text_of(sid).unwrap_or_default(),
    }
}

/// Whether this process runs elevated.
pub fn is_elevated() -> bool {
    let elevation = information(TokenElevation).unwrap_or_default();
    // The structure is one number of four bytes.
    const { assert!(size_of::<TOKEN_ELEVATION>() == 4) };
    elevation.first().is_some_and(|word| *word as u32 != 0)
}

/// The computer's full name.
pub fn computer() -> String {
    let mut name = [0; 1024];
    let mut len = name.len() as u32;
    // SAFETY: the buffer has room for `len` characters.
    let known = unsafe {
        GetComputerNameExW(
            ComputerNamePhysicalDnsFullyQualified,
            name.as_mut_ptr(),
            &mut len,
        )
    };
    match known {
        0 => String::new(),
        _ => text(&name, len),
    }
}

/// What the system says about this process's token, in words of eight bytes.
fn information(class: TOKEN_INFORMATION_CLASS) -> io::Result<Vec<u64>> {
    let mut token = ptr::null_mut();
    // SAFETY: the pseudo handle is valid, and `token` receives a handle.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so the handle is open and owned by nobody else.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // The longest, a TOKEN_USER with its SID, has 84 bytes.
    let mut buffer = vec![0u64; 32];
    let mut len = 0;
    // SAFETY: the buffer has as many bytes as is said.
    let known = unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            class,
            buffer.as_mut_ptr().cast(),
            size_of_val(buffer.as_slice()) as u32,
            &mut len,
        )
    };
    match known {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(buffer),
    }
}

fn name_of(sid: PSID) -> Option<String> {
    let (mut name, mut domain) = ([0; 512], [0; 512]);
    let (mut name_len, mut domain_len) = (name.len() as u32, domain.len() as u32);
    let mut kind = 0;
    // SAFETY: the SID is valid, the buffers have room for as many characters as is said.
    let known = unsafe {
        LookupAccountSidW(
            ptr::null(),
            sid,
            name.as_mut_ptr(),
            &mut name_len,
            domain.as_mut_ptr(),
            &mut domain_len,
            &mut kind,
        )
    };
    let full = format!("{}\\{}", text(&domain, domain_len), text(&name, name_len));
    (known != 0).then_some(full)
}

fn text_of(sid: PSID) -> Option<String> {
    let mut text = ptr::null_mut();
    // SAFETY: the SID is valid, and `text` receives memory that is freed below.
    if unsafe { ConvertSidToStringSidW(sid, &mut text) } == 0 {
        return None;
    }
    // SAFETY: the text is terminated; it is copied before it is freed.
    unsafe {
        let len = (0..).take_while(|i| *text.add(*i) != 0).count();
        let copy = String::from_utf16_lossy(std::slice::from_raw_parts(text, len));
        LocalFree(text.cast());
        Some(copy)
    }
}

/// The first `len` characters of a buffer.
fn text(buffer: &[u16], len: u32) -> String {
    String::from_utf16_lossy(&buffer[..buffer.len().min(len as usize)])
}
