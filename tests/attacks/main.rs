//! Attacks by name. Each is tried on the real program, with a store that an administrator
//! would have made with it, and each test first shows that the honest package passes.

#[path = "../support/mod.rs"]
mod common;
mod desk;
mod files;
#[path = "../package/hpk.rs"]
mod hpk;
mod package;
mod store;
mod time;
