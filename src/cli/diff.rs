//! `hotpatch diff`.

use clap::Args;

use super::{Global, Outcome};

/// Find which functions changed between two builds, and whether the change can be applied live
#[derive(Debug, Args)]
pub struct DiffArgs {}

impl DiffArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
