//! The package: manifest and payload in one signed file.

pub mod manifest;
