//! A run over mutants of real programs.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use crate::journal::{Entry, Journal};
use crate::judge::Means;
use crate::mutants::{Originals, Verdict};
use crate::real::{self, Real};
use crate::rng::Rng;
use crate::session::{self, Options};

/// How the programs are optimised.
const LEVELS: [&str; 4] = ["-O0", "-O1", "-O2", "-Os"];

/// Everything that the workers share.
struct Session {
    means: Means,
    folder: PathBuf,
    sources: PathBuf,
    programs: Vec<Real>,
    journal: Mutex<Journal>,
}

/// Judges mutants until there are enough; whether none was wrong.
pub fn run(options: &Options) -> Result<bool, String> {
    let (means, folder) = session::means(options)?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/semantic/src");
    let wanted = std::env::var("HOTPATCH_SEMANTIC_REAL").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split_whitespace().collect();
    let programs: Vec<Real> = real::ALL
        .into_iter()
        .filter(|p| wanted.is_empty() || wanted.contains(&p.name))
        .filter(|p| sources.join(format!("{}.ready", p.name)).exists())
        .collect();
    if programs.is_empty() {
        return Err(format!(
            "no sources in {} (tests/semantic/sources.sh)",
            sources.display()
        ));
    }
    let journal = Journal::open(&folder.join("mutants.jsonl")).map_err(|e| e.to_string())?;
    let session = Session {
        means,
        folder,
        sources,
        programs,
        journal: Mutex::new(journal),
    };
    let done = session.lock().seeds();
    let before = session.lock().entries.len();
    let seeds = AtomicU64::new(options.seed);
    let count = AtomicUsize::new(before);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let worker = |worker| {
            let (session, done, seeds, count) = (&session, &done, &seeds, &count);
            scope.spawn(move || {
                let mut originals = Originals::default();
                while count.load(Ordering::Relaxed) < options.mutants {
                    let seed = seeds.fetch_add(1, Ordering::Relaxed);
                    if !done.contains(&seed) && session.mutant(seed, worker, &mut originals)? {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok(())
            })
        };
        let workers: Vec<_> = (0..options.workers).map(worker).collect();
        let ended = workers.into_iter().map(|w| w.join().expect("no panic"));
        ended.collect::<Result<(), String>>()
    })?;
    let journal = session.lock();
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    let made = journal.entries.len() - before;
    println!("{}", journal.summary());
    println!(
        "{made} mutants in {minutes:.1} min, {:.0} a minute",
        made as f64 / minutes
    );
    let bad = |e: &Entry| e.outcome.starts_with("wrong") || e.outcome == "broken";
    Ok(!journal.entries.iter().any(bad))
}

impl Session {
    fn lock(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Judges the mutant of a seed; whether it was one. A program that can't be built is an
    /// error.
    fn mutant(&self, seed: u64, worker: usize, originals: &mut Originals) -> Result<bool, String> {
        let mut rng = Rng::new(seed ^ 0x6d75_7461_6e74);
        // Programs of one kind in a row: the original is built once.
        let run = (seed / 50) as usize;
        let real = &self.programs[run % self.programs.len()];
        let level = LEVELS[run / self.programs.len() % LEVELS.len()];
        let folder = self.folder.join(format!("real{worker}"));
        let original = originals.get(real, level, &self.sources, &folder);
        let original = original.map_err(|problem| format!("{}{level}: {problem}", real.name))?;
        let Some((file, mutation)) = original.choose(&mut rng) else {
            return Ok(false);
        };
        let place = original.place(file, &mutation);
        let verdict = original.judge(&self.means, worker, (file, &mutation));
        let title = format!("m{seed} {}{level} {place}", real.name);
        let (outcome, codes) = match verdict {
            Verdict::None => return Ok(false),
            Verdict::Same => ("same", Vec::new()),
            Verdict::Patched => ("patched", Vec::new()),
            Verdict::Undefined => ("undefined", Vec::new()),
            Verdict::Refused(codes, said) => {
                println!("{title}\n{said}");
                ("needless", codes)
            }
            Verdict::Wrong(what) => {
                println!("{title} WRONG\n{what}");
                ("wrong", Vec::new())
            }
            Verdict::Broken(what) => {
                println!("{title} broken\n{what}");
                ("broken", Vec::new())
            }
        };
        let entry = Entry {
            seed,
            pair: 0,
            outcome: outcome.into(),
            kept: (!codes.is_empty()).then_some(title),
            codes,
            edits: vec![mutation.class.into()],
            parts: vec![format!("{}{level}", real.name), place],
            replaced: 0,
            missed: Vec::new(),
            extra: Vec::new(),
        };
        if let Err(problem) = self.lock().add(vec![entry]) {
            eprintln!("journal: {problem}");
        }
        Ok(true)
    }
}
