//! `hotpatch __watchdog`, which `apply` and `revert` start for themselves.

use clap::Args;

use super::{Global, Outcome};
use crate::exit::Exit;
use crate::process::watchdog::{Inherited, run};

/// Repair and thaw a process should the hotpatch that started this one die
#[derive(Debug, Args)]
pub struct WatchdogArgs {
    /// Process id of the target
    pid: u32,
    /// Inherited handle of the patcher
    patcher: usize,
    /// Inherited handle of the target
    target: usize,
    /// Inherited handle of the shared page
    lifeline: usize,
    /// Inherited handle of the object that freezes
    freezer: Option<usize>,
}

impl WatchdogArgs {
    /// Runs the command.
    pub fn run(&self, _global: Global) -> Outcome {
        run(Inherited {
            pid: self.pid,
            patcher: self.patcher,
            target: self.target,
            lifeline: self.lifeline,
            freezer: self.freezer,
        })?;
        Ok(Exit::Done)
    }
}
