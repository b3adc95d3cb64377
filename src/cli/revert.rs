//! `hotpatch revert`.

use clap::Args;

use super::{Global, Outcome};

/// Take a patch out of a running process
#[derive(Debug, Args)]
pub struct RevertArgs {}

impl RevertArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
