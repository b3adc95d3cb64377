//! `hotpatch inspect`.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::output;
use super::package_arg::PackageArgs;
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::package::container::{Container, Signature};
use crate::package::{PublicKey, VerifyError, check_manifest, open_unverified};
use crate::report::inspect::{Extracted, InspectReport, summarise};
use crate::report::out;
use crate::report::package::{PackageSummary, SignatureReport};

/// Show what a package holds
///
/// Without --key nothing is said about who made the package. With it, the package has to
/// be signed by that key, as for `verify`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    #[command(flatten)]
    package: PackageArgs,
    /// Write the payload, a COFF object, to this file
    #[arg(long, value_name = "OUT.obj")]
    extract_payload: Option<PathBuf>,
    /// Write the manifest to this file
    #[arg(long, value_name = "OUT.toml")]
    extract_manifest: Option<PathBuf>,
    /// Write the message that was signed to this file
    #[arg(long, value_name = "OUT.bin")]
    extract_message: Option<PathBuf>,
    /// Write the signature (64 bytes) to this file; of several, the one by --signer
    #[arg(long, value_name = "OUT.sig")]
    extract_signature: Option<PathBuf>,
    /// Id of the key whose signature to write, or the start of it
    #[arg(long, value_name = "ID", requires = "extract_signature")]
    signer: Option<String>,
}

impl InspectArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let bytes = self.package.read()?;
        let trusted = self.verified(&bytes)?;
        let fail = |error| self.package.failure(error);
        let package = open_unverified(&bytes).map_err(fail)?;
        let parts = Container::parse(&bytes).map_err(|e| fail(VerifyError::Corrupt(e)))?;
        let report = InspectReport {
            schema: "hotpatch.inspect/1",
            verified: trusted.is_some(),
            package: PackageSummary::new(&self.package.package, &package, &parts),
            signatures: SignatureReport::all(&parts, trusted.as_deref()),
            manifest: &package.manifest,
            manifest_problem: check_manifest(&package.manifest)
                .err()
                .map(|error| error.to_string()),
            payload: summarise(&package.payload),
            extracted: self.extract(&parts)?,
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    /// The trusted keys, where keys were named; and then the package is verified.
    fn verified(&self, bytes: &[u8]) -> Result<Option<Vec<PublicKey>>, Failure> {
        if !self.package.names_keys() {
            return Ok(None);
        }
        let trust = self.package.trust()?;
        self.package.verify(bytes, &trust)?;
        Ok(Some(trust.keys().to_vec()))
    }

    fn extract(&self, parts: &Container<'_>) -> Result<Vec<Extracted>, Failure> {
        let signature = match &self.extract_signature {
            Some(_) => self.signature(&parts.signatures)?.bytes.to_vec(),
            None => Vec::new(),
        };
        let content = parts.unpack();
        let content = content.map_err(|e| self.package.failure(VerifyError::Corrupt(e)))?;
        let wanted: [(&str, &Option<PathBuf>, &[u8]); 4] = [
            ("payload", &self.extract_payload, content.payload()),
            ("manifest", &self.extract_manifest, content.manifest()),
            ("message", &self.extract_message, &parts.message()),
            ("signature", &self.extract_signature, &signature),
        ];
        let mut extracted = Vec::new();
        for (part, path, bytes) in wanted {
            if let Some(path) = path {
                output::write(path, bytes, [self.package.package.as_path()])?;
                extracted.push(Extracted {
                    part,
                    path: path.display().to_string(),
                    size: bytes.len(),
                });
            }
        }
        Ok(extracted)
    }

    fn signature<'a>(&self, all: &'a [Signature]) -> Result<&'a Signature, Failure> {
        let start = self.signer.as_deref().unwrap_or("").to_lowercase();
        let mut found = all
            .iter()
            .filter(|s| s.key.id().to_string().starts_with(&start));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(anyhow!("no key whose id begins with {start:?} signed it").into()),
            (Some(_), Some(_)) => {
                let error = anyhow!("the package has several signatures that this could mean");
                Err(Failure::new(Exit::Usage, error).hint("choose one with --signer ID"))
            }
        }
    }
}
