//! `hotpatch build`.

use clap::Args;

use super::{Global, Outcome};

/// Build a signed package out of two builds of the same image
#[derive(Debug, Args)]
pub struct BuildArgs {}

impl BuildArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
