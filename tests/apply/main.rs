//! `check`, `apply`, `status` and `revert` on real processes.
//!
//! Everything goes through the real program. On Linux these tests don't exist; they are
//! built for Windows and run under Wine (see `tests/wine/run.sh`) or on Windows itself.

#![cfg(windows)]

mod audit;
mod busy;
mod death;
mod dsc;
mod hotpatch;
mod lifecycle;
mod load;
mod machine;
mod package;
mod proof;
mod refusal;
#[path = "../support/start.rs"]
mod start;
mod startup;
mod sync;
mod target;
mod tool;
mod trust;
mod withdraw;
