//! The faces of a result: readable text and JSON, from one model per report.

pub mod audit;
pub mod build;
pub mod completions;
pub mod coverage;
pub mod diff;
pub mod explain;
pub mod export;
pub mod fleet;
pub mod gate;
pub mod hooks;
pub mod inspect;
pub mod keygen;
pub mod listing;
pub mod machine;
pub mod man;
pub mod metrics;
pub mod out;
pub mod package;
pub mod policy;
pub mod proof;
pub mod rollout;
pub mod sanitize;
pub mod schema;
pub mod sign;
pub mod startup;
pub mod status;
pub mod store;
pub mod sync;
pub mod table;
pub mod target;
pub mod targets;
pub mod time;
pub mod trust;
pub mod verify;
pub mod withdraw;

/// Functions listed one by one; of more, only how many there are is said.
const LISTED: usize = 200;
