//! A run over many programs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::csmith;
use crate::failure;
use crate::journal::{Entry, Journal};
use crate::judge::{self, Functions, Means, Outcome};
use crate::mutant_session;
use crate::reduce;
use crate::rng::Rng;
use crate::spec::{Edit, Side, Spec};
use crate::template::Template;
use crate::workshop::Workshop;

/// Pairs of one program.
const PAIRS: usize = 8;
/// Examples that are kept of each needless refusal, and of each kind of wrong answer.
const EXAMPLES: usize = 2;

/// What to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Ends when the journal has so many pairs.
    pub pairs: usize,
    /// The first seed.
    pub seed: u64,
    /// Programs that are judged side by side.
    pub workers: usize,
    /// Mutants of real programs instead.
    pub mutants: usize,
    /// Forget what was judged before.
    pub fresh: bool,
}

impl Options {
    /// Reads `--pairs N`, `--mutants N`, `--seed N`, `--workers N` and `--fresh`.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options {
            pairs: 200,
            seed: 0,
            workers: 2,
            mutants: 0,
            fresh: false,
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let mut number = || {
                let value = rest.next().ok_or(format!("{name} needs a number"))?;
                value.parse::<u64>().map_err(|_| format!("{name} {value}?"))
            };
            match name.as_str() {
                "--pairs" => options.pairs = number()? as usize,
                "--mutants" => options.mutants = number()? as usize,
                "--seed" => options.seed = number()?,
                "--workers" => options.workers = number()? as usize,
                "--fresh" => options.fresh = true,
                other => return Err(format!("what is {other}?")),
            }
        }
        Ok(options)
    }
}

/// Everything that the workers share.
struct Session {
    means: Means,
    templates: Vec<Template>,
    folder: PathBuf,
    journal: Mutex<Journal>,
    has_csmith: bool,
    only_part: Option<String>,
    only_edit: Option<String>,
}

