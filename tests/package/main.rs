//! Packages and keys, through the program and through the library.

mod bits;
mod completions;
mod dsc;
mod explain;
mod export;
mod fleet;
mod hostile;
mod hpk;
mod inspect;
mod keys;
mod man;
#[cfg(target_os = "linux")]
mod openssl;
mod packages;
#[cfg(target_os = "linux")]
mod prompt;
mod rollout;
mod sign;
mod startup;
mod store;
mod support;
mod trust;
mod withdraw;
