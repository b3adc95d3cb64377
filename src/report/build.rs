//! The report of `hotpatch build`.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::diff::{DiffReport, VerdictReport};
use super::sanitize::line;
use crate::addr::Rva;
use crate::finding::FindingReport;

/// What was built, or why nothing was.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BuildReport {
    /// `hotpatch.build/1`
    pub schema: &'static str,
    /// The verdict.
    pub verdict: VerdictReport,
    /// Functions that the package replaces, by name.
    pub functions: Vec<String>,
    /// Functions that stay: with `--all-functions` those that can't be moved, else those that
    /// differ in nothing but the version and that the author leaves out.
    pub left_out: Vec<LeftOut>,
    /// The package; null where none was written.
    pub package: Option<BuiltPackage>,
    /// The skeleton of hooks and attached variables; null where none was asked for.
    pub hooks_template: Option<WrittenTemplate>,
}

/// A skeleton that was written (`--hooks-template`).
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenTemplate {
    /// Where it is.
    pub path: String,
    /// The types whose new members it attaches to objects.
    pub types: Vec<String>,
    /// How many members these are.
    pub members: usize,
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

/// A function that could not be moved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Name in the PDB's procedure record, or the public name.
    pub name: String,
    /// Where it is.
    pub rva: Rva,
    /// Whether the PDB has a procedure record for it: it was compiled, not assembled.
    pub from_source: bool,
    /// Why.
    pub findings: Vec<FindingReport>,
}

/// Names shown for each reason.
const SHOWN: usize = 8;

impl BuildReport {
    /// The report about a package, or about its refusal.
    pub fn new(
        verdict: VerdictReport,
        functions: Vec<String>,
        left_out: Vec<LeftOut>,
        package: Option<BuiltPackage>,
        hooks_template: Option<WrittenTemplate>,
    ) -> Self {
        BuildReport {
            schema: "hotpatch.build/1",
            verdict,
            functions,
            left_out,
            package,
            hooks_template,
        }
    }

    /// The report for a person; a refusal shows the whole comparison.
    pub fn text(&self, comparison: &DiffReport) -> String {
        let Some(package) = &self.package else {
            let template = self.template_text();
            return format!("No package was written.\n{template}{}", comparison.text());
        };
        let mut text = format!(
            "Built {} ({}, {} bytes, payload {} bytes)\n  sha256  {}\n",
            line(&package.path),
            line(&package.id),
            package.size,
            package.payload_size,
            package.sha256
        );
        if self.functions.len() > super::LISTED {
            let _ = writeln!(text, "  replaces {} functions", self.functions.len());
        } else {
            for name in &self.functions {
                let _ = writeln!(text, "  replaces {}", line(name));
            }
        }
        text.push_str(&self.template_text());
        text.push_str(&self.left_out_text());
        text.push_str(&self.verdict.findings_text());
        text
    }

    /// The skeleton that was written.
    fn template_text(&self) -> String {
        let Some(written) = &self.hooks_template else {
            return String::new();
        };
        let path = line(&written.path);
        let types: Vec<_> = written.types.iter().map(|t| line(t)).collect();
        match written.types.as_slice() {
            [] => format!("Wrote {path}: hooks; no type with known members has another layout.\n"),
            _ => format!(
                "Wrote {path}: hooks, and {} new members to attach to objects of {}. \
                 Write the fix with it and build that.\n",
                written.members,
                types.join(", ")
            ),
        }
    }

    /// What stays where it is, by its first reason.
    fn left_out_text(&self) -> String {
        let mut reasons: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for function in &self.left_out {
            if let Some(finding) = function.findings.first() {
                let names = reasons.entry((finding.code, finding.title)).or_default();
                names.push(&function.name);
            }
        }
        let mut text = String::new();
        if !reasons.is_empty() {
            let _ = writeln!(text, "  leaves {} where they are:", self.left_out.len());
        }
        for ((code, title), names) in reasons {
            let shown: Vec<_> = names.iter().take(SHOWN).map(|n| line(n)).collect();
            let more = names.len().saturating_sub(SHOWN);
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "    {code} {title} ({}): {}{rest}",
                names.len(),
                shown.join(", ")
            );
        }
        text
    }
}
