//! Keeps a pair as a case of tests/kinds: to make it a named test, its folder is copied.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::config::Abi;
use crate::libraries;
use crate::render::{self, Unit};
use crate::spec::{Side, Spec};
use crate::workshop::write_unit;

/// Writes a case and what is known about it; its folder.
pub fn keep(folder: &Path, name: &str, spec: &Spec, what: &str) -> Result<PathBuf, String> {
    let folder = folder.join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let (mut old, mut new) = (
        render::units(spec, Side::Old),
        render::units(spec, Side::New),
    );
    let calls = render::calls(spec);
    old.push(calls.clone());
    new.push(calls);
    let news: BTreeMap<&str, &Unit> = new.iter().map(|u| (&*u.path, u)).collect();
    for unit in &old {
        let other = news.get(&*unit.path).ok_or("a file is gone")?;
        let text = match unit.text == other.text {
            true => unit.text.clone(),
            false => format!(
                "#ifdef NEW\n#line 1\n{}#else\n#line 1\n{}#endif\n",
                other.text, unit.text
            ),
        };
        let both = Unit {
            text,
            ..unit.clone()
        };
        write_unit(&folder, &both, "kind.h")?;
    }
    let case = case(spec, &old, &new, name)?;
    std::fs::write(folder.join("case.toml"), case).map_err(|e| e.to_string())?;
    let said = format!("{:#?}\n\n{what}\n", spec.edits);
    std::fs::write(folder.join("report.txt"), said).map_err(|e| e.to_string())?;
    Ok(folder)
}

fn case(spec: &Spec, old: &[Unit], new: &[Unit], name: &str) -> Result<String, String> {
    let config = &spec.config;
    let paths = |units: &[Unit]| -> Vec<String> { units.iter().map(|u| u.path.clone()).collect() };
    // Only what throws needs more than tests/kinds has; its libraries are those of this machine.
    let libraries = match config.exceptions {
        true => libraries::needed(config.abi, true)?,
        false => Vec::new(),
    };
    let options = |side| {
        let link = render::link(spec, side);
        let form = |o: &String| match config.abi {
            Abi::Gnu => format!("-Xlink=-{o}"),
            Abi::Msvc => format!("/{o}"),
        };
        let mut words: Vec<String> = link.iter().map(form).collect();
        words.extend(libraries.iter().cloned());
        words.join(" ")
    };
    let mut out = String::new();
    let _ = writeln!(
        out,
        "why = \"Found by tests/semantic, {name}: edits {:?}.\"",
        spec.classes().join(", ")
    );
    out = out
        .replace(": edits \"", ": edits of ")
        .replace("\".\"", ".\"");
    let _ = writeln!(out, "abi = \"{}\"", config.abi.name());
    let mut compile = config.options.join(" ");
    if config.thread_locals {
        compile.push_str(" -DTHREAD_LOCALS");
    }
    if config.exceptions {
        compile.push_str(" -fexceptions -fcxx-exceptions -frtti -DEXCEPTIONS");
    }
    let _ = writeln!(out, "options = \"{compile}\"");
    let _ = writeln!(out, "sources = {:?}", paths(old));
    if paths(old) != paths(new) {
        let _ = writeln!(out, "new_sources = {:?}", paths(new));
    }
    let silent: Vec<String> = old
        .iter()
        .filter(|u| !u.debug)
        .map(|u| u.path.clone())
        .collect();
    if !silent.is_empty() {
        let _ = writeln!(out, "without_debug = {silent:?}");
    }
    let _ = writeln!(out, "link = \"{}\"", options(Side::Old));
    if options(Side::Old) != options(Side::New) {
        let _ = writeln!(out, "new_link = \"{}\"", options(Side::New));
    }
    out.push_str("\n[expect]\nruns = true\n");
    Ok(out)
}
