//! Which folders this process loads libraries from.

use windows_sys::Win32::System::LibraryLoader::{
    LOAD_LIBRARY_SEARCH_SYSTEM32, SetDefaultDllDirectories,
};

/// From now on libraries are loaded from the system's folder only, not from the folder of
/// this program (a download folder, perhaps), the current one or those of `PATH`.
///
/// What the program itself imports has been loaded before its first instruction: the linker
/// option `/DEPENDENTLOADFLAG:0x800` says the same about those, see `.cargo/config.toml`.
pub fn only_from_system() {
    // SAFETY: takes a number. Should the system not know it, nothing has changed.
    unsafe { SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32) };
}
