//! Does one thing to each of several processes, and prints one report.

use super::process_arg::{TargetsArgs, Which};
use super::{Failure, Format, Global, Outcome};
use crate::apply::Summary;
use crate::report::out;
use crate::report::target::TargetReport;
use crate::report::targets::{OneTarget, TargetsReport};

/// What is done: the name of the command, and the version of its report.
pub const APPLY: (&str, &str) = ("apply", "hotpatch.apply/1");
/// See [`APPLY`].
pub const CHECK: (&str, &str) = ("check", "hotpatch.check/1");
/// See [`APPLY`].
pub const RECOVER: (&str, &str) = ("recover", "hotpatch.recover/1");
/// See [`APPLY`].
pub const REVERT: (&str, &str) = ("revert", "hotpatch.revert/1");
/// See [`APPLY`].
pub const ROLLBACK: (&str, &str) = ("rollback", "hotpatch.rollback/1");

/// Does it to each process on its own: what happens to one changes nothing for the others.
/// Where the command line names one process, its report is the whole report.
///
/// # Errors
/// Where the processes can't be found; where there is one, also why it can't be worked on.
pub fn each(
    (command, schema): (&'static str, &'static str),
    targets: &TargetsArgs,
    which: Which<'_>,
    global: Global,
    operate: impl Fn(u32) -> Result<Summary, Failure>,
) -> Outcome {
    let pids = targets.select(which)?;
    if targets.is_one()
        && let [pid] = pids[..]
    {
        return print(schema, &operate(pid)?, global);
    }
    let mut report = TargetsReport::new(command);
    for pid in pids {
        report.add(match operate(pid) {
            Ok(summary) => OneTarget::done(TargetReport::new(schema, &summary), summary.outcome),
            Err(failure) => OneTarget::failed(pid, failure.exit, failure.lines()),
        });
    }
    match global.format {
        Format::Text => out::print_text(&report.text())?,
        Format::Json => out::print_json(&report)?,
    }
    Ok(report.exit())
}

/// Prints what was done to a process.
///
/// # Errors
/// Where it can't be printed.
pub fn print(schema: &'static str, summary: &Summary, global: Global) -> Outcome {
    out::print_text(&report(schema, summary, global)?)?;
    Ok(summary.exit())
}

/// The report of what was done to a process.
///
/// # Errors
/// Where it can't be written as JSON.
pub fn report(schema: &'static str, summary: &Summary, global: Global) -> Result<String, Failure> {
    let report = TargetReport::new(schema, summary);
    Ok(match global.format {
        Format::Text => report.text(summary.outcome),
        Format::Json => out::json_text(&report)?,
    })
}
