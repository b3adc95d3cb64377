//! What a machine on which patches are applied decides and keeps: which packages may be used,
//! and who did what, and when.
//!
//! [`policy`] is pure: it decides about facts. [`trust`] is the folder on disk that holds
//! keys, policy and state; its [`Guard`](trust::Guard) is the authority that
//! [`verify`](crate::package::verify) asks. [`audit`] is the log of all attempts.

mod access;
pub mod audit;
mod lock;
pub mod policy;
pub mod trust;

pub use access::AccessError;
