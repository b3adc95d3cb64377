//! One generated program: built, moved, edited, and every pair of builds judged.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::build::Build;
use super::coff::Object;
use super::config::Config;
use super::edits::{self, EDITS};
use super::generate;
use super::judge::{self, Judgement};
use super::linkmap::LinkMap;
use super::model::Program;
use super::product;
use super::render;
use super::rng::Rng;
use super::toolchain::{self, LinkOptions};
use super::truth::Linked;

/// What a pair of builds came to.
#[derive(Debug)]
pub struct Outcome {
    /// The pair, as the reader can ask for it again.
    pub title: String,
    pub functions: Judgement,
    pub data: Judgement,
    /// Why there is no judgement, or what else is wrong.
    pub error: Option<String>,
    /// Codes of the findings.
    pub findings: Vec<String>,
    /// The folder with the files of the pair.
    pub folder: PathBuf,
    /// The two builds have the same source.
    pub identity: bool,
}

impl Outcome {
    /// Whether there is anything to look at.
    pub fn is_clean(&self) -> bool {
        let lists = [&self.functions, &self.data];
        self.error.is_none()
            && lists
                .iter()
                .all(|j| j.missed.is_empty() && j.extra.is_empty())
    }
}

/// A linked image and all that is known of it.
struct Image {
    path: PathBuf,
    build: Build,
    map: LinkMap,
}

impl Image {
    fn linked(&self) -> Linked<'_> {
        Linked {
            build: &self.build,
            map: &self.map,
        }
    }
}

impl Image {
    /// The linker's names of the functions, one for each.
    fn functions(&self) -> Vec<String> {
        let items = self.build.functions();
        items.iter().map(|i| i.symbols[0].1.clone()).collect()
    }
}

/// Builds of one program.
struct Workshop<'w> {
    folder: &'w Path,
    config: &'w Config,
    /// Objects by what they were compiled from.
    made: HashMap<String, PathBuf>,
}

impl Workshop<'_> {
    /// Compiles what is not compiled yet, in a folder of its own.
    fn objects(&mut self, program: &Program, name: &str) -> Result<Vec<PathBuf>, String> {
        let folder = self.folder.join(name);
        let write = |file: &Path, text: &str| fs::write(file, text).map_err(|e| e.to_string());
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let header = render::header(program);
        write(&folder.join(render::HEADER), &header)?;
        let extension = if program.cpp { "cpp" } else { "c" };
        let mut objects = vec![self.support()?];
        for (index, unit) in program.units.iter().enumerate() {
            let text = render::unit(program, index);
            let key = format!("{header}\n{text}");
            if !self.made.contains_key(&key) {
                let source = format!("{}.{extension}", unit.name);
                let object = format!("{}.o", unit.name);
                write(&folder.join(&source), &text)?;
                let options = &self.config.options;
                toolchain::compile(&folder, self.config.abi, &source, &object, options)?;
                self.made.insert(key.clone(), folder.join(object));
            }
            objects.push(self.made[&key].clone());
        }
        Ok(objects)
    }

    /// The support unit, without debug information: it stands for a library.
    fn support(&mut self) -> Result<PathBuf, String> {
        let object = self.folder.join("support.o");
        if !object.exists() {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/support.c");
            let source = source.display().to_string();
            let options = ["-O1".to_owned(), "-fno-builtin".to_owned()];
            toolchain::compile(self.folder, self.config.abi, &source, "support.o", &options)?;
            let imports = "LIBRARY kernel32.dll\nEXPORTS\nGetTickCount\nGetCurrentThreadId\nGetCurrentProcessId\n";
            fs::write(self.folder.join("kernel32.def"), imports).map_err(|e| e.to_string())?;
            let arguments = [
                "-m",
                "i386:x86-64",
                "-d",
                "kernel32.def",
                "-l",
                "kernel32.lib",
            ];
            toolchain::run(self.folder, "llvm-dlltool", &arguments.map(str::to_owned))?;
        }
        Ok(object)
    }

    fn link(
        &self,
        objects: &[PathBuf],
        name: &str,
        options: &LinkOptions,
    ) -> Result<Image, String> {
        let folder = self.folder.join(name);
        let mut inputs = objects.to_vec();
        inputs.push(self.folder.join("kernel32.lib"));
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        toolchain::link(&folder, self.config.abi, "program.exe", &inputs, options)?;
        load(&folder.join("program.exe"), objects, options.reversed)
    }
}

