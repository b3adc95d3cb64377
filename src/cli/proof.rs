//! `hotpatch verify --pid`: the proof about a running process.

use std::path::PathBuf;

use clap::Args;

use super::package_arg::SignerArgs;
use super::{Global, Outcome};

/// The process to prove, and what it may consist of.
#[derive(Debug, Args)]
pub struct ProofArgs {
    /// Prove that this process runs the shipped code and these packages, and nothing else
    #[arg(long, value_name = "N")]
    pub pid: Option<u32>,
    /// With --pid: a package that was taken out again, and of which memory may be there that
    /// had to stay; that memory is proven as well. May be given several times
    #[arg(long, value_name = "PKG.hpk", requires = "pid")]
    kept: Vec<PathBuf>,
    /// With --pid: the file of the shipped build, where the one on disk is another by now;
    /// may be given several times
    #[arg(long = "image", value_name = "FILE", requires = "pid")]
    images: Vec<PathBuf>,
}

impl ProofArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 5 where a package can't be verified, 1 where a file or the process can't
    /// be read.
    #[cfg(windows)]
    pub fn run(
        &self,
        pid: u32,
        (packages, signers): (&[PathBuf], &SignerArgs),
        global: Global,
    ) -> Outcome {
        use anyhow::Context;

        use super::process_arg::{failure, open};
        use super::{Failure, Format};
        use crate::apply::proof::{Approved, Baseline, prove};
        use crate::package::file::read_limited;
        use crate::process::Access;
        use crate::report::out;
        use crate::report::proof::ProofReport;

        /// Images are at most this large: addresses in them have 32 bits.
        const MAX_IMAGE: usize = 2 << 30;

        let load = |paths: &[PathBuf]| {
            let paths = paths.iter();
            let loaded = paths.map(|path| signers.package(path.clone()).load());
            loaded.collect::<Result<Vec<_>, Failure>>()
        };
        let (packages, kept) = (load(packages)?, load(&self.kept)?);
        let mut baselines = Vec::new();
        for path in &self.images {
            let path = path.display().to_string();
            let bytes = read_limited(path.as_ref(), MAX_IMAGE)
                .with_context(|| format!("cannot read {path}"))?;
            baselines.push(Baseline { path, bytes });
        }
        let process = open(pid, Access::Look)?;
        let approved = Approved {
            packages: &packages,
            kept: &kept,
            baselines: &baselines,
        };
        let proof = prove(&process, approved).map_err(|error| failure(&process, error))?;
        let report = ProofReport::new(&proof);
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(proof.exit())
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _: u32, _: (&[PathBuf], &SignerArgs), _: Global) -> Outcome {
        Err(super::process_arg::needs_windows("verify --pid"))
    }
}
