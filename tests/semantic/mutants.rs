//! Mutants of real programs: one edit, and the program's own test as the behaviour.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use crate::judge::{self, Means};
use crate::mutate::{self, Mutation};
use crate::real::{Real, placed};
use crate::rng::Rng;
use crate::run::{self, Behaviour, Run};
use crate::workshop::{check, tool};

/// What a mutant came to.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It cannot be compiled, is the same code, or hangs: no mutant.
    None,
    /// The builds are the same to `hotpatch`, and do the same.
    Same,
    Patched,
    Refused(Vec<String>, String),
    /// What it does depends on where things lie; nothing can be said.
    Undefined,
    Wrong(String),
    Broken(String),
}

/// A real program at one level, built.
pub struct Original {
    pub(super) real: Real,
    pub(super) folder: PathBuf,
    pub(super) sources: PathBuf,
    options: Vec<String>,
    /// Objects in link order.
    objects: Vec<PathBuf>,
    pub(super) own: Vec<(PathBuf, String)>,
    image: PathBuf,
}

/// Programs that are built, by name and level.
#[derive(Default)]
pub struct Originals(HashMap<String, Original>);

impl Originals {
    /// The program, built now if it was not before.
    pub fn get(
        &mut self,
        real: &Real,
        level: &str,
        sources: &Path,
        folder: &Path,
    ) -> Result<&Original, String> {
        let name = format!("{}{level}", real.name);
        if !self.0.contains_key(&name) {
            let built = Original::build(real, level, sources, &folder.join(&name))?;
            self.0.insert(name.clone(), built);
        }
        Ok(&self.0[&name])
    }
}

impl Original {
    fn build(real: &Real, level: &str, sources: &Path, folder: &Path) -> Result<Original, String> {
        let mut options = vec![
            level.to_owned(),
            "-w".into(),
            "-g".into(),
            "-gcodeview".into(),
        ];
        options.push("--target=x86_64-w64-windows-gnu".into());
        options.extend(real.options(sources));
        let own = real.own(sources).into_iter().map(|path| {
            let text = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            Ok((path, String::from_utf8_lossy(&text).into_owned()))
        });
        let mut original = Original {
            real: real.clone(),
            folder: folder.to_owned(),
            sources: sources.to_owned(),
            options,
            objects: Vec::new(),
            own: own.collect::<Result<_, String>>()?,
            image: folder.join("old/x.exe"),
        };
        std::fs::create_dir_all(folder.join("old")).map_err(|e| e.to_string())?;
        let own = original.own.iter().map(|o| o.0.clone());
        for path in own.chain(real.others(sources)).collect::<Vec<_>>() {
            let object = folder.join("old").join(name_of(&path)).with_extension("o");
            if !object.exists() {
                original.compile(&path, &path, &object)?;
            }
            original.objects.push(object);
        }
        original.link(&original.objects, &original.image)?;
        Ok(original)
    }

    /// Compiles a file as if it lay where the original does.
    fn compile(&self, file: &Path, original: &Path, object: &Path) -> Result<(), String> {
        let home = original.parent().unwrap_or(Path::new("/"));
        let mut clang = Command::new(tool("clang"));
        clang.args(&self.options).arg("-I").arg(home);
        let from = file.parent().unwrap_or(home);
        clang.arg(format!("-ffile-prefix-map={}=/src", from.display()));
        clang.arg("-c").arg(file).arg("-o").arg(object);
        check(&mut clang, &file.display().to_string())
    }

    fn link(&self, objects: &[PathBuf], image: &Path) -> Result<(), String> {
        let mut clang = Command::new(tool("clang"));
        clang.args([
            "--target=x86_64-w64-windows-gnu",
            "-fuse-ld=lld",
            "-Wl,--no-insert-timestamp",
        ]);
        clang.arg(format!(
            "-Wl,--pdb={}",
            image.with_extension("pdb").display()
        ));
        clang.args(objects).arg("-o").arg(image);
        check(&mut clang, "the linker")
    }

    /// Chooses a mutation: file, and what changes.
    pub fn choose(&self, rng: &mut Rng) -> Option<(usize, Mutation)> {
        let total: usize = self.own.iter().map(|o| o.1.len()).sum();
        let mut place = rng.below(total);
        let file = self.own.iter().position(|o| {
            let here = place < o.1.len();
            if !here {
                place -= o.1.len();
            }
            here
        })?;
        let all = mutate::mutations(&self.own[file].1);
        (!all.is_empty()).then(|| (file, rng.pick(&all).clone()))
    }

    /// Where a mutation is, for reading.
    pub fn place(&self, file: usize, mutation: &Mutation) -> String {
        let (path, text) = &self.own[file];
        let line = text[..mutation.at].matches('\n').count() + 1;
        format!(
            "{}:{line}: {:?} -> {:?}",
            name_of(path).display(),
            mutation.old,
            mutation.new
        )
    }

    /// Judges a mutant.
    pub fn judge(
        &self,
        means: &Means,
        worker: usize,
        (file, mutation): (usize, &Mutation),
    ) -> Verdict {
        let here = self.folder.join(format!("new{worker}"));
        match self.judged(means, &here, file, mutation) {
            Ok(verdict) => verdict,
            Err(problem) => Verdict::Broken(problem),
        }
    }