fn load(path: &Path, objects: &[PathBuf], reversed: bool) -> Result<Image, String> {
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut parsed = Vec::new();
    for object in objects {
        let name = object.file_name().unwrap_or_default().to_string_lossy();
        parsed.push(Object::parse(&name, &read(object)?));
    }
    if reversed {
        parsed.reverse();
    }
    let map = read(&path.with_extension("map"))?;
    Ok(Image {
        path: path.to_owned(),
        build: Build::new(parsed),
        map: LinkMap::parse(&String::from_utf8_lossy(&map)),
    })
}

/// Builds the program of a seed and judges its pairs: the same objects linked in another
/// way, and `edits` new versions.
pub fn run(seed: u64, edits: usize, only: Option<&str>, folder: &Path) -> Vec<Outcome> {
    let mut rng = Rng::new(seed);
    let config = Config::new(seed, &mut rng);
    let program = generate::program(&mut rng, config.dialect);
    let mut workshop = Workshop {
        folder,
        config: &config,
        made: HashMap::new(),
    };
    let title = |what: &str| format!("seed {seed}, {what} ({})", describe(&config));
    let objects = workshop.objects(&program, "old");
    let old = objects.and_then(|o| Ok((workshop.link(&o, "old", &config.link())?, o)));
    let (old, objects) = match old {
        Ok(old) => old,
        Err(error) => return vec![failed(title("the old build"), error, folder)],
    };
    let mut outcomes = Vec::new();
    if only.is_none() {
        let options = config.moved(&mut rng, &old.functions());
        let moved = workshop.link(&objects, "moved", &options);
        outcomes.push(outcome(&old, moved, title("moved"), folder, true));
    }
    // Each seed starts somewhere else in the list, so that a short run meets all edits.
    let start = seed as usize * edits;
    let mut tried = EDITS
        .iter()
        .cycle()
        .skip(start % EDITS.len())
        .take(EDITS.len());
    let mut done = 0;
    while done < edits
        && let Some((name, edit)) = tried.next()
    {
        let mut rng = Rng::new(
            seed ^ name
                .bytes()
                .fold(7, |h: u64, b| h.wrapping_mul(131) ^ u64::from(b)),
        );
        let mut edited = program.clone();
        if only.is_some_and(|o| o != *name) || !edit(&mut edited, &mut rng) {
            continue;
        }
        done += 1;
        let options = if rng.percent(50) {
            config.moved(&mut rng, &old.functions())
        } else {
            config.link()
        };
        let slug = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let part = format!("new-{}", name.chars().map(slug).collect::<String>());
        let built = workshop.objects(&edited, &part);
        let new = built.and_then(|objects| workshop.link(&objects, &part, &options));
        let mut found = outcome(&old, new, title(name), &folder.join(part), false);
        if let Some(code) = edits::demanded(name)
            && found.error.is_none()
            && found.functions.changed > 0
            && !found.findings.iter().any(|f| f == code)
        {
            found.error = Some(format!("{code} is not among the findings"));
        }
        outcomes.push(found);
    }
    outcomes
}

fn describe(config: &Config) -> String {
    let folded = if config.folded { ", folded" } else { "" };
    let delayed = if config.delayed { ", delayed" } else { "" };
    let options = config.options.join(" ");
    format!("{:?}{folded}{delayed}: {options}", config.abi)
}

fn failed(title: String, error: String, folder: &Path) -> Outcome {
    Outcome {
        title,
        functions: Judgement::default(),
        data: Judgement::default(),
        error: Some(error),
        findings: Vec::new(),
        folder: folder.to_owned(),
        identity: false,
    }
}

fn outcome(
    old: &Image,
    new: Result<Image, String>,
    title: String,
    folder: &Path,
    identity: bool,
) -> Outcome {
    let answer = new.and_then(|new| Ok((product::diff(&old.path, &new.path)?, new)));
    let (answer, new) = match answer {
        Ok(found) => found,
        Err(error) => return failed(title, error, folder),
    };
    let (old, new) = (old.linked(), new.linked());
    let functions = judge::functions(&old, &new, &answer);
    let data = judge::data(&old, &new, &answer);
    // The order of the objects decides which copy of an inline function the linker takes,
    // and the copies need not be the same.
    let nothing = functions.changed + data.changed == 0;
    let wrong_verdict = identity && nothing && answer.status != "unchanged";
    Outcome {
        title,
        functions,
        data,
        error: if wrong_verdict {
            let codes = answer.findings.join(" ");
            Some(format!(
                "nothing changed, and the verdict is {} {codes}",
                answer.status
            ))
        } else {
            judge::thread_locals(&old, &new, &answer)
        },
        findings: answer.findings,
        folder: folder.to_owned(),
        identity,
    }
}
