//! Which functions of a package may have no call under way when it is applied.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::case::Case;
use crate::package::{self, finish};

/// Builds the package and asks it; names, ascending.
pub fn must_not_stay(
    case: &Case,
    program: &Path,
    folder: &Path,
    images: (&Path, &Path),
) -> Result<Vec<String>, String> {
    let built = package::build(case, program, folder, images)?;
    said(built.output)?;
    let mut inspect = Command::new(program);
    inspect.arg("inspect").arg(&built.package);
    let listed = said(finish(inspect.args(["--format", "json"]))?)?;
    let report: Value = serde_json::from_slice(&listed).map_err(|e| e.to_string())?;
    let functions = report["manifest"]["function"].as_array();
    let functions = functions.ok_or("the package has no functions")?;
    let bound = functions.iter().filter(|f| !f["must_not_stay"].is_null());
    let mut names: Vec<String> = bound
        .map(|f| f["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// The standard output of what succeeded.
fn said(output: Output) -> Result<Vec<u8>, String> {
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
