//! Runs both builds, and the old one with the package.

use std::path::Path;
use std::process::{Command, Output};

use crate::case::Case;
use crate::package::{self, finish};
use crate::start::never_came;

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
    let wanted = alone(new)?;
    let built = package::build(case, program, folder, (old, new))?;
    let (what, found) = match built.output.status.code() {
        Some(0) => {
            let mut apply = wine();
            let exe = std::env::var_os("HOTPATCH_EXE").expect("HOTPATCH_EXE");
            apply
                .arg(exe)
                .arg("apply")
                .arg(&built.package)
                .arg("--key")
                .arg(&built.key);
            apply.arg("--start").arg(old).arg("--wait");
            apply.env("HOTPATCH_AUDIT", folder.join("audit.jsonl"));
            ("patched", applied(&mut apply)?)
        }
        Some(3) => ("the same", alone(old)?),
        Some(4) => return Ok("refused".into()),
        _ => {
            let output = built.output;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("build ends with {}: {said}", output.status));
        }
    };
    let said = String::from_utf8_lossy(&found.stderr).into_owned();
    let (found, wanted) = (Behaviour::of(&found), settled(wanted, new)?);
    match found == wanted {
        true => Ok(what.into()),
        false => Err(format!("{what}: {found:?} instead of {wanted:?}\n{said}")),
    }
}

/// Runs `hotpatch apply --start`; once more where Wine says that the new process never came.
fn applied(apply: &mut Command) -> Result<Output, String> {
    let output = finish(apply)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !never_came(&said) {
        return Ok(output);
    }
    println!("not started: {said}");
    finish(apply)
}

/// What a program does that nobody touches: what it has done twice. Once in some thousand times
/// Wine ends a program with exit code 1 before it has begun: `tests/wine/settled.sh`.
fn settled(first: Output, image: &Path) -> Result<Behaviour, String> {
    let mut seen = Behaviour::of(&first);
    for _ in 0..3 {
        let again = Behaviour::of(&alone(image)?);
        if again == seen {
            return Ok(seen);
        }
        println!("{} by itself: {seen:?}, then {again:?}", image.display());
        seen = again;
    }
    Err(format!("{} never does the same twice", image.display()))
}

impl Behaviour {
    /// What `hotpatch` says about the patch goes to another stream.
    fn of(output: &Output) -> Behaviour {
        Behaviour {
            exit: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
        }
    }
}

/// Runs a build by itself.
fn alone(image: &Path) -> Result<Output, String> {
    /// Exit code of a shell and of the system's loader where a program can't be started.
    const NOT_STARTED: Option<i32> = Some(127);
    for _ in 0..3 {
        let output = finish(wine().arg(image))?;
        // No case writes to standard error, so whatever is there is of what starts it.
        if output.status.code() != NOT_STARTED || output.stderr.is_empty() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        println!("{} was not started: {said}", image.display());
    }
    Err(format!("{} can't be started", image.display()))
}

fn wine() -> Command {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wine/run.sh");
    Command::new(runner)
}
