//! `hotpatch inspect`.

use clap::Args;

use super::{Global, Outcome};

/// Show what a package holds
#[derive(Debug, Args)]
pub struct InspectArgs {}

impl InspectArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
