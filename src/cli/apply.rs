//! `hotpatch apply`.

use clap::Args;

use super::{Global, Outcome};

/// Apply a package to a running process
#[derive(Debug, Args)]
pub struct ApplyArgs {}

impl ApplyArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
