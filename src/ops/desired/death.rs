//! Whether a process that was patched a moment ago ended because of that, as far as its exit code
//! tells.

/// The last that ends a console program by Ctrl-C.
const CONTROL_C_EXIT: u32 = 0xc000_013a;
/// A program that is started while the user logs off ends so.
const DLL_INIT_FAILED_LOGOFF: u32 = 0xc000_026b;

/// Whether an exit code is that of an exception that nobody handled: the system ends a process
/// with its code, which is an error of the kind `NTSTATUS`.
pub fn is_exception(exit_code: u32) -> bool {
    let is_error = exit_code >> 28 == 0xc || exit_code >> 28 == 0xe;
    is_error && ![CONTROL_C_EXIT, DLL_INIT_FAILED_LOGOFF].contains(&exit_code)
}

#[cfg(test)]
mod tests {
    use super::is_exception;

    #[test]
    fn exceptions_are_told_from_ends() {
        // An access violation, an illegal instruction, a corrupted heap, `__fastfail`, C++.
        for code in [
            0xc000_0005,
            0xc000_001d,
            0xc000_0374,
            0xc000_0409,
            0xe06d_7363,
        ] {
            assert!(is_exception(code), "{code:#x}");
        }
        // An end, a failure, a kill from the task manager, Ctrl-C, a debugger's, -1.
        for code in [0, 1, 3, 259, 0x4001_0004, 0xc000_013a, u32::MAX] {
            assert!(!is_exception(code), "{code:#x}");
        }
    }
}
