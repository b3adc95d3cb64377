//! What `hotpatch` costs, each figure beside a floor that was measured in the same run:
//! `tests/bench/run.sh` brings what this needs and runs it. The table goes to standard output.
//!
//! | row | ours | floor |
//! |---|---|---|
//! | `diff` | both builds, both PDBs | `openssl sha256` of the four files, and `llvm-pdbutil dump -symbols -publics` of one PDB |
//! | `diff`, growing | generated programs of more and more functions | the smallest of them, for each function |
//! | `build`, `coverage` | the same pair | `diff` of it |
//! | `inspect` | the package | `--version` |
//! | package | bytes | `bsdiff` and `zstd -19 --patch-from` of the images, where they are installed |
//! | `hotpatch.exe` | bytes | – |
//!
//! Ours and the floor take turns, and of each the best of several runs counts: what else the
//! machine does comes and goes, the least is what the work takes.
//!
//! In the environment: `HOTPATCH_BENCH_PAIRS` (a folder with a folder for each pair, that has
//! `old` and `new`, each with an image and its PDB), `HOTPATCH_BENCH_XL` (a pair to measure
//! against `openssl sha256` alone, as folder), `HOTPATCH_BENCH_SIZES` (how many thousand functions
//! the generated programs have), `HOTPATCH_BENCH_RUNS`, `HOTPATCH_EXE` (the Windows build),
//! `LLVM_BIN`.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

mod grow;
mod measure;
mod rows;

fn main() {
    if !cfg!(target_os = "linux") {
        eprintln!("the bench runs compilers and other tools of Linux: tests/bench/run.sh");
        return;
    }
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == measure::CHILD => measure::child(arguments),
        _ => {
            if let Err(problem) = rows::all() {
                eprintln!("bench: {problem}");
                std::process::exit(1);
            }
        }
    }
}
