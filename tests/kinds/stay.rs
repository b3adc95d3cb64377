//! Which functions may have no call under way when a package is applied.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::case::Case;
use crate::package::{self, finish};

/// Builds the package and compares what it says of calls that are under way with what the case
/// expects.
pub fn judge(
    case: &Case,
    program: &Path,
    folder: &Path,
    images: (&Path, &Path),
) -> Result<(), String> {
    let (bound, watched) = (&case.expect.must_not_stay, &case.expect.watched);
    if bound.is_none() && watched.is_none() {
        return Ok(());
    }
    let built = package::build(case, program, folder, images)?;
    said(built.output)?;
    let mut inspect = Command::new(program);
    inspect.arg("inspect").arg(&built.package);
    let listed = said(finish(inspect.args(["--format", "json"]))?)?;
    let report: Value = serde_json::from_slice(&listed).map_err(|e| e.to_string())?;
    for (wanted, list, field) in [
        (bound, "function", "must_not_stay"),
        (watched, "watched", "name"),
    ] {
        // An empty list is left out.
        let entries = report["manifest"][list].as_array();
        let named = entries
            .into_iter()
            .flatten()
            .filter(|f| !f[field].is_null());
        let mut found: Vec<String> = named
            .map(|f| {
                let name = f["name"].as_str().unwrap_or_default();
                match f["addressed"] == true {
                    true => format!("&{name}"),
                    false => name.to_owned(),
                }
            })
            .collect();
        found.sort();
        if wanted.as_ref().is_some_and(|wanted| *wanted != found) {
            return Err(format!("{list} by {field}: {found:?}"));
        }
    }
    Ok(())
}

/// The standard output of what succeeded.
fn said(output: Output) -> Result<Vec<u8>, String> {
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
