//! Compiles and links. What was compiled once is not compiled again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::config::{Abi, Config};
use crate::libraries;
use crate::model;
use crate::render::{self, Unit};
use crate::spec::{Side, Spec};

/// As tests/kinds compiles its cases.
const COMMON: &str = "-fno-ident -ffreestanding -fno-builtin -mno-stack-arg-probe \
    -fasynchronous-unwind-tables -w";

/// A folder for the builds of one program.
pub struct Workshop {
    folder: PathBuf,
    /// Objects by what they were made from.
    made: HashMap<String, PathBuf>,
}

impl Workshop {
    /// Empties a folder.
    pub fn new(folder: &Path) -> Result<Workshop, String> {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        Ok(Workshop {
            folder: folder.to_owned(),
            made: HashMap::new(),
        })
    }

    /// Where the builds are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One build of a pair, in a folder of its own; the image.
    pub fn build(&mut self, spec: &Spec, side: Side) -> Result<PathBuf, String> {
        let folder = self.folder.join(side.name());
        let _ = std::fs::remove_dir_all(&folder);
        let mut units = render::units(spec, side);
        units.push(render::calls(spec));
        let mut objects = Vec::new();
        for unit in &units {
            let made = self.object(unit, &spec.config)?;
            // Linked from the build's folder, as any build would have it.
            let object = object_of(unit);
            let here = folder.join(&object);
            std::fs::create_dir_all(here.parent().unwrap_or(&folder))
                .and_then(|()| std::fs::hard_link(made, here))
                .map_err(|e| format!("{object}: {e}"))?;
            objects.push(object);
        }
        link(&folder, &spec.config, &render::link(spec, side), &objects)?;
        Ok(folder.join("x.exe"))
    }

    fn object(&mut self, unit: &Unit, config: &Config) -> Result<PathBuf, String> {
        let options = options(config, unit);
        // The path is part of it: the compiler writes it to the debug information.
        let key = format!("{} {options:?}\n{}", unit.path, unit.text);
        if let Some(object) = self.made.get(&key) {
            return Ok(object.clone());
        }
        let place = self
            .folder
            .join("objects")
            .join(self.made.len().to_string());
        write_unit(&place, unit, "windows.h")?;
        let object = object_of(unit);
        let mut clang = Command::new(tool("clang"));
        clang.current_dir(&place).args(options);
        clang.args([
            "-ffile-compilation-dir=/src",
            "-c",
            "-o",
            &object,
            &unit.path,
        ]);
        check(&mut clang, &unit.path)?;
        let object = place.join(object);
        self.made.insert(key, object.clone());
        Ok(object)
    }

    /// The objects of both builds, file by file.
    pub fn objects(&self, spec: &Spec) -> Vec<(PathBuf, PathBuf)> {
        let units = render::units(spec, Side::Old);
        let at = |side: Side, unit: &Unit| self.folder.join(side.name()).join(object_of(unit));
        units
            .iter()
            .map(|u| (at(Side::Old, u), at(Side::New, u)))
            .collect()
    }

    /// The model, a program for this machine.
    pub fn model(&self, spec: &Spec) -> Result<PathBuf, String> {
        let folder = self.folder.join("model");
        let _ = std::fs::remove_dir_all(&folder);
        let mut units = model::units(spec);
        units.push(render::calls(spec));
        let mut clang = Command::new(tool("clang"));
        clang.current_dir(&folder);
        let options = "-O1 -w -fwrapv -fshort-wchar -fno-strict-aliasing -fno-threadsafe-statics -fms-extensions -DMODEL -o model";
        clang.args(options.split_whitespace());
        clang.args(match spec.config.exceptions {
            true => ["-fexceptions", "-lstdc++"],
            false => ["-fno-exceptions", "-fno-rtti"],
        });
        for unit in &units {
            write_unit(&folder, unit, "model.h")?;
            clang.arg(&unit.path);
        }
        check(&mut clang, "the model")?;
        Ok(folder.join("model"))
    }
}

