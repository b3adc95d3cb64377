//! An oracle that proves `hotpatch diff` right, or wrong: it compares the object files
//! of two builds, where every reference is still a name, and the program must find the
//! same in the linked images.
//!
//! The programs are made up from seeds, and so are the edits. In the environment:
//!
//! * `HOTPATCH_ORACLE_CASES`: how many programs (a few dozen without it)
//! * `HOTPATCH_ORACLE_EDITS`: how many edits of each
//! * `HOTPATCH_ORACLE_SEED`: the first seed
//! * `HOTPATCH_ORACLE_ONLY`: the only edit, by its name
//! * `HOTPATCH_ORACLE_KEEP`: keep all files, not only those of disagreements
//! * `LLVM_BIN`: the folder of clang and lld
#![cfg(target_os = "linux")]

mod build;
mod case;
mod coff;
mod compare;
mod config;
mod edits;
mod edits_data;
mod edits_flow;
mod edits_program;
mod edits_value;
mod fields;
mod generate;
mod generate_stmt;
mod judge;
mod linkmap;
mod model;
mod names;
mod product;
mod render;
mod render_body;
#[path = "../support/rng.rs"]
mod rng;
mod toolchain;
mod truth;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use case::Outcome;
use judge::Judgement;

/// Programs in a short run.
const CASES: u64 = 32;
/// Edits of each.
const EDITS: usize = 5;

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

/// Judges the programs of all seeds, on every processor there is.
fn run_all() -> Vec<Outcome> {
    let first = number("HOTPATCH_ORACLE_SEED", 0);
    let end = first + number("HOTPATCH_ORACLE_CASES", CASES);
    let edits = number("HOTPATCH_ORACLE_EDITS", EDITS as u64) as usize;
    let only = std::env::var("HOTPATCH_ORACLE_ONLY").ok();
    let keep = std::env::var_os("HOTPATCH_ORACLE_KEEP").is_some();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    toolchain::tools();
    let next = AtomicU64::new(first);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let folder = folder.join(seed.to_string());
                    let _ = std::fs::remove_dir_all(&folder);
                    std::fs::create_dir_all(&folder).expect("a folder for the case");
                    let found = case::run(seed, edits, only.as_deref(), &folder);
                    if !keep && found.iter().all(Outcome::is_clean) {
                        std::fs::remove_dir_all(&folder).expect("the folder of the case");
                    }
                    outcomes.lock().expect("outcomes").extend(found);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("outcomes");
    outcomes.sort_by(|a, b| a.title.cmp(&b.title));
    outcomes
}

#[test]
fn the_diff_of_linked_images_agrees_with_their_objects() {
    let outcomes = run_all();
    let (mut functions, mut data) = (Judgement::default(), Judgement::default());
    let mut wrong = 0;
    for outcome in &outcomes {
        functions.add(&outcome.functions);
        data.add(&outcome.data);
        if outcome.is_clean() {
            continue;
        }
        wrong += 1;
        println!("{}\n  files: {}", outcome.title, outcome.folder.display());
        print!(
            "{}{}",
            outcome.functions.text("function"),
            outcome.data.text("datum")
        );
        if let Some(error) = &outcome.error {
            println!("  error: {error}");
        }
    }
    println!(
        "{} pairs of builds, {wrong} with a disagreement or an error",
        outcomes.len()
    );
    for (what, sum) in [("functions", &functions), ("data", &data)] {
        println!("{}", sum.summary(what));
    }
    let errors = outcomes.iter().filter(|o| o.error.is_some()).count();
    assert_eq!(errors, 0, "pairs with an error");
    let identities = outcomes.iter().filter(|o| o.identity);
    let moved = identities.filter(|o| !o.is_clean()).count();
    assert_eq!(moved, 0, "builds of the same objects that seem to differ");
    functions.assert_agreement("functions");
    data.assert_agreement("data");
}
