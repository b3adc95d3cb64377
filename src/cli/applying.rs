//! Applies an approved package to one process, for `apply` and `sync`.

use super::Failure;
use super::package_arg::Approved;
use super::process_arg::failure;
use crate::apply::consent::{Consent, Incoming};
use crate::apply::target::Target;
use crate::apply::{Options, Summary};
use crate::exit::Exit;
use crate::process::Process;

/// Applies it. It is asked again right before whether it may be, and the trust store remembers
/// that it was.
///
/// # Errors
/// Where it can't be applied for a reason that no outcome describes.
pub fn apply(
    process: &Process,
    approved: &Approved,
    mut options: Options<'_>,
) -> Result<Summary, Failure> {
    let limits = options.max_freeze.into_iter();
    options.max_freeze = limits.chain(approved.package.max_freeze()).min();
    let renewal = approved.renewal(process.identity());
    let ask = |_: &[Incoming]| renewal.ask(&approved.package);
    let options = Options {
        consent: Some(Consent(&ask)),
        ..options
    };
    let applied = crate::apply::apply(process, &approved.package, &options);
    let done = |summary: &Summary| summary.exit() == Exit::Done;
    approved.ended(&renewal, applied.as_ref().is_ok_and(done));
    applied.map_err(|error| failure(process, error))
}
