//! All processes.

use std::io;

use windows_sys::Win32::System::ProcessStatus::K32EnumProcesses;

/// The ids of all processes, ascending, without this one.
///
/// # Errors
/// Where the system doesn't list them.
pub fn pids() -> io::Result<Vec<u32>> {
    let mut list = vec![0u32; 1024];
    loop {
        let bytes = size_of_val(list.as_slice()) as u32;
        let mut used = 0;
        // SAFETY: the list has room for `bytes` bytes.
        if unsafe { K32EnumProcesses(list.as_mut_ptr(), bytes, &mut used) } == 0 {
            return Err(io::Error::last_os_error());
        }
        if used < bytes {
            list.truncate(used as usize / size_of::<u32>());
            list.retain(|pid| *pid != 0 && *pid != std::process::id());
            list.sort_unstable();
            return Ok(list);
        }
        list.resize(list.len() * 2, 0);
    }
}
