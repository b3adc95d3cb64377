//! What no input may cause: a panic that nobody catches, or more memory than its size
//! justifies. Time is libFuzzer's business (`-timeout`).

use std::alloc::System;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cap::Cap;

/// Counts what is allocated; past the limit an allocation fails, which ends the program.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Memory that may be in use for any input, in bytes.
const ANYWAY: usize = 24 << 20;
/// Memory that may be in use for each byte of the input.
const PER_BYTE: usize = 96;

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps quiet about panics until it is known that nobody catches them: `hotpatch` catches
/// those of the crate that reads PDBs.
pub fn report_uncaught_panics_only() {
    std::panic::set_hook(Box::new(|panic| {
        LAST_PANIC.with_borrow_mut(|last| *last = panic.to_string());
    }));
}

/// Says that the target reads this many bytes more than its input has, such as a file that
/// the input only edits.
pub fn reads(bytes: usize) {
    MEMORY
        .set_limit(MEMORY.limit().saturating_add(bytes * PER_BYTE))
        .expect("a limit that only grows");
}

/// Runs a target over an input of this many bytes.
pub fn run(bytes: usize, target: impl FnOnce()) {
    let limit = MEMORY.allocated() + ANYWAY + bytes * PER_BYTE;
    MEMORY.set_limit(limit).expect("a limit above what is used");
    let result = catch_unwind(AssertUnwindSafe(target));
    MEMORY.set_limit(usize::MAX).expect("no limit");
    if result.is_err() {
        eprintln!("{}", LAST_PANIC.with_borrow(String::clone));
        std::process::abort();
    }
}
