//! Mutants that do what C leaves undefined: what they do says nothing.
//!
//! The program is built for this machine with AddressSanitizer and checks of array bounds. It
//! counts as caught where that stops the mutant and lets the original be.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::mutants::{Original, name_of};
use crate::run;
use crate::workshop::check;

const CHECKS: [&str; 3] = [
    "-fsanitize=address,bounds",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
];

impl Original {
    /// Whether the checks stop the mutant whose changed file is given, and not the original.
    pub(super) fn is_caught(
        &self,
        here: &Path,
        file: usize,
        mutated: &Path,
    ) -> Result<bool, String> {
        let folder = self.folder.join("checked");
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let own = self.own.iter().map(|o| o.0.clone());
        let mut objects = Vec::new();
        for path in own.chain(self.real.others(&self.sources)) {
            let object = folder.join(name_of(&path)).with_extension("o");
            if !object.exists() {
                // Workers share the folder.
                let own = here.join("checked.o");
                self.compile_checked(&path, &path, &own)?;
                std::fs::rename(&own, &object).map_err(|e| e.to_string())?;
            }
            objects.push(object);
        }
        let is_stopped = |objects: &[PathBuf], program: &str| -> Result<bool, String> {
            let program = here.join(program);
            let mut gcc = Command::new("gcc");
            gcc.args(CHECKS).args(objects).arg("-o").arg(&program);
            check(gcc.args(["-lm", "-ldl", "-lpthread"]), "gcc")?;
            let mut command = Command::new(&program);
            command.env("ASAN_OPTIONS", "detect_leaks=0");
            let input = self.prepare(&mut command, here)?;
            let said = run::finish_slowly(&mut command, &input)?.complaint;
            Ok(said.contains("AddressSanitizer") || said.contains("runtime error:"))
        };
        if is_stopped(&objects, "original")? {
            return Ok(false);
        }
        objects[file] = here.join("mutated.o");
        self.compile_checked(mutated, &self.own[file].0, &objects[file])?;
        is_stopped(&objects, "mutant")
    }

    fn compile_checked(&self, file: &Path, original: &Path, object: &Path) -> Result<(), String> {
        let home = original.parent().unwrap_or(Path::new("/"));
        let mut gcc = Command::new("gcc");
        gcc.args(["-O1", "-g", "-w", "-c"]).args(CHECKS);
        gcc.args(self.real.options(&self.sources))
            .arg("-I")
            .arg(home);
        check(
            gcc.arg(file).arg("-o").arg(object),
            &file.display().to_string(),
        )
    }
}
