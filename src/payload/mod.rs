//! The payload: a standard COFF object with the replacement code.

pub mod names;
