//! Applies a verified package to a process, and takes it out again.

pub mod link;
pub mod target;
