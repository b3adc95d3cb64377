//! Panics of the crate that reads PDBs.
//!
//! It asserts on some malformed records. A damaged file must be an error like any other, and
//! what a panic prints is no message for the user.

use std::cell::Cell;
use std::panic::{UnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::SymbolsError;

thread_local! {
    // On some targets the lint does not see that it is constant.
    #[allow(clippy::missing_const_for_thread_local)]
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Reads something with the crate; a panic of it is [`SymbolsError::Damaged`] and prints
/// nothing. All other panics of the program go where they went before.
pub fn catch<T>(
    read: impl FnOnce() -> Result<T, SymbolsError> + UnwindSafe,
) -> Result<T, SymbolsError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !READING.try_with(Cell::get).unwrap_or(false) {
                report(panic);
            }
        }));
    });
    let outer = READING.replace(true);
    let result = catch_unwind(read);
    READING.set(outer);
    result.unwrap_or(Err(SymbolsError::Damaged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let result = catch::<()>(|| panic!("a record that nobody expected"));
        assert!(matches!(result, Err(SymbolsError::Damaged)));
        assert_eq!(catch(|| Ok(7)).ok(), Some(7));
        assert!(!READING.get());
    }
}
