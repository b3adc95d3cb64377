//! The report of `hotpatch build`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::diff::{DiffReport, VerdictReport};
use super::sanitize::line;

/// What was built, or why nothing was.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BuildReport {
    /// `hotpatch.build/1`
    pub schema: &'static str,
    /// The verdict.
    pub verdict: VerdictReport,
    /// Functions that the package replaces, by name.
    pub functions: Vec<String>,
    /// The package; null where none was written.
    pub package: Option<BuiltPackage>,
}

/// A package that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BuiltPackage {
    /// Where it is.
    pub path: String,
    /// Id of the patch.
    pub id: String,
    /// SHA-256 of the file as hex.
    pub sha256: String,
    /// Length of the file in bytes.
    pub size: usize,
    /// Length of the payload in bytes.
    pub payload_size: usize,
}

impl BuildReport {
    /// The report about a package, or about its refusal.
    pub fn new(
        verdict: VerdictReport,
        functions: Vec<String>,
        package: Option<BuiltPackage>,
    ) -> Self {
        BuildReport {
            schema: "hotpatch.build/1",
            verdict,
            functions,
            package,
        }
    }

    /// The report for a person; a refusal shows the whole comparison.
    pub fn text(&self, comparison: &DiffReport) -> String {
        let Some(package) = &self.package else {
            return format!("No package was written.\n{}", comparison.text());
        };
        let mut text = format!(
            "Built {} ({}, {} bytes, payload {} bytes)\n  sha256  {}\n",
            line(&package.path),
            line(&package.id),
            package.size,
            package.payload_size,
            package.sha256
        );
        for name in &self.functions {
            let _ = writeln!(text, "  replaces {}", line(name));
        }
        text.push_str(&self.verdict.findings_text());
        text
    }
}
