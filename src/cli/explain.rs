//! `hotpatch explain`.

use clap::Args;

use super::{Global, Outcome};

/// Explain a finding's code
#[derive(Debug, Args)]
pub struct ExplainArgs {}

impl ExplainArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
