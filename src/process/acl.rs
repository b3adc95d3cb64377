//! Who may change a file or a folder, by its owner and its access control list.
//!
//! Trusted are the system, the administrators, TrustedInstaller and the current user. What
//! is asked is whether anybody else could change it, so that entries which deny are left
//! out: they can only make less possible than it looks.

use std::ffi::c_void;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{GENERIC_ALL, GENERIC_WRITE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW,
    GetNamedSecurityInfoW, SDDL_REVISION_1, SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, CheckTokenMembership, CreateWellKnownSid,
    DACL_SECURITY_INFORMATION, GetAce, GetTokenInformation, INHERIT_ONLY_ACE,
    OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES,
    SECURITY_MAX_SID_SIZE, TOKEN_QUERY, TOKEN_USER, TokenUser, WinBuiltinAdministratorsSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateDirectoryW, DELETE, FILE_APPEND_DATA, FILE_DELETE_CHILD, FILE_WRITE_DATA, WRITE_DAC,
    WRITE_OWNER,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Rights with which one can put something else in its place.
const REPLACE: u32 = DELETE | FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_ALL;

/// Rights with which one can change what is in it.
const CHANGE: u32 = REPLACE | FILE_WRITE_DATA | FILE_APPEND_DATA | GENERIC_WRITE;

/// Entries of an access control list that allow something.
const ALLOWED: u8 = 0;
const ALLOWED_COMPOUND: u8 = 4;
const ALLOWED_OBJECT: u8 = 5;
const ALLOWED_CALLBACK: u8 = 9;
const ALLOWED_CALLBACK_OBJECT: u8 = 11;

/// Who is trusted beside the current user: the system, the administrators, TrustedInstaller,
/// and the two names for the owner, who is looked at by himself.
const TRUSTED: [&str; 5] = [
    "S-1-5-18",
    "S-1-5-32-544",
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
    "S-1-3-0",
    "S-1-3-4",
];

/// Says who else can change a file, or what is in a folder; `None` where nobody can.
///
/// # Errors
/// Where the system doesn't tell.
pub fn who_else_can_change(path: &Path) -> io::Result<Option<String>> {
    who_else(path, CHANGE, Some(&current_user()?))
}

/// Says who else can put another folder in the place of this one, or of what is in it.
///
/// # Errors
/// Where the system doesn't tell.
pub fn who_else_can_replace(path: &Path) -> io::Result<Option<String>> {
    who_else(path, REPLACE, Some(&current_user()?))
}

/// Says who but administrators and the system can change a program, or put another one in its
/// place; `None` where nobody can. The current user counts as himself: without elevation he is no
/// administrator.
///
/// # Errors
/// Where the system doesn't tell.
pub fn who_can_change_program(path: &Path) -> io::Result<Option<String>> {
    if let Some(who) = who_else(path, CHANGE, None)? {
        return Ok(Some(who));
    }
    for (above, folder) in path.ancestors().skip(1).enumerate() {
        // Beside the program nobody may put anything either.
        let rights = if above == 0 { CHANGE } else { REPLACE };
        if let Some(who) = who_else(folder, rights, None)? {
            return Ok(Some(format!("is in {}, which {who}", folder.display())));
        }
    }
    Ok(None)
}

/// Who has one of these rights beside those who are trusted, and this user.
fn who_else(path: &Path, rights: u32, user: Option<&str>) -> io::Result<Option<String>> {
    let trusted = |sid: &str| TRUSTED.contains(&sid) || Some(sid) == user;
    let security = Security::of(path)?;
    let owner = security.owner()?;
    if !trusted(&owner) {
        return Ok(Some(format!("belongs to another user ({owner})")));
    }
    let Some(entries) = security.allowing()? else {
        return Ok(Some(
            "has no access control list: anybody can write there".to_owned(),
        ));
    };
    for (mask, sid) in entries {
        if mask & rights == 0 {
            continue;
        }
        match sid {
            Some(sid) if trusted(&sid) => {}
            Some(sid) => {
                let mask = mask & rights;
                return Ok(Some(format!(
                    "can be written by {sid} (access mask {mask:#x})"
                )));
            }
            None => {
                return Ok(Some(
                    "has an access control entry of an unknown kind".to_owned(),
                ));
            }
        }
    }
    Ok(None)
}

/// Makes a folder that only the system, the administrators and, unless he is one of them,
/// the current user can change, and that all users can read.
///
/// # Errors
/// Where that isn't possible, also where it exists.
pub fn create_protected(folder: &Path) -> io::Result<()> {
    let own = match is_administrator()? {
        true => String::new(),
        false => format!("(A;OICI;FA;;;{})", current_user()?),
    };
    let all = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";
    let descriptor = descriptor(&format!("{all}{own}(A;OICI;FRFX;;;BU)"))?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor.0,
        bInheritHandle: 0,
    };
    let path = wide(folder);
    // SAFETY: the path is terminated; attributes and descriptor outlive the call.
    match unsafe { CreateDirectoryW(path.as_ptr(), &attributes) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// A security descriptor from its text (SDDL).
fn descriptor(text: &str) -> io::Result<Local> {
    let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
    // SAFETY: the text is terminated, and `descriptor` receives memory that is freed later.
    let converted = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor,
            null_mut(),
        )
    };
    match converted {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(Local(descriptor)),
    }
}

