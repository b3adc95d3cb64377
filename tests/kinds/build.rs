//! Builds the programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::case::Case;
use crate::{separated, shortened};

/// Which ABI and which linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Abi {
    Gnu,
    Msvc,
}

const COMMON: &str = "-fno-ident -ffreestanding -fno-builtin -fno-exceptions -mno-stack-arg-probe \
    -fasynchronous-unwind-tables -w";

/// Compiles and links one build of a case into a folder; the image.
pub fn build(case: &Case, abi: Abi, is_new: bool, folder: &Path) -> Result<PathBuf, String> {
    std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    let sources = match &case.new_sources {
        Some(sources) if is_new => sources,
        _ => &case.sources,
    };
    let mut objects = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        // Only the folders that the case itself has are part of an object's name.
        let stem = source.rsplit_once('.').map_or(&**source, |s| s.0);
        let is_resource = source.ends_with(".rc");
        let is_library = source.ends_with(".def");
        let object = match (is_resource, is_library) {
            (true, _) => format!("{stem}.res"),
            (_, true) => format!("{stem}.lib"),
            _ => format!("{stem}.obj"),
        };
        let parent = folder.join(&object);
        let parent = parent.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|e| e.to_string())?;
        let file = place(case, folder, source)?;
        if is_library {
            let mut maker = Command::new(tool("llvm-dlltool"));
            maker.current_dir(folder).args(["-m", "i386:x86-64", "-d"]);
            maker.arg(file).args(["-l", &object]);
            check(&mut maker, &format!("source {number}, {source}"))?;
            objects.push(object);
            continue;
        }
        if is_resource {
            let mut compiler = Command::new(tool("llvm-rc"));
            compiler.current_dir(folder).args(["/fo", &object]);
            compiler.args(is_new.then_some(["/d", "NEW"]).into_iter().flatten());
            check(compiler.arg(file), &format!("source {number}, {source}"))?;
            objects.push(object);
            continue;
        }
        let mut clang = Command::new(tool("clang"));
        clang
            .current_dir(folder)
            .args(options(case, abi, source, is_new));
        // `hotpatch.h` is there.
        clang
            .arg("-I")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"));
        clang.args(["-c", "-o", &object]).arg(file);
        check(&mut clang, &format!("source {number}, {source}"))?;
        objects.push(object);
    }
    let link = match &case.new_link {
        Some(link) if is_new => link,
        _ => &case.link,
    };
    let mut linker = match abi {
        Abi::Gnu => {
            let mut lld = Command::new(tool("ld.lld"));
            lld.args([
                "-m",
                "i386pep",
                "--entry=start",
                "--pdb=x.pdb",
                "-o",
                "x.exe",
            ]);
            lld.arg("--no-insert-timestamp");
            lld
        }
        Abi::Msvc => {
            let mut lld = Command::new(tool("lld-link"));
            lld.args([
                "/nologo",
                "/nodefaultlib",
                "/entry:start",
                "/subsystem:console",
            ]);
            lld.args([
                "/debug",
                "/pdb:x.pdb",
                "/out:x.exe",
                "/opt:noicf",
                "/timestamp:0",
            ]);
            lld
        }
    };
    linker
        .current_dir(folder)
        .args(link.split_whitespace())
        .args(objects);
    check(&mut linker, "the linker")?;
    if !case.separated.is_empty() {
        separated::write(&folder.join("x.pdb"), &case.separated, is_new)?;
    }
    for function in &case.shortened {
        shortened::write(&folder.join("x.pdb"), function)?;
    }
    Ok(folder.join("x.exe"))
}

/// Copies a source with what it includes; the path that the compiler gets.
fn place(case: &Case, folder: &Path, source: &str) -> Result<PathBuf, String> {
    for entry in walk(&case.folder) {
        let relative = entry
            .strip_prefix(&case.folder)
            .map_err(|e| e.to_string())?;
        let to = folder.join(relative);
        std::fs::create_dir_all(to.parent().unwrap_or(folder)).map_err(|e| e.to_string())?;
        std::fs::copy(&entry, &to).map_err(|e| format!("{}: {e}", entry.display()))?;
    }
    Ok(match case.absolute {
        true => folder.join(source),
        false => source.into(),
    })
}

/// All files of a folder and those in it.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(walk(&path)),
            false => files.push(path),
        }
    }
    files
}

fn options(case: &Case, abi: Abi, source: &str, is_new: bool) -> Vec<String> {
    let target = match abi {
        Abi::Gnu => "--target=x86_64-w64-windows-gnu",
        Abi::Msvc => "--target=x86_64-pc-windows-msvc -fms-extensions",
    };
    let own = match &case.new_options {
        Some(options) if is_new => options,
        _ => &case.options,
    };
    let mut text = format!("{target} {COMMON} {own}");
    if own.contains("-gline-tables-only") {
        text.push_str(" -gcodeview");
    } else if !case.without_debug.iter().any(|s| s == source) {
        text.push_str(" -g -gcodeview");
    }
    if source.ends_with(".c") {
        text.push_str(" -std=c23");
    } else if source.ends_with(".cpp") {
        if !own.contains("-fthreadsafe-statics") {
            text.push_str(" -fno-threadsafe-statics");
        }
        if !case.options.contains("-frtti") {
            text.push_str(" -fno-rtti");
        }
    }
    if is_new {
        text.push_str(" -DNEW");
    }
    text.split_whitespace().map(str::to_owned).collect()
}

/// A tool of LLVM.
pub fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("LLVM_BIN").unwrap_or_else(|| "/usr/lib/llvm-19/bin".into());
    Path::new(&folder).join(name)
}

/// Runs a tool, which must succeed.
pub fn check(command: &mut Command, what: &str) -> Result<(), String> {
    let output = command
        .env("LC_ALL", "C")
        .output()
        .map_err(|e| format!("{what}: {e} (Debian packages clang-19, lld-19, llvm-19)"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{what}: {}", String::from_utf8_lossy(&said)))
}
