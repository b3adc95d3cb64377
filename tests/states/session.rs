//! One run: which sequences, and what came of them.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::catalogue::Catalogue;
use crate::driver::Driver;
use crate::generate;
use crate::means::Means;
use crate::points;
use crate::rng::Rng;
use crate::shrink::shorten;
use crate::step::{Step, read, written};

/// What is to be done.
#[derive(Debug)]
pub struct Options {
    sequences: u64,
    steps: usize,
    seed: u64,
    replay: Option<Vec<Step>>,
    /// Those of found.txt come first.
    found: bool,
    journal: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options {
            sequences: 100,
            steps: 30,
            seed: 0,
            replay: None,
            found: false,
            journal: None,
        };
        while let Some(option) = arguments.next() {
            if option == "--found" {
                options.found = true;
                continue;
            }
            let value = arguments.next().ok_or(format!("{option} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{value} is no number"));
            match option.as_str() {
                "--sequences" => options.sequences = number()?,
                "--steps" => options.steps = number()? as usize,
                "--seed" => options.seed = number()?,
                "--replay" => options.replay = Some(read(&value)?),
                "--journal" => options.journal = Some(value.into()),
                _ => return Err(format!("{option} is no option")),
            }
        }
        Ok(options)
    }
}

/// What sequences need.
struct Session<'s> {
    folder: &'s Path,
    all: Catalogue,
    means: Means,
    points: Vec<String>,
    /// Steps that were done.
    steps: usize,
    /// Sequences in the end of which memory of patches was still there.
    kept: Cell<usize>,
}

/// How a sequence failed, and the steps until then.
struct Failure {
    why: String,
    steps: Vec<Step>,
}

/// Does it; whether all was as it should be.
pub fn run(folder: &Path, options: &Options) -> Result<bool, String> {
    let all = Catalogue::new();
    let mut session = Session {
        folder,
        means: Means::read(folder, &all),
        all,
        points: points::in_sources().into_iter().collect(),
        steps: 0,
        kept: Cell::new(0),
    };
    if let Some(steps) = &options.replay {
        let failed = session.replay(steps);
        println!("{}", failed.as_deref().unwrap_or("all is as it should be"));
        return Ok(failed.is_none());
    }
    let done = read_journal(options.journal.as_deref());
    let began = Instant::now();
    let (mut sequences, mut failures) = (0, 0);
    if options.found {
        failures += session.found()?;
    }
    for seed in options.seed..options.seed + options.sequences {
        if done.contains(&seed) {
            continue;
        }
        sequences += 1;
        let since = Instant::now();
        let failed = session.sequence(seed, options.steps);
        let said = match &failed {
            None => {
                println!("{seed}: good, {:.1} s", since.elapsed().as_secs_f64());
                "good".to_owned()
            }
            Some(failure) => {
                failures += 1;
                session.explain(seed, failure)
            }
        };
        note(options.journal.as_deref(), &format!("{seed} {said}"))?;
        if failures >= 5 {
            break;
        }
    }
    println!(
        "{sequences} sequences, {} steps, {failures} wrong, {} s; memory stayed in {}; \
         {} sequences were done before",
        session.steps,
        began.elapsed().as_secs(),
        session.kept.get(),
        done.len()
    );
    Ok(failures == 0)
}

impl Session<'_> {
    /// Makes up a sequence and does it.
    fn sequence(&mut self, seed: u64, count: usize) -> Option<Failure> {
        let mut rng = Rng::new(seed);
        let mut steps = Vec::new();
        let why = self.with_driver(|driver, points| {
            for _ in 0..count {
                let step = generate::next(&mut rng, driver.all, &driver.model, points);
                steps.push(step.clone());
                driver.step(&step).map_err(|e| format!("{step}: {e}"))?;
            }
            driver.finish().map_err(|e| format!("at the end: {e}"))
        });
        self.steps += steps.len();
        why.map(|why| Failure { why, steps })
    }

    /// Does given steps; what is wrong then.
    fn replay(&mut self, steps: &[Step]) -> Option<String> {
        self.with_driver(|driver, _| {
            for step in steps.iter() {
                if driver.model.allows(step) {
                    driver.step(step).map_err(|e| format!("{step}: {e}"))?;
                }
            }
            driver.finish().map_err(|e| format!("at the end: {e}"))
        })
    }

    /// Does the sequences that once failed; how many fail.
    fn found(&mut self) -> Result<u64, String> {
        let lines = include_str!("found.txt").lines();
        let mut failures = 0;
        for line in lines.filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let steps = read(line)?;
            self.steps += steps.len();
            if let Some(why) = self.replay(&steps) {
                println!("WRONG: {why}\n  --replay '{line}'");
                failures += 1;
            }
        }
        Ok(failures)
    }

    /// Starts the program for one sequence.
    fn with_driver(
        &self,
        act: impl FnOnce(&mut Driver<'_>, &[String]) -> Result<(), String>,
    ) -> Option<String> {
        let acted = catch_unwind(AssertUnwindSafe(|| {
            let mut driver = Driver::start(self.folder, &self.all, &self.means);
            let acted = act(&mut driver, &self.points);
            self.kept
                .set(self.kept.get() + usize::from(driver.kept > 0));
            acted
        }));
        match acted {
            Ok(acted) => acted.err(),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                Some(text.unwrap_or_else(|| "a panic".to_owned()))
            }
        }
    }

    /// Says what went wrong, as shortly as it can be made to go wrong.
    fn explain(&mut self, seed: u64, failure: &Failure) -> String {
        println!("WRONG, seed {seed}: {}", failure.why);
        println!("  --replay '{}'", written(&failure.steps));
        let shortened = shorten(&failure.steps, |steps| self.replay(steps));
        match shortened {
            Some((steps, why)) => {
                println!("shortened: {why}\n  --replay '{}'", written(&steps));
                format!("wrong {}", written(&steps))
            }
            None => {
                println!("not when it is tried again");
                format!("wrong-once {}", written(&failure.steps))
            }
        }
    }
}

/// The seeds that were done by an earlier run.
fn read_journal(journal: Option<&Path>) -> BTreeSet<u64> {
    let text = journal.and_then(|path| std::fs::read_to_string(path).ok());
    let text = text.unwrap_or_default();
    let seeds = text
        .lines()
        .filter_map(|l| l.split(' ').next()?.parse().ok());
    seeds.collect()
}

fn note(journal: Option<&Path>, line: &str) -> Result<(), String> {
    let Some(path) = journal else {
        return Ok(());
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{line}"));
    written.map_err(|e| format!("{}: {e}", path.display()))
}