/// Writes a file with the headers that it includes.
pub fn write_unit(folder: &Path, unit: &Unit, start: &str) -> Result<(), String> {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantic/runtime");
    let to = folder.join(&unit.path);
    let parent = to.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|e| e.to_string())?;
    std::fs::write(&to, &unit.text).map_err(|e| e.to_string())?;
    let copy = |from: &str, to: PathBuf| {
        if to.exists() {
            return Ok(());
        }
        std::fs::copy(runtime.join(from), to)
            .map(drop)
            .map_err(|e| e.to_string())
    };
    copy("semantic.h", parent.join("semantic.h"))?;
    if unit.text.contains("\"csmith.h\"") {
        copy("csmith.h", parent.join("csmith.h"))?;
    }
    if unit.path == "start.c" {
        copy(start, parent.join("start.h"))?;
        copy("answer.h", parent.join("answer.h"))?;
        copy("memory.h", parent.join("memory.h"))?;
    }
    Ok(())
}

/// Path of the object that a file is compiled to.
fn object_of(unit: &Unit) -> String {
    let stem = unit.path.rsplit_once('.').map_or(&*unit.path, |p| p.0);
    format!("{stem}.obj")
}

fn options(config: &Config, unit: &Unit) -> Vec<String> {
    let target = match config.abi {
        Abi::Gnu => "--target=x86_64-w64-windows-gnu",
        Abi::Msvc => "--target=x86_64-pc-windows-msvc -fms-extensions",
    };
    let mut text = format!("{target} {COMMON} {}", config.options.join(" "));
    if unit.debug {
        text.push_str(" -g -gcodeview");
    }
    text.push_str(match unit.path.ends_with(".cpp") {
        true => " -fno-threadsafe-statics -std=c++17",
        false => " -std=c23",
    });
    text.push_str(match unit.path.ends_with(".cpp") && config.exceptions {
        true => " -fexceptions -fcxx-exceptions",
        false => " -fno-exceptions -fno-rtti",
    });
    if unit.path == "start.c" {
        text.push_str(" -O1");
    }
    if config.thread_locals {
        text.push_str(" -DTHREAD_LOCALS");
    }
    if config.exceptions {
        text.push_str(" -DEXCEPTIONS");
    }
    text.split_whitespace().map(str::to_owned).collect()
}

fn link(
    folder: &Path,
    config: &Config,
    options: &[String],
    objects: &[String],
) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    let mut linker = match config.abi {
        Abi::Gnu => {
            let mut lld = Command::new(tool("ld.lld"));
            let fixed = "-m i386pep --entry=start --subsystem=console --pdb=x.pdb -o x.exe --no-insert-timestamp --dynamicbase";
            lld.args(fixed.split_whitespace());
            lld.args(options.iter().map(|o| format!("-Xlink=-{o}")));
            lld
        }
        Abi::Msvc => {
            let mut lld = Command::new(tool("lld-link"));
            let fixed = "/nologo /nodefaultlib /entry:start /subsystem:console /debug /pdb:x.pdb /out:x.exe /timestamp:0 /opt:noref";
            lld.args(fixed.split_whitespace());
            lld.args(options.iter().map(|o| format!("/{o}")));
            lld
        }
    };
    linker.current_dir(folder).args(objects);
    linker.args(libraries::needed(config.abi, config.exceptions)?);
    check(&mut linker, "the linker")
}

/// A program of LLVM.
pub fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("LLVM_BIN").unwrap_or_else(|| "/usr/lib/llvm-19/bin".into());
    Path::new(&folder).join(name)
}

/// Runs a tool; what it says is the error.
pub fn check(command: &mut Command, what: &str) -> Result<(), String> {
    let output = command
        .env("LC_ALL", "C")
        .output()
        .map_err(|e| format!("{what}: {e} (Debian packages clang-19, lld-19)"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{what}: {}", String::from_utf8_lossy(&said)))
}
