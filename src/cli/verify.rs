//! `hotpatch verify`.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::package_arg::{PackageArgs, SignerArgs, Trust};
use super::proof::ProofArgs;
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::package::VerifyError;
use crate::package::container::Container;
use crate::report::out;
use crate::report::package::{PackageSummary, SignatureReport};
use crate::report::policy::DecisionReport;
use crate::report::verify::{TrustReport, VerifyReport};

/// Prove that a package is whole and signed by a trusted key
///
/// Ends with exit code 0 where the package may be used, 5 where it may not, and 1 where
/// the file can't be read or is no package.
///
/// With --pid it proves that the code in a running process is exactly that of the shipped
/// build plus that of the packages, byte for byte: the module's code, every redirect, every
/// page of the payloads and its protection. Ends then with 5 where a patch is there that
/// none of the packages approves, and with 6 where anything else differs. Memory that had to
/// stay when its patch was taken out is proven by its package (--kept); where that is not
/// given, and everything else is proven, it ends with 9.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The package; with --pid all that are approved
    #[arg(value_name = "PKG.hpk", required_unless_present_any = ["images", "kept"])]
    packages: Vec<PathBuf>,
    #[command(flatten)]
    signers: SignerArgs,
    #[command(flatten)]
    process: ProofArgs,
}

impl VerifyArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        if let Some(pid) = self.process.pid {
            return self
                .process
                .run(pid, (&self.packages, &self.signers), global);
        }
        let [package] = self.packages.as_slice() else {
            let error = anyhow!("without --pid it is one package that is verified");
            return Err(Failure::new(Exit::Usage, error));
        };
        let package = self.signers.package(package.clone());
        let bytes = package.read()?;
        let trust = package.trust()?;
        let report = report(&package, &bytes, &trust)?;
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}

/// The report about one package.
fn report(args: &PackageArgs, bytes: &[u8], trust: &Trust) -> Result<VerifyReport, Failure> {
    let package = args.verify(bytes, trust)?;
    let parts =
        Container::parse(bytes).map_err(|error| args.failure(VerifyError::Corrupt(error)))?;
    let summary = PackageSummary::new(&args.package, &package, &parts);
    let trusted = TrustReport {
        source: if trust.guard.named { "key" } else { "store" },
        paths: trust
            .paths
            .iter()
            .map(|p| p.display().to_string())
            .collect(),
        keys: trust.keys().len(),
    };
    let signatures = SignatureReport::all(&parts, Some(trust.keys()));
    let decision = DecisionReport::new(trust.guard.decide(&package));
    Ok(VerifyReport::new(
        summary, trusted, signatures, &parts, decision,
    ))
}
