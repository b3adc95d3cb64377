//! The report of `hotpatch man`.

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;

/// Manual pages that were written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ManReport {
    /// `hotpatch.man/1`
    pub schema: &'static str,
    /// The folder.
    pub folder: String,
    /// The names of the files.
    pub files: Vec<String>,
}

impl ManReport {
    /// The report as text.
    pub fn text(&self) -> String {
        let (count, folder) = (self.files.len(), line(&self.folder));
        format!("wrote {count} manual pages to {folder}; begin with hotpatch.1\n")
    }
}
