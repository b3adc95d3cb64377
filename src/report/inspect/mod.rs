//! The report of `hotpatch inspect`.

mod payload;

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::package::{PackageSummary, SignatureReport, field};
use super::sanitize::line;
use crate::package::manifest::Manifest;
pub use payload::{DefinedSymbol, PayloadSummary, SectionSummary, summarise};

/// What a package holds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectReport<'a> {
    /// `hotpatch.inspect/1`
    pub schema: &'static str,
    /// Whether a trusted key signed it; false where no key was given, and then nothing
    /// below can be relied on.
    pub verified: bool,
    /// The package.
    pub package: PackageSummary,
    /// Its signatures.
    pub signatures: Vec<SignatureReport>,
    /// The manifest, with the names that it has in TOML.
    pub manifest: &'a Manifest,
    /// Why `verify` would refuse the manifest; null where it wouldn't.
    pub manifest_problem: Option<String>,
    /// The payload.
    pub payload: PayloadSummary,
    /// Files that were written.
    pub extracted: Vec<Extracted>,
}

/// A file that a part of the package was written to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Extracted {
    /// `payload`, `manifest`, `message` or `signature`.
    pub part: &'static str,
    /// The file.
    pub path: String,
    /// Size in bytes.
    pub size: usize,
}

impl InspectReport<'_> {
    /// The report as text.
    pub fn text(&self) -> String {
        let path = line(&self.package.path);
        let mut text = match self.verified {
            true => format!("{path}: signature verified\n"),
            false => format!(
                "{path}: signature NOT CHECKED against a trusted key (name one with --key); \
                 anybody may have written this\n"
            ),
        };
        self.package.text(&mut text);
        for signature in &self.signatures {
            signature.text(&mut text);
        }
        if let Some(problem) = &self.manifest_problem {
            field(&mut text, "PROBLEM", &line(problem));
        }
        self.patch(&mut text);
        self.target(&mut text);
        self.functions(&mut text);
        self.payload(&mut text);
        for file in &self.extracted {
            let path = line(&file.path);
            let wrote = format!("{} to {path} ({} bytes)", file.part, file.size);
            field(&mut text, "wrote", &wrote);
        }
        text
    }

    fn patch(&self, text: &mut String) {
        let patch = &self.manifest.patch;
        let build = &self.manifest.build;
        for (name, values) in [
            ("fixes", &patch.cves),
            ("supersedes", &patch.supersedes),
            ("requires", &patch.requires),
            ("accepted", &build.accepted_risks),
        ] {
            if !values.is_empty() {
                field(text, name, &line(&values.join(", ")));
            }
        }
        field(text, "builder", &line(&build.builder));
        for (name, value) in [
            ("source", &build.source_repository),
            ("revision", &build.source_revision),
        ] {
            if let Some(value) = value {
                field(text, name, &line(value));
            }
        }
    }

    fn target(&self, text: &mut String) {
        let target = &self.manifest.target;
        let _ = writeln!(text, "\ntarget {}", line(&target.file_name));
        let guid = line(&target.pdb_guid);
        field(text, "pdb", &format!("{guid}, age {}", target.pdb_age));
        field(
            text,
            "image",
            &format!(
                "base {}, size {:#x}, time stamp {:#010x}",
                target.image_base, target.size_of_image, target.time_date_stamp
            ),
        );
        field(text, "sha256", &line(&target.sha256));
    }

    fn functions(&self, text: &mut String) {
        let functions = &self.manifest.functions;
        let _ = writeln!(text, "\nreplaces {} functions", functions.len());
        for one in functions {
            let size: u64 = one.ranges.iter().map(|r| u64::from(r.size)).sum();
            let name = line(&one.name);
            let entry = one.entry.to_string();
            let _ = writeln!(text, "  {entry:<10} {size:#8x} bytes  {name}");
        }
        let externals = &self.manifest.externals;
        let _ = writeln!(text, "\nuses {} places of the image", externals.len());
        for one in externals {
            let rva = one.rva.to_string();
            let _ = writeln!(text, "  {rva:<10} {}", line(&one.symbol));
        }
    }

    fn payload(&self, text: &mut String) {
        let payload = &self.payload;
        let _ = writeln!(
            text,
            "\npayload: {} sections, {} symbols defined, {} undefined, {} relocations",
            payload.sections.len(),
            payload.defined.len(),
            payload.undefined.len(),
            payload.relocations
        );
        if let Some(problem) = &payload.problem {
            field(text, "PROBLEM", &line(problem));
        }
        for section in &payload.sections {
            let _ = writeln!(
                text,
                "  {:<10} {} {:#8x} bytes  {} relocations",
                line(&section.name),
                section.access,
                section.size,
                section.relocations
            );
        }
    }
}
