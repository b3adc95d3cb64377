//! Which packages may be used here: the administrator's policy, and the decision.
//!
//! Everything here is pure. [`Policy`] is what the file `policy.toml` says, [`State`] what
//! this machine has seen, and [`decide`] says of a package, check by check, whether it is
//! allowed.

mod admission;
mod decide;
mod decision;
mod file;
mod later;
mod pattern;
mod revoked;
mod rollout;
mod signatures;
mod state;
mod sync;
mod window;
mod withdrawal;

pub use admission::{Admission, Incoming, Turn, admit};
pub(super) use decide::set_back;
pub use decide::{Facts, Now, Trusted, decide};
pub use decision::{Check, Decision, Outcome, Verdict};
pub(super) use file::place;
pub use file::{FORMAT, KeyEntry, Policy, PolicyError, Rule};
pub use later::allowed_from;
pub use revoked::Revocation;
pub use rollout::{Approval, Ring, Rollout};
pub use signatures::{Role, Threshold};
pub use state::{State, StateError};
pub use sync::SyncPolicy;
pub use window::{Clock, Day, TimeOfDay, Window};
pub use withdrawal::{Withdrawal, may_withdraw};
