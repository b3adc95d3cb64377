//! The faces of a result: readable text and JSON, from one model per report.

pub mod out;
pub mod sanitize;
