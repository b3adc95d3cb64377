//! `hotpatch status`.

use clap::Args;

use super::{Global, Outcome};

/// Show which patches running processes have
#[derive(Debug, Args)]
pub struct StatusArgs {}

impl StatusArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
