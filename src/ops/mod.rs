//! What the administrator of a machine decides and keeps: which packages may be used.
//!
//! [`policy`] is pure: it decides about facts. [`trust`] is the folder on disk that holds
//! keys, policy and state; its [`Guard`](trust::Guard) is the authority that
//! [`verify`](crate::package::verify) asks.

pub mod policy;
pub mod trust;
