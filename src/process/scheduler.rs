//! Task Scheduler, by the program that Windows has for it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use windows_sys::Win32::Foundation::MAX_PATH;
use windows_sys::Win32::System::SystemInformation::GetSystemDirectoryW;

/// Registers the task that a file describes, in the place of one of this name, which is ended.
///
/// # Errors
/// What Windows says where it refuses.
pub fn register(name: &str, xml: &Path) -> io::Result<()> {
    end(name)?;
    let mut command = schtasks()?;
    command
        .args(["/Create", "/TN", name, "/F", "/XML"])
        .arg(xml);
    run(command)
}

/// Ends and deletes the task of this name.
///
/// # Errors
/// What Windows says where it refuses, or there is none.
pub fn delete(name: &str) -> io::Result<()> {
    end(name)?;
    let mut command = schtasks()?;
    command.args(["/Delete", "/TN", name, "/F"]);
    run(command)
}

/// Whether there is a task of this name; `None` where that can't be seen.
pub fn is_registered(name: &str) -> Option<bool> {
    let folder = system_folder().ok()?.join("Tasks");
    folder.join(name).try_exists().ok()
}

/// Ends what a task runs. One that does not run can't be ended, and says no more.
fn end(name: &str) -> io::Result<()> {
    let mut command = schtasks()?;
    command.args(["/End", "/TN", name]);
    let _ = run(command);
    Ok(())
}

fn schtasks() -> io::Result<Command> {
    let mut command = Command::new(system_folder()?.join("schtasks.exe"));
    command.stdin(Stdio::null());
    Ok(command)
}

fn run(mut command: Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(io::Error::other(format!(
        "schtasks.exe ended with {}: {said}",
        output.status
    )))
}

/// The folder of Windows' own programs.
fn system_folder() -> io::Result<PathBuf> {
    use std::os::windows::ffi::OsStringExt;
    let mut path = [0; MAX_PATH as usize];
    // SAFETY: the buffer is as long as is said.
    let length = unsafe { GetSystemDirectoryW(path.as_mut_ptr(), path.len() as u32) } as usize;
    match path.get(..length) {
        Some([]) => Err(io::Error::last_os_error()),
        Some(path) => Ok(std::ffi::OsString::from_wide(path).into()),
        None => Err(io::Error::other(
            "the path of the system's folder is too long",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::startup::Task;

    // Asks the system's Task Scheduler, and as an administrator. `tests/windows.ps1` runs it.
    #[test]
    #[ignore = "the Task Scheduler of Wine is not to be had in each prefix: its rpcss may end"]
    fn a_task_comes_and_goes() {
        let name = format!(r"hotpatch\test-{}", std::process::id());
        let folder = tempfile::tempdir().unwrap();
        let xml = folder.path().join("task.xml");
        let task = Task::new(r"C:\no such\program.exe", &["a \"b\"".to_owned()]);
        std::fs::write(&xml, task.xml().unwrap()).unwrap();
        assert_eq!(is_registered(&name), Some(false));
        register(&name, &xml).unwrap();
        // In the place of an earlier one.
        register(&name, &xml).unwrap();
        assert_eq!(is_registered(&name), Some(true));
        delete(&name).unwrap();
        assert_eq!(is_registered(&name), Some(false));
        assert!(delete(&name).is_err());
        let nonsense = folder.path().join("nonsense.xml");
        std::fs::write(&nonsense, "<Task>").unwrap();
        assert!(register(&name, &nonsense).is_err());
    }
}
