//! What a process should have, what it has, and what is to be done about it.
//!
//! Everything here is pure: [`judge`] takes what was seen of one process ([`facts`]), the
//! packages of the store ([`Candidate`]), and what the administrator decided, and answers with a
//! [`Verdict`]: one word ([`State`]) with a reason and a remedy, and the packages to apply. Only
//! whether a package could be applied is asked for where that matters, by a function that the
//! caller gives.
//!
//! # What is desired
//!
//! Of the packages that are for a loaded build and of one product, those with the highest
//! sequence that may be applied: not held, not withdrawn, and allowed by the trust store and its
//! policy. A package that is active already is never taken out again for that, but where the
//! list that withdraws it says so.

mod candidate;
mod cves;
mod death;
pub mod facts;
mod judge;
mod line;
mod look;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod verdict;
mod withdrawn;

pub use candidate::{Candidate, Permit};
pub use death::is_exception;
pub use judge::judge;
pub use look::{look, of_findings, probe};
pub use settings::Settings;
pub use state::State;
pub use verdict::{OnDisk, OpenCve, PackageVerdict, Probe, Removal, Verdict};
