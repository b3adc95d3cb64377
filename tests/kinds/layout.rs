//! What a report says of types whose layout changed, and the skeleton of a fix that keeps it:
//! it compiles, as C and as C++, for both ABIs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::build::{check, tool};
use crate::case::Case;

/// Compares what is said of members and of who handles objects with what the case expects, and
/// compiles the skeleton where a layout changed.
pub fn judge(
    case: &Case,
    program: &Path,
    folder: &Path,
    images: (&Path, &Path),
    report: &Value,
) -> Result<(), String> {
    let types = report["types"]["changed"].as_array();
    let types = types.map_or(&[][..], Vec::as_slice);
    let (mut members, mut handles) = (Vec::new(), Vec::new());
    for change in types {
        for member in list(&change["layout"]["members"]) {
            members.push(format!(
                "{} {}",
                text(&member["change"]),
                text(&member["name"])
            ));
        }
        for function in list(&change["functions"]) {
            for handling in list(&function["handles"]) {
                let may = if handling["proven"] == true {
                    ""
                } else {
                    "may be "
                };
                let (name, what) = (text(&function["name"]), text(&handling["what"]));
                handles.push(format!("{name}: {may}{what}"));
            }
        }
    }
    for (wanted, found, what) in [
        (&case.expect.members, members, "members"),
        (&case.expect.handles, handles, "handles"),
    ] {
        let Some(mut wanted) = wanted.clone() else {
            continue;
        };
        let mut found = found;
        wanted.sort();
        found.sort();
        if wanted != found {
            return Err(format!("not {what} {wanted:?} but {found:?}"));
        }
    }
    match types.iter().any(|t| !t["layout"].is_null()) {
        true => compile(program, folder, images),
        false => Ok(()),
    }
}

fn compile(program: &Path, folder: &Path, (old, new): (&Path, &Path)) -> Result<(), String> {
    let (key, skeleton) = (folder.join("layout.pem"), folder.join("skeleton.c"));
    let _ = std::fs::remove_file(&skeleton);
    if !key.is_file() {
        check(
            Command::new(program).arg("keygen").arg("--out").arg(&key),
            "keygen",
        )?;
    }
    let mut build = Command::new(program);
    build.arg("build").arg(old).arg(new).args(["--id", "kind"]);
    build
        .arg("--key")
        .arg(&key)
        .arg("-o")
        .arg(folder.join("layout.hpk"));
    build.arg("--hooks-template").arg(&skeleton);
    let output = build.output().map_err(|e| e.to_string())?;
    if !skeleton.is_file() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("no skeleton: {said}"));
    }
    for target in ["x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu"] {
        for language in ["c", "c++"] {
            let mut clang = Command::new(tool("clang"));
            clang.arg(format!("--target={target}"));
            clang.args(["-x", language]);
            clang.args(["-Wall", "-Wextra", "-Werror", "-ffreestanding", "-c"]);
            clang
                .arg("-I")
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"));
            clang
                .arg(&skeleton)
                .arg("-o")
                .arg(folder.join("skeleton.obj"));
            check(
                &mut clang,
                &format!("the skeleton as {language} for {target}"),
            )?;
        }
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
