//! `hotpatch keygen`.

use clap::Args;

use super::{Global, Outcome};

/// Make a signing key
#[derive(Debug, Args)]
pub struct KeygenArgs {}

impl KeygenArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        Err(anyhow::anyhow!("not built yet").into())
    }
}
