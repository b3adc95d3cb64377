//! Mutants that do what C leaves undefined: what they do says nothing.
//!
//! The program is built for this machine with AddressSanitizer and checks of array bounds, and
//! run twice, with fresh memory of the heap filled in another way. It counts as caught where the
//! checks stop the mutant, or it does something else the second time, and the original is let be.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::mutants::{Original, name_of};
use crate::run;
use crate::workshop::check;

/// What fresh memory holds in the one run and in the other.
const FILLS: [u8; 2] = [0, 0xbe];

const CHECKS: [&str; 3] = [
    "-fsanitize=address,bounds",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
];

impl Original {
    /// Whether the checks catch the mutant whose changed file is given, and not the original.
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
        if self.strays(here, &objects, "original")? {
            return Ok(false);
        }
        objects[file] = here.join("mutated.o");
        self.compile_checked(mutated, &self.own[file].0, &objects[file])?;
        self.strays(here, &objects, "mutant")
    }

    /// Whether a program is stopped, or does what memory holds that it has not written.
    fn strays(&self, here: &Path, objects: &[PathBuf], program: &str) -> Result<bool, String> {
        let program = here.join(program);
        let mut gcc = Command::new("gcc");
        gcc.args(CHECKS).args(objects).arg("-o").arg(&program);
        check(gcc.args(["-lm", "-ldl", "-lpthread"]), "gcc")?;
        let mut did = Vec::new();
        for fill in FILLS {
            let mut command = Command::new(&program);
            let fill = format!("max_malloc_fill_size=1073741824:malloc_fill_byte={fill}");
            command.env("ASAN_OPTIONS", format!("detect_leaks=0:{fill}"));
            let input = self.prepare(&mut command, here)?;
            let ran = run::finish_slowly(&mut command, &input)?;
            let said = &ran.complaint;
            if said.contains("AddressSanitizer") || said.contains("runtime error:") {
                return Ok(true);
            }
            did.push(ran.did);
        }
        Ok(did[0] != did[1])
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
