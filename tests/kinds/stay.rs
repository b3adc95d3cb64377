//! Which functions of a package may have no call under way when it is applied.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::case::Case;

/// Builds the package and asks it; names, ascending.
pub fn must_not_stay(
    case: &Case,
    program: &Path,
    folder: &Path,
    (old, new): (&Path, &Path),
) -> Result<Vec<String>, String> {
    let (key, package) = (folder.join("stay.pem"), folder.join("stay.hpk"));
    if !key.is_file() {
        finish(Command::new(program).arg("keygen").arg("--out").arg(&key))?;
    }
    let mut build = Command::new(program);
    build.arg("build").arg(old).arg(new).args(["--id", "kind"]);
    build.arg("--key").arg(&key).arg("-o").arg(&package);
    case.accept.iter().for_each(|code| {
        build.args(["--accept", code]);
    });
    finish(build.args(&case.arguments))?;
    let mut inspect = Command::new(program);
    inspect.arg("inspect").arg(&package);
    let said = finish(inspect.args(["--format", "json"]))?;
    let report: Value = serde_json::from_slice(&said).map_err(|e| e.to_string())?;
    let functions = report["manifest"]["function"].as_array();
    let functions = functions.ok_or("the package has no functions")?;
    let bound = functions.iter().filter(|f| !f["must_not_stay"].is_null());
    let mut names: Vec<String> = bound
        .map(|f| f["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    Ok(names)
}

fn finish(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
