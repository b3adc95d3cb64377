//! `hotpatch check`.

use clap::Args;

use super::{Global, Outcome};

/// Check a package against a running process; writes nothing
#[derive(Debug, Args)]
pub struct CheckArgs {}

impl CheckArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
