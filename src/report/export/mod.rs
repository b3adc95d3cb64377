//! What a package says about its origin and about vulnerabilities, in the words of others.

mod in_toto;
mod machine_vex;
mod openvex;

pub use in_toto::in_toto;
pub use machine_vex::machine_openvex;
pub use openvex::{Issuer, Product, openvex};

use schemars::JsonSchema;
use serde::Serialize;

/// What names in these documents that no registry gives out begin with. They are names, and
/// lead nowhere.
const NAMES: &str = "urn:hotpatch";

/// A document that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportReport {
    /// `hotpatch.export/1`
    pub schema: &'static str,
    /// `in-toto` or `openvex`.
    #[serde(rename = "as")]
    pub kind: &'static str,
    /// The file.
    pub path: String,
    /// Its size in bytes.
    pub size: usize,
    /// SHA-256 of it as hex.
    pub sha256: String,
}
