//! The modules of another process.

use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{ERROR_PARTIAL_COPY, HMODULE};
use windows_sys::Win32::System::ProcessStatus::{
    K32EnumProcessModulesEx, K32GetModuleFileNameExW, K32GetModuleInformation, LIST_MODULES_64BIT,
    MODULEINFO,
};

use crate::addr::Va;
use crate::apply::target::{Module, TargetError};

const ACTION: &str = "list the modules of the target";

/// The modules in load order.
pub fn modules(process: &OwnedHandle) -> Result<Vec<Module>, TargetError> {
    let handles = handles(process)?;
    // A module may be unloaded between the two calls: then it isn't one any more.
    Ok(handles
        .into_iter()
        .filter_map(|h| describe(process, h))
        .collect())
}

fn handles(process: &OwnedHandle) -> Result<Vec<HMODULE>, TargetError> {
    let mut list: Vec<HMODULE> = vec![std::ptr::null_mut(); 256];
    let mut tries = 20;
    loop {
        let bytes = size_of_val(list.as_slice()) as u32;
        let mut needed = 0;
        // SAFETY: the list has room for `bytes` bytes.
        let ok = unsafe {
            K32EnumProcessModulesEx(
                process.as_raw_handle(),
                list.as_mut_ptr(),
                bytes,
                &mut needed,
                LIST_MODULES_64BIT,
            )
        } != 0;
        if !ok {
            let source = io::Error::last_os_error();
            // The process is loading or unloading one at this moment.
            let partial = source.raw_os_error() == Some(ERROR_PARTIAL_COPY as i32);
            if partial && tries > 0 {
                tries -= 1;
                std::thread::sleep(Duration::from_millis(10));
                continue;
            }
            return Err(TargetError::System {
                action: ACTION,
                source,
            });
        }
        let count = needed as usize / size_of::<HMODULE>();
        if count <= list.len() {
            list.truncate(count);
            return Ok(list);
        }
        list.resize(count + 16, std::ptr::null_mut());
    }
}

fn describe(process: &OwnedHandle, module: HMODULE) -> Option<Module> {
    let mut path = vec![0u16; 32_768];
    let room = path.len() as u32;
    let raw = process.as_raw_handle();
    // SAFETY: the buffer has room for as many characters as is passed.
    let len = unsafe { K32GetModuleFileNameExW(raw, module, path.as_mut_ptr(), room) };
    let mut info = MODULEINFO {
        lpBaseOfDll: std::ptr::null_mut(),
        SizeOfImage: 0,
        EntryPoint: std::ptr::null_mut(),
    };
    let size = size_of_val(&info) as u32;
    // SAFETY: the structure has the size that is passed.
    let known = unsafe { K32GetModuleInformation(raw, module, &mut info, size) } != 0;
    if len == 0 || !known {
        return None;
    }
    let path = String::from_utf16_lossy(&path[..len as usize]);
    Some(Module {
        name: path.rsplit(['\\', '/']).next().unwrap_or(&path).to_owned(),
        path,
        base: Va(info.lpBaseOfDll as usize as u64),
        size: info.SizeOfImage,
    })
}
