//! The report of `hotpatch completions`.

use schemars::JsonSchema;
use serde::Serialize;

/// A script that makes a shell complete the command line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CompletionsReport<'a> {
    /// `hotpatch.completions/1`
    pub schema: &'static str,
    /// The shell, such as `bash`.
    pub shell: String,
    /// The name under which the shell looks for the script.
    pub file_name: String,
    /// The script.
    pub script: &'a str,
}
