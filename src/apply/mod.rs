//! Applies a verified package to a process, and takes it out again.
//!
//! Written against the [`Target`](target::Target) trait, so that everything but the
//! operating system's calls is tested without a process.
//!
//! # The protocol of `apply`
//!
//! 1. [`preflight`]: everything that can be known before anything is written.
//! 2. [`install`]: allocate the region, write the [`record`], link and write the payload,
//!    look up its [`imports`], seal its pages, register its unwind table. No old code can reach any of it yet.
//! 3. [`quiesce`]: freeze the target at a moment in which no thread is inside a function
//!    that is to be replaced.
//! 4. In the frozen window: redirect the entries (each redirect is neutral, for the gates
//!    send every call to the old code), read them back, and write the one byte that
//!    switches the whole set. Thaw.
//!
//! # The protocol of `revert`
//!
//! 1. [`survey`]: find the record, and see what the patch does right now.
//! 2. Freeze at a moment in which no thread is inside the payload; write the one byte;
//!    restore the entries; thaw.
//! 3. See once more that no thread is inside the payload, take the unwind table out, free.
//!
//! # Should `hotpatch` die
//!
//! At any moment, the target runs wholly old or wholly new code: old until the one byte is
//! written, new after. [`repair`] is what remains to be done, and is run by a watchdog.
//! Should that die too, the target stays frozen (where the system lets it go by itself, only
//! while pages of it can't run), and [`recover`] does it when `hotpatch` is
//! run the next time.

use std::time::{SystemTime, UNIX_EPOCH};

mod blueprint;
pub mod consent;
pub mod entries;
pub mod fault;
mod held;
mod hooks;
pub mod imports;
pub mod install;
pub mod link;
pub mod loaded;
pub mod outcome;
mod payload_zones;
pub mod place;
pub mod pointers;
pub mod preflight;
pub mod proof;
pub mod quiesce;
pub mod record;
pub mod recover;
mod relays;
mod release;
mod remote;
mod remove;
pub mod repair;
mod revert;
pub mod survey;
pub mod target;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod versions;

pub use install::apply;
pub use outcome::{ApplyError, Options, Outcome, Summary, exit_for};
pub use preflight::Preflight;
pub use revert::{clear_up, revert, rollback};

/// Now, in milliseconds since 1970.
fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// What a record names as the program that wrote it.
fn applied_by() -> String {
    concat!("hotpatch ", env!("CARGO_PKG_VERSION")).to_owned()
}