fn wide(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

/// Memory that the system allocated for us.
struct Local(*mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: the system returned the pointer to be freed this way, and nobody else has it.
        unsafe { LocalFree(self.0) };
    }
}

/// An entry that allows something: the rights, and to whom, where it is of a kind that says
/// so in a way we know.
type Allowing = (u32, Option<String>);

/// Owner and access control list of a file.
struct Security {
    owner: PSID,
    list: *mut ACL,
    /// What both point into.
    _memory: Local,
}

impl Security {
    fn of(path: &Path) -> io::Result<Self> {
        let path = wide(path);
        let (mut owner, mut list) = (null_mut(), null_mut());
        let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
        // SAFETY: the path is terminated; the other pointers receive results that live as
        // long as `descriptor`, which is freed with the structure.
        let error = unsafe {
            GetNamedSecurityInfoW(
                path.as_ptr(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &mut owner,
                null_mut(),
                &mut list,
                null_mut(),
                &mut descriptor,
            )
        };
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error as i32));
        }
        Ok(Security {
            owner,
            list,
            _memory: Local(descriptor),
        })
    }

    fn owner(&self) -> io::Result<String> {
        if self.owner.is_null() {
            return Err(io::Error::other("it has no owner"));
        }
        // SAFETY: the pointer is to a SID of the descriptor, which is still there.
        unsafe { text_of(self.owner) }
    }

    /// The entries that allow something to somebody. `None` where there is no list, which
    /// allows everything to everybody.
    fn allowing(&self) -> io::Result<Option<Vec<Allowing>>> {
        if self.list.is_null() {
            return Ok(None);
        }
        // SAFETY: the list is part of the descriptor, which is still there.
        let count = unsafe { (*self.list).AceCount };
        let mut entries = Vec::new();
        for index in 0..u32::from(count) {
            let mut entry: *mut c_void = null_mut();
            // SAFETY: the list is valid, `entry` receives a pointer into it.
            if unsafe { GetAce(self.list, index, &mut entry) } == 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: every entry begins with a header.
            let header = unsafe { entry.cast::<ACE_HEADER>().read_unaligned() };
            if u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0 {
                continue;
            }
            let simple = matches!(header.AceType, ALLOWED | ALLOWED_CALLBACK);
            if simple && usize::from(header.AceSize) >= size_of::<ACCESS_ALLOWED_ACE>() {
                let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
                // SAFETY: an entry of this kind holds at least this structure, of which the
                // last field is where its SID begins.
                let (mask, sid) = unsafe {
                    let sid: PSID = (&raw mut (*entry).SidStart).cast();
                    ((*entry).Mask, text_of(sid)?)
                };
                entries.push((mask, Some(sid)));
            } else if simple
                || matches!(
                    header.AceType,
                    ALLOWED_COMPOUND | ALLOWED_OBJECT | ALLOWED_CALLBACK_OBJECT
                )
            {
                entries.push((u32::MAX, None));
            }
        }
        Ok(Some(entries))
    }
}

