//! A key and a package of a case.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::case::Case;

/// A package of both builds, and the key that it is signed with.
pub struct Built {
    pub key: PathBuf,
    pub package: PathBuf,
    /// What `build` said.
    pub output: Output,
}

/// Builds the package of a case in its folder.
pub fn build(
    case: &Case,
    program: &Path,
    folder: &Path,
    (old, new): (&Path, &Path),
) -> Result<Built, String> {
    let (key, package) = (folder.join("key.pem"), folder.join("fix.hpk"));
    if !key.is_file() {
        finish(Command::new(program).arg("keygen").arg("--out").arg(&key))?;
    }
    let mut build = Command::new(program);
    build.arg("build").arg(old).arg(new).args(["--id", "kind"]);
    build.arg("--key").arg(&key).arg("-o").arg(&package);
    for code in &case.accept {
        build.args(["--accept", code]);
    }
    let output = finish(build.args(&case.arguments))?;
    Ok(Built {
        key,
        package,
        output,
    })
}

pub fn finish(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|e| e.to_string())
}
