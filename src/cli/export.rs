//! `hotpatch export`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::output;
use super::package_arg::PackageArgs;
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::package::{Package, Verified};
use crate::report::export::{ExportReport, Issuer, Product, in_toto, openvex};
use crate::report::sanitize::line;
use crate::report::{out, time};

/// Say where a package comes from, or what it fixes, in a standard format
///
/// Verifies the package first, as `hotpatch verify` does. Without -o the document goes to
/// standard output. It is not signed: put it into an envelope with a tool for that format.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    package: PackageArgs,
    /// The format
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    kind: Kind,
    /// File for the document
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With --as in-toto: URI of whoever ran the build, such as a CI system
    #[arg(long, value_name = "URI")]
    builder_id: Option<String>,
    /// With --as openvex: package URL of what is fixed, by default that of the image with the
    /// patch in it
    #[arg(long, value_name = "PURL")]
    product: Option<String>,
    /// With --as openvex: who says it
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// With --as openvex: when it is said, as 2026-02-28T23:59:59Z, by default
    /// $SOURCE_DATE_EPOCH, else now
    #[arg(long, value_name = "TIME")]
    timestamp: Option<String>,
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// in-toto Statement v1 with SLSA provenance v1: where the package comes from
    InToto,
    /// OpenVEX 0.2.0: which vulnerabilities are fixed where the package is active
    Openvex,
}

impl ExportArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        self.check()?;
        let package = self.package.load()?;
        let (kind, document) = match self.kind {
            Kind::InToto => ("in-toto", in_toto(&package, self.builder_id.as_deref())),
            Kind::Openvex => ("openvex", self.openvex(&package)?),
        };
        let text = out::json_text(&document)?;
        let Some(path) = &self.output else {
            out::print_text(&text)?;
            return Ok(Exit::Done);
        };
        output::write(path, text.as_bytes(), [self.package.package.as_path()])?;
        let report = report(kind, path, text.as_bytes());
        match global.format {
            Format::Text => out::print_text(&format!("wrote {} ({kind})\n", line(&report.path)))?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    /// Refuses options of the other format, and values that would spoil the document.
    fn check(&self) -> Result<(), Failure> {
        let vex = self.kind == Kind::Openvex;
        let misplaced = [
            ("--builder-id", self.builder_id.is_some() && vex),
            ("--product", self.product.is_some() && !vex),
            ("--author", self.author.is_some() && !vex),
            ("--timestamp", self.timestamp.is_some() && !vex),
        ];
        if let Some((option, _)) = misplaced.iter().find(|(_, wrong)| *wrong) {
            return Err(usage(format!("{option} is for the other format")));
        }
        let uri = |text: &str, start: &str| {
            text.starts_with(start)
                && text.contains(':')
                && text.bytes().all(|b| b.is_ascii_graphic())
        };
        if self.product.as_deref().is_some_and(|p| !uri(p, "pkg:")) {
            return Err(usage("--product is not a package URL".to_owned())
                .hint("such as pkg:generic/server@1.2.3"));
        }
        if self.builder_id.as_deref().is_some_and(|id| !uri(id, "")) {
            return Err(usage("--builder-id is not a URI".to_owned()));
        }
        if self
            .timestamp
            .as_deref()
            .is_some_and(|t| !time::is_rfc3339_utc(t))
        {
            return Err(usage("--timestamp is not a time in UTC".to_owned())
                .hint("such as 2026-02-28T23:59:59Z"));
        }
        Ok(())
    }

    fn openvex(&self, package: &Verified<Package>) -> Result<Value, Failure> {
        let issuer = Issuer {
            author: self
                .author
                .clone()
                .unwrap_or_else(|| "Unknown Author".to_owned()),
            timestamp: match &self.timestamp {
                Some(timestamp) => timestamp.clone(),
                None => now()?,
            },
        };
        let product = match &self.product {
            Some(purl) => Product::Named(purl.clone()),
            None => Product::Patched,
        };
        openvex(package, &product, &issuer).ok_or_else(|| {
            let path = self.package.package.display();
            Failure::from(anyhow!("{path} names no CVE that it fixes"))
                .hint("name them when the package is built: hotpatch build --cve CVE")
        })
    }
}

fn report(kind: &'static str, path: &Path, bytes: &[u8]) -> ExportReport {
    ExportReport {
        schema: "hotpatch.export/1",
        kind,
        path: path.display().to_string(),
        size: bytes.len(),
        sha256: hex::encode(Sha256::digest(bytes)),
    }
}

/// `$SOURCE_DATE_EPOCH` (seconds since 1970), else now.
fn now() -> Result<String, Failure> {
    const VARIABLE: &str = "SOURCE_DATE_EPOCH";
    // Within the four digits that a year has.
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = match std::env::var(VARIABLE) {
        Ok(text) => text
            .parse()
            .ok()
            .filter(|s| *s < YEAR_10000)
            .ok_or_else(|| {
                usage(format!(
                    "${VARIABLE} is {text:?} and not a number of seconds"
                ))
            })?,
        Err(_) => {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.unwrap_or(Duration::ZERO).as_secs()
        }
    };
    Ok(time::rfc3339(seconds * 1000))
}

fn usage(text: String) -> Failure {
    Failure::new(Exit::Usage, anyhow!(text))
}