/// A SID in its usual form, such as `S-1-5-18`.
///
/// # Safety
/// The pointer must be to a SID.
unsafe fn text_of(sid: PSID) -> io::Result<String> {
    let mut text: *mut u16 = null_mut();
    // SAFETY: the caller vouches for the SID; `text` receives memory that is freed below.
    if unsafe { ConvertSidToStringSidW(sid, &mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let _memory = Local(text.cast());
    // SAFETY: the text is terminated, and nobody changes it while it is read.
    let units = unsafe {
        let mut len = 0;
        while *text.add(len) != 0 {
            len += 1;
        }
        std::slice::from_raw_parts(text, len)
    };
    Ok(String::from_utf16_lossy(units))
}

/// The SID of the user that this process runs as.
fn current_user() -> io::Result<String> {
    let mut token = null_mut();
    // SAFETY: the pseudo handle is valid, and `token` receives a handle.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so the handle is open and owned by nobody else.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // Room for the structure and the largest SID behind it, aligned as the structure is.
    let mut room = [0u64; (size_of::<TOKEN_USER>() + SECURITY_MAX_SID_SIZE as usize).div_ceil(8)];
    let mut size = 0;
    // SAFETY: the handle is open, and the room is as large as is said.
    let got = unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            room.as_mut_ptr().cast(),
            size_of_val(&room) as u32,
            &mut size,
        )
    };
    if got == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has written the structure, whose SID is in the room behind it.
    unsafe { text_of((*room.as_ptr().cast::<TOKEN_USER>()).User.Sid) }
}

/// Whether this process has the rights of the administrators, not only their membership.
fn is_administrator() -> io::Result<bool> {
    let mut sid = [0u32; (SECURITY_MAX_SID_SIZE as usize).div_ceil(4)];
    let mut size = SECURITY_MAX_SID_SIZE;
    let sid: PSID = sid.as_mut_ptr().cast();
    let mut member = 0;
    // SAFETY: the room is as large as is said; a null token stands for the current one.
    let asked = unsafe {
        CreateWellKnownSid(WinBuiltinAdministratorsSid, null_mut(), sid, &mut size) != 0
            && CheckTokenMembership(null_mut(), sid, &mut member) != 0
    };
    match asked {
        true => Ok(member != 0),
        false => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Security::SetFileSecurityW;

    use super::*;

    #[test]
    fn nobody_else_can_change_what_was_made_protected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        create_protected(&path).unwrap();
        assert_eq!(who_else_can_change(&path).unwrap(), None);
        std::fs::write(path.join("file"), "x").unwrap();
        assert_eq!(who_else_can_change(&path.join("file")).unwrap(), None);
        for above in path.ancestors().skip(1) {
            assert_eq!(who_else_can_replace(above).unwrap(), None, "{above:?}");
        }
        assert!(create_protected(&path).is_err(), "it exists");
    }

    #[test]
    fn what_everybody_can_change_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "x").unwrap();
        let open = descriptor("D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)").unwrap();
        let name = wide(&path);
        // SAFETY: the name is terminated, and the descriptor is still there.
        let set = unsafe { SetFileSecurityW(name.as_ptr(), DACL_SECURITY_INFORMATION, open.0) };
        assert_ne!(set, 0);
        let found = who_else_can_change(&path).unwrap().unwrap();
        assert!(found.contains("S-1-1-0"), "{found}");
        assert!(who_else_can_replace(&path).unwrap().is_some());
    }

    #[test]
    fn what_is_not_there_has_no_owner() {
        assert!(who_else_can_change(Path::new(r"C:\no\such\file")).is_err());
    }
}
