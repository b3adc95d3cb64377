//! `hotpatch` fixes a running Windows program without restarting it.
//!
//! Data flows one way; every stage takes the value of the stage before it and
//! returns its own:
//!
//! ```text
//! image → symbols → function → diff → plan → payload → package → apply → process
//! ```
//!
//! [`account`] stands between the last two that compare: a plan asks it whether every byte in
//! which the builds differ has an explanation.
//!
//! `ops` says what an administrator allows: the trust store, its policy, and what was seen.
//!
//! Everything left of [`process`] is pure (bytes in, value out) and runs on every
//! platform. Only [`process`] talks to the operating system, and only there is
//! `unsafe` allowed.

pub mod account;
pub mod addr;
pub mod apply;
pub mod cli;
pub mod diff;
pub mod exit;
pub mod finding;
pub mod function;
pub mod image;
pub mod moment;
pub mod ops;
pub mod package;
pub mod payload;
pub mod plan;
pub mod process;
pub mod report;
pub mod symbols;
