//! Placeholder while the spine is laid.

pub mod authenticode;
