//! What a machine on which patches are applied decides and keeps: which packages may be used,
//! and who did what, and when.
//!
//! [`policy`] is pure: it decides about facts. [`trust`] is the folder on disk that holds
//! keys, policy and state; its [`Guard`](trust::Guard) is the authority that
//! [`verify`](crate::package::verify) asks. [`audit`] is the log of all attempts. [`store`] is
//! the folder with the packages that the machine's processes should have, and [`desired`] says
//! of a process what it has, what it should have, and what is to be done. [`dsc`] is that in the
//! words of a DSC resource. [`withdrawal`] is a list of packages that their makers have taken back,
//! [`gate`] says by the reports of one ring of machines whether the next may begin, and [`fleet`]
//! what the reports of all machines say together. [`startup`] is the task that runs `sync` from the
//! start of a machine on.

pub(crate) mod access;
pub mod audit;
pub mod desired;
pub mod dsc;
pub mod fleet;
pub mod gate;
mod lock;
pub mod policy;
pub mod startup;
pub mod store;
pub mod trust;
pub mod withdrawal;

pub use access::AccessError;
