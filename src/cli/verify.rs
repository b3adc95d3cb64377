//! `hotpatch verify`.

use clap::Args;

use super::{Global, Outcome};

/// Check the signature of a package
#[derive(Debug, Args)]
pub struct VerifyArgs {}

impl VerifyArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