/// Judges pairs until there are enough; whether none was wrong.
pub fn run(options: &Options) -> Result<bool, String> {
    if options.mutants > 0 {
        return mutant_session::run(options);
    }
    let session = Session::new(options)?;
    let done = session.lock().seeds();
    let seeds = AtomicU64::new(options.seed);
    let before = session.lock().entries.len();
    let count = AtomicUsize::new(before);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for worker in 0..options.workers {
            let (session, done, seeds, count) = (&session, &done, &seeds, &count);
            scope.spawn(move || {
                while count.load(Ordering::Relaxed) < options.pairs {
                    let seed = seeds.fetch_add(1, Ordering::Relaxed);
                    if !done.contains(&seed) {
                        count.fetch_add(session.program(seed, worker), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let journal = session.lock();
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    let pairs = journal.entries.len() - before;
    println!("{}", journal.summary());
    println!(
        "{pairs} pairs in {minutes:.1} min, {:.0} a minute",
        pairs as f64 / minutes
    );
    let bad = |e: &&Entry| e.outcome.starts_with("wrong") || e.outcome == "broken";
    Ok(!journal.entries.iter().any(|e| bad(&e)))
}

/// The programs that judge and are judged, and the folder for this build of `hotpatch`.
pub fn means(options: &Options) -> Result<(Means, PathBuf), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::var_os("HOTPATCH_SEMANTIC_PROGRAM");
    let program = program.map_or_else(|| env!("CARGO_BIN_EXE_hotpatch").into(), PathBuf::from);
    let windows = std::env::var_os("HOTPATCH_EXE").ok_or("HOTPATCH_EXE names hotpatch.exe")?;
    let bytes = std::fs::read(&program).map_err(|e| format!("{}: {e}", program.display()))?;
    let name = hex::encode(&Sha256::digest(&bytes)[..6]);
    let folder = root.join("target/semantic").join(name);
    if options.fresh {
        let _ = std::fs::remove_dir_all(&folder);
    }
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let key = folder.join("key.pem");
    if !key.exists() {
        let mut keygen = Command::new(&program);
        keygen.arg("keygen").arg("--out").arg(&key);
        crate::workshop::check(&mut keygen, "keygen")?;
    }
    println!("state in {}", folder.display());
    let means = Means {
        program,
        windows: windows.into(),
        key,
    };
    Ok((means, folder))
}

impl Session {
    fn new(options: &Options) -> Result<Session, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (means, folder) = means(options)?;
        Ok(Session {
            means,
            templates: Template::read_all(&root.join("tests/semantic/templates")),
            journal: Mutex::new(
                Journal::open(&folder.join("journal.jsonl")).map_err(|e| e.to_string())?,
            ),
            folder,
            has_csmith: csmith::is_there(),
            only_part: std::env::var("HOTPATCH_SEMANTIC_PART").ok(),
            only_edit: std::env::var("HOTPATCH_SEMANTIC_EDIT").ok(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Judges all pairs of a program; how many.
    fn program(&self, seed: u64, worker: usize) -> usize {
        let only = self.only_part.as_deref();
        let mut program = Spec::program(seed, &self.templates, only);
        let may = self.has_csmith && seed % 4 == 3 && only.is_none();
        if (may || only == Some("csmith"))
            && let Err(problem) = program.add_csmith(seed)
        {
            eprintln!("seed {seed}: {problem}");
        }
        if program.parts.is_empty() {
            return 0;
        }
        let folder = self.folder.join(format!("worker{worker}"));
        let built = Workshop::new(&folder).and_then(|mut shop| {
            let mut old = shop.build(&program, Side::Old)?;
            // A random program may never end, whatever is edited in it.
            if program.has_random() && !judge::ends(&old) {
                program.remove_csmith();
                old = shop.build(&program, Side::Old)?;
            }
            Ok((shop, old))
        });
        let mut entries = Vec::new();
        match built {
            Ok(_) if program.parts.is_empty() => {}
            Ok((mut shop, old)) => {
                let mut rng = Rng::new(seed ^ 0x6564_6974);
                for pair in 0..PAIRS {
                    let spec = program.edited(&mut rng, self.only_edit.as_deref());
                    let live = pair % 2 == 0;
                    let (outcome, functions) =
                        judge::judge(&self.means, &mut shop, &old, &spec, live);
                    let mut entry = self.entry((seed, pair), &spec, outcome, worker);
                    self.compare(&mut entry, &spec, functions);
                    entries.push(entry);
                }
            }
            Err(problem) => {
                entries.push(self.entry((seed, 0), &program, Outcome::Broken(problem), worker));
            }
        }
        let count = entries.len();
        if let Err(problem) = self.lock().add(entries) {
            eprintln!("journal: {problem}");
        }
        count
    }

    /// What is written about a pair; what is remarkable is kept.
    fn entry(
        &self,
        (seed, pair): (u64, usize),
        spec: &Spec,
        outcome: Outcome,
        worker: usize,
    ) -> Entry {
        let mut parts: Vec<String> = spec
            .edits
            .iter()
            .filter_map(Edit::part)
            .filter_map(|prefix| spec.parts.iter().find(|p| p.prefix == prefix))
            .map(|p| p.template.clone())
            .collect();
        parts.dedup();
        let title = format!("s{seed}_{pair}");
        let (word, codes) = word(&outcome);
        let kept = match &outcome {
            Outcome::Wrong { what, .. } if self.is_known(&word, spec, &parts) => {
                println!("{title} {word}: as before, {}\n{what}", describe(spec));
                None
            }
            Outcome::Wrong { how, what: first } => {
                let folder = self.folder.join(format!("reduce{worker}"));
                let (small, what) = reduce::reduce(&self.means, &folder, spec, *how);
                let flaky = || format!("{first}\n(it was right when it was tried again)");
                let what = what.unwrap_or_else(flaky);
                println!("{title} {word}: {}\n{what}", describe(&small));
                self.keep("failures", &format!("{word}_{title}"), &small, &what)
            }
            Outcome::Broken(what) => {
                println!("{title} broken: {what}");
                self.keep("broken", &title, spec, what)
            }
            Outcome::Extra(what) => self.example(&word, &codes, &title, spec, &what.join("\n")),
            Outcome::Refused {
                needless: true,
                said,
                ..
            } => self.example(&word, &codes, &title, spec, said),
            _ => None,
        };
        Entry {
            seed,
            pair,
            outcome: word,
            codes,
            edits: spec.classes().into_iter().map(str::to_owned).collect(),
            parts,
            kept,
            replaced: 0,
            missed: Vec::new(),
            extra: Vec::new(),
        }
    }

    /// Adds what is known of the functions; pairs with wrong ones are kept.
    fn compare(&self, entry: &mut Entry, spec: &Spec, functions: Functions) {
        let lists = [("missed", &functions.missed), ("extra", &functions.extra)];
        for (kind, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            let title = format!("s{}_{}", entry.seed, entry.pair);
            println!("{title} {kind}: {}: {}", describe(spec), list.join(" "));
            entry.kept = self.keep(kind, &title, spec, &list.join("\n"));
        }
        entry.replaced = functions.replaced;
        (entry.missed, entry.extra) = (functions.missed, functions.extra);
    }

    /// Whether enough pairs with such edits are wrong in this way, and were reduced.
    fn is_known(&self, word: &str, spec: &Spec, parts: &[String]) -> bool {
        let same = |e: &&Entry| {
            e.outcome == word && e.kept.is_some() && e.parts == parts && e.edits == spec.classes()
        };
        self.lock().entries.iter().filter(same).count() >= EXAMPLES
    }

    fn example(
        &self,
        word: &str,
        codes: &[String],
        title: &str,
        spec: &Spec,
        what: &str,
    ) -> Option<String> {
        let same = |e: &&Entry| e.outcome == word && e.codes == codes && e.kept.is_some();
        let known = self.lock().entries.iter().filter(same).count();
        let name = format!("{}_{title}", codes.join("_"));
        (known < EXAMPLES)
            .then(|| self.keep(word, &name, spec, what))
            .flatten()
    }

    fn keep(&self, kind: &str, name: &str, spec: &Spec, what: &str) -> Option<String> {
        let folder = self.folder.join(kind);
        match failure::keep(&folder, name, spec, what) {
            Ok(folder) => Some(folder.display().to_string()),
            Err(problem) => {
                eprintln!("{name} cannot be kept: {problem}");
                None
            }
        }
    }
}

/// The outcome in a word, and the codes of findings.
fn word(outcome: &Outcome) -> (String, Vec<String>) {
    let (word, codes) = match outcome {
        Outcome::Same => ("same", &[][..]),
        Outcome::Patched { live: false } => ("patched", &[][..]),
        Outcome::Patched { live: true } => ("live", &[][..]),
        Outcome::Refused {
            codes, needless, ..
        } => match needless {
            true => ("needless", &codes[..]),
            false => ("refused", &codes[..]),
        },
        Outcome::Extra(_) => ("extra", &[][..]),
        Outcome::Wrong { how, .. } => return (format!("wrong-{}", how.word()), Vec::new()),
        Outcome::Skipped => ("skipped", &[][..]),
        Outcome::Broken(_) => ("broken", &[][..]),
    };
    (word.into(), codes.to_vec())
}

/// A pair in a line.
fn describe(spec: &Spec) -> String {
    let names: Vec<&str> = spec.parts.iter().map(|p| &*p.template).collect();
    format!(
        "{:?} {} [{}]: {:?}",
        spec.config.abi,
        spec.config.options.join(" "),
        names.join(" "),
        spec.edits
    )
}
