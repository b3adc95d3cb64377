//! Runs both builds, and the old one with the package.

use std::path::Path;
use std::process::{Command, Output};

use crate::case::Case;

/// What a program did: exit code and output.
#[derive(Debug, PartialEq, Eq)]
struct Behaviour {
    exit: Option<i32>,
    output: String,
}

/// Compares OLD, started with the package, with NEW; says what was done.
pub fn behaves_as_new(
    case: &Case,
    program: &Path,
    folder: &Path,
    (old, new): (&Path, &Path),
) -> Result<String, String> {
    let wanted = behaviour(wine().arg(new))?;
    let (key, package) = (folder.join("key.pem"), folder.join("fix.hpk"));
    finish(Command::new(program).arg("keygen").arg("--out").arg(&key))?;
    let mut build = Command::new(program);
    build.arg("build").arg(old).arg(new).args(["--id", "kind"]);
    build.arg("--key").arg(&key).arg("-o").arg(&package);
    case.accept.iter().for_each(|code| {
        build.args(["--accept", code]);
    });
    let built = finish(&mut build)?;
    let (what, found) = match built.status.code() {
        Some(0) => {
            let mut apply = wine();
            let exe = std::env::var_os("HOTPATCH_EXE").expect("HOTPATCH_EXE");
            apply
                .arg(exe)
                .arg("apply")
                .arg(&package)
                .arg("--key")
                .arg(&key);
            apply.arg("--start").arg(old).arg("--wait");
            apply.env("HOTPATCH_AUDIT", folder.join("audit.jsonl"));
            ("patched", behaviour(&mut apply)?)
        }
        Some(3) => ("the same", behaviour(wine().arg(old))?),
        Some(4) => return Ok("refused".into()),
        _ => {
            let said = String::from_utf8_lossy(&built.stderr).into_owned();
            return Err(format!("build ends with {}: {said}", built.status));
        }
    };
    match found == wanted {
        true => Ok(what.into()),
        false => Err(format!("{what}: {found:?} instead of {wanted:?}")),
    }
}

fn wine() -> Command {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wine/run.sh");
    Command::new(runner)
}

fn finish(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|e| e.to_string())
}

/// Runs a program to its end. What `hotpatch` says about the patch goes to another stream.
fn behaviour(command: &mut Command) -> Result<Behaviour, String> {
    let output = finish(command)?;

    Ok(Behaviour {
        exit: output.status.code(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}