    fn judged(
        &self,
        means: &Means,
        here: &Path,
        file: usize,
        mutation: &Mutation,
    ) -> Result<Verdict, String> {
        let _ = std::fs::remove_dir_all(here);
        std::fs::create_dir_all(here).map_err(|e| e.to_string())?;
        let (path, text) = &self.own[file];
        let source = here.join(name_of(path));
        std::fs::write(&source, mutate::apply(text, mutation)).map_err(|e| e.to_string())?;
        let object = source.with_extension("o");
        if self.compile(&source, path, &object).is_err() || same_code(&object, &self.objects[file])
        {
            return Ok(Verdict::None);
        }
        let mut objects = self.objects.clone();
        objects[file] = object;
        let new = here.join("x.exe");
        self.link(&objects, &new)?;
        let package = here.join("fix.hpk");
        let mut build = Command::new(&means.program);
        build
            .arg("build")
            .arg(&self.image)
            .arg(&new)
            .args(["--id", "mutant", "--format", "json"]);
        build.arg("--key").arg(&means.key).arg("-o").arg(&package);
        let said = run::finish_slowly(&mut build, "")?;
        if said.did.exit == Some(4) {
            let (codes, text) = crate::judge::findings(&said.did.output);
            return Ok(Verdict::Refused(codes, text));
        }
        let wanted = self.run(run::wine().arg(&new), here)?.did;
        if wanted.output.contains("(hangs)") {
            return Ok(Verdict::None);
        }
        let found = match said.did.exit {
            Some(3) => self.run(run::wine().arg(&self.image), here)?,
            Some(0) => self.start(means, &package, here)?,
            code => {
                return Ok(Verdict::Wrong(format!(
                    "build ends with {code:?}: {}",
                    said.complaint
                )));
            }
        };
        if found.did == wanted {
            return Ok(match said.did.exit {
                Some(3) => Verdict::Same,
                _ => Verdict::Patched,
            });
        }
        let undefined =
            self.is_undefined(&objects, here, &wanted)? || self.is_caught(here, file, &source)?;
        if undefined {
            return Ok(Verdict::Undefined);
        }
        Ok(Verdict::Wrong(format!("{found:?}\ninstead of\n{wanted:?}")))
    }

    /// OLD, started with a package.
    fn start(&self, means: &Means, package: &Path, here: &Path) -> Result<Run, String> {
        let mut apply = run::wine();
        apply
            .arg(&means.windows)
            .arg("apply")
            .arg(package)
            .arg("--key")
            .arg(&means.key);
        apply.arg("--start").arg(&self.image).arg("--wait");
        apply.env("HOTPATCH_AUDIT", here.join("audit.jsonl"));
        apply.arg("--");
        let input = self.prepare(&mut apply, here)?;
        judge::applied(&mut apply, &input)
    }

    fn run(&self, command: &mut Command, here: &Path) -> Result<Run, String> {
        let input = self.prepare(command, here)?;
        run::finish(command, &input)
    }

    /// Adds arguments; returns what the program reads.
    pub(super) fn prepare(&self, command: &mut Command, here: &Path) -> Result<String, String> {
        command.current_dir(here);
        command.args(
            self.real
                .arguments
                .iter()
                .map(|a| placed(a, &self.sources, here)),
        );
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let input = self
            .real
            .script
            .map(|s| std::fs::read_to_string(root.join(s)));
        let input = input.transpose().map_err(|e| e.to_string())?;
        Ok(input.unwrap_or_default())
    }

    /// Whether NEW does something else when it is linked in another order, or run again: then
    /// it reads what it has not written, or beyond what it may.
    fn is_undefined(
        &self,
        objects: &[PathBuf],
        here: &Path,
        wanted: &Behaviour,
    ) -> Result<bool, String> {
        if !matches!(wanted.exit, Some(0..=4)) {
            return Ok(true);
        }
        let other = here.join("other.exe");
        let reversed: Vec<PathBuf> = objects.iter().rev().cloned().collect();
        self.link(&reversed, &other)?;
        for image in [&other, &here.join("x.exe")] {
            if self.run(run::wine().arg(image), here)?.did != *wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

pub(super) fn name_of(path: &Path) -> PathBuf {
    path.file_name().unwrap_or_default().into()
}

/// Whether two objects differ in debug information at most.
fn same_code(one: &Path, two: &Path) -> bool {
    match (code(one), code(two)) {
        (Some(one), Some(two)) => one == two,
        _ => false,
    }
}

/// Sections that end up in the image: name, bytes, and what they refer to.
type Code = Vec<(String, Vec<u8>, Vec<(u64, String)>)>;

fn code(path: &Path) -> Option<Code> {
    let bytes = std::fs::read(path).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    let mut found = Vec::new();
    for section in file.sections() {
        let name = section.name().ok()?.to_owned();
        if name.starts_with(".debug") {
            continue;
        }
        let mut references = Vec::new();
        for (at, relocation) in section.relocations() {
            let object::RelocationTarget::Symbol(index) = relocation.target() else {
                return None;
            };
            let symbol = file.symbol_by_index(index).ok()?;
            references.push((at, format!("{} {}", symbol.name().ok()?, symbol.address())));
        }
        found.push((name, section.data().ok()?.to_vec(), references));
    }
    Some(found)
}
