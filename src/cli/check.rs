//! `hotpatch check`.

use clap::Args;

use super::package_arg::PackageArgs;
use super::process_arg::TargetsArgs;
use super::{Global, Outcome};

/// Check a package against a running process; writes nothing
///
/// Ends with exit code 0 where the package can be applied or is active already, 5 where
/// trust or policy refuses it, 6 where the process doesn't run the image that the package
/// was built for, and 4 where something else stands against it.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    targets: TargetsArgs,
    #[command(flatten)]
    package: PackageArgs,
}

impl CheckArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::process_arg::{Which, failure, open};
        use super::targets::{CHECK, each};
        use crate::process::Access;

        let package = self.package.load()?;
        let module = Which::Module(&package.manifest.target.file_name);
        each(CHECK, &self.targets, module, global, |pid| {
            let process = open(pid, Access::Look)?;
            crate::apply::install::check(&process, &package)
                .map_err(|error| failure(&process, error))
        })
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("check"))
    }
}
