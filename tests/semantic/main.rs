//! The semantic oracle: programs are generated, edited, built, patched and run, and what
//! they do is compared. `tests/semantic/run.sh` brings what this needs and runs it.
//!
//! For each pair of builds
//!
//! * OLD, started with the package, prints and ends as NEW does;
//! * where nothing changed, OLD and NEW do the same;
//! * patched in mid-run, OLD goes on as a model of "old state, new code" says (model.rs);
//! * what is refused is counted by its finding, and kept where no edit asks for it.
//!
//! Programs are put together from templates (template.rs), and are the same for ever for
//! one seed. Wrong answers are reduced (reduce.rs) and kept as cases of tests/kinds
//! (failure.rs). Every pair is written to a journal, so that a long run can be ended and
//! goes on where it was.
//!
//! In the environment: `HOTPATCH_EXE` (the Windows build), `HOTPATCH_SEMANTIC_PROGRAM`
//! (another build for this machine), `HOTPATCH_WINEPREFIX`, `HOTPATCH_WINE`, `LLVM_BIN`,
//! `HOTPATCH_SEMANTIC_PART` and `HOTPATCH_SEMANTIC_EDIT` (only templates with this in their
//! name, only edits of this class).
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "compilers and Wine are run from Linux")
)]

mod caught;
mod config;
mod csmith;
mod failure;
mod journal;
mod judge;
mod libraries;
mod model;
mod mutant_session;
mod mutants;
mod mutate;
mod objects;
mod real;
mod reduce;
mod render;
#[path = "../support/rng.rs"]
#[allow(dead_code, reason = "each test crate uses its own part")]
mod rng;
mod run;
mod session;
mod spec;
#[path = "../support/start.rs"]
mod start;
mod template;
mod workshop;

fn main() {
    if !cfg!(target_os = "linux") {
        eprintln!("programs are built and run from Linux: tests/semantic/run.sh");
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match session::Options::parse(&arguments).and_then(|o| session::run(&o)) {
        Ok(true) => {}
        Ok(false) => std::process::exit(1),
        Err(problem) => {
            eprintln!("semantic: {problem}");
            std::process::exit(2);
        }
    }
}
