//! The operating system boundary.
