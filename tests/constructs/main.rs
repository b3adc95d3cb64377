//! One case per construct that a compiler may put into a changed function: compiled before
//! and after a change, patched in a running process under Wine, and reverted; or refused.
//! `tests/constructs/run.sh` brings what this needs.
//!
//! The comments at the top of a case say what must happen:
//!
//! | line | meaning |
//! |---|---|
//! | `abi: gnu msvc` | the ABIs that it is built for; the default |
//! | `flags: -O1` | options for the compiler; the default is `-O2` |
//! | `flags msvc: -GS` | options for one ABI alone |
//! | `link: …`, `link gnu: …` | options for the linker |
//! | `accept: HP301` | a risk that `build` is told to accept |
//! | `old: …`, `new: …`, `back: …` | answers before the patch, with it, and after the revert |
//! | `newer: …`, `rolled: …` | answers with a second patch (FIX 2, from the same old build) over the first, and after the rollback |
//! | `start: …` | answers of a process that is patched before its first instruction |
//! | `note: HP220` | a finding that must be there though the patch can be applied |
//! | `check: HP521` | a finding of `hotpatch check` |
//! | `veto: HP522` | `apply` must be refused with this finding |
//! | `refused: HP305` | `build` must refuse with this finding; nothing is run |
#![cfg(target_os = "linux")]

mod build;
mod case;
mod process;
#[path = "../support/start.rs"]
mod start;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use build::{Abi, Tools};
use case::Case;
use process::Server;

/// Cases that run side by side.
const WORKERS: usize = 2;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/constructs")
        .join(path)
}

#[test]
fn every_construct_is_carried_or_refused() {
    let tools = Tools::get();
    let mut files: Vec<PathBuf> = std::fs::read_dir(here("cases"))
        .expect("the folder of the cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    files.sort();
    let only = std::env::var("HOTPATCH_CONSTRUCT").unwrap_or_default();
    files.retain(|f| f.to_string_lossy().contains(&only));
    let jobs: Vec<(Case, Abi)> = files
        .iter()
        .map(|file| Case::read(file))
        .flat_map(|case| {
            case.abis
                .clone()
                .into_iter()
                .map(move |abi| (case.clone(), abi))
        })
        .collect();
    assert!(!jobs.is_empty(), "no case has {only:?} in its name");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((case, abi)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = run(tools, case, *abi);
                    let name = format!("{} ({abi:?})", case.name);
                    match result {
                        Ok(said) => println!("{name:34} {said}"),
                        Err(problem) => {
                            println!("{name:34} FAILED");
                            failures
                                .lock()
                                .expect("no panic")
                                .push(format!("{name}: {problem}"));
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// `tests/constructs/rust.sh` has built it, before the fix and after.
#[test]
fn a_rust_program_is_patched_while_it_runs() {
    let tools = Tools::get();
    let built = PathBuf::from(std::env::var_os("HOTPATCH_RUST").expect("HOTPATCH_RUST"));
    let lines = |prices: [&str; 4], rounds: std::ops::Range<u32>| -> Vec<String> {
        let of_round = |round: u32| {
            let line = move |(i, price): (u32, &str)| {
                let asked = round * 4 + i + 1;
                format!("{price}, {} times, {asked} asked, 1 dropped", round + 1)
            };
            (0..).zip(prices).map(line).collect::<Vec<_>>()
        };
        rounds.flat_map(of_round).collect()
    };
    let old = ["15", "45", "no plum", "panicked"];
    let new = ["10", "35", "no plum", "panicked"];
    let case = Case {
        name: "rust".into(),
        old: lines(old, 0..2),
        new: lines(new, 2..4),
        back: lines(old, 4..5),
        start: lines(new, 0..1),
        // What Rust does not promise from one build to the next: nothing of it in this fix.
        accept: vec!["HP230".into()],
        ..Case::default()
    };
    let images = ["old", "new"].map(|side| built.join(side).join("case.exe"));
    let said =
        patch(tools, &case, (&images[0], &images[1]), None).unwrap_or_else(|e| panic!("{e}"));
    println!("{:34} {said}", "rust");
}

/// Runs one case; says what became of it.
fn run(tools: &Tools, case: &Case, abi: Abi) -> Result<String, String> {
    let old = tools.compile(case, abi, 0)?;
    let new = tools.compile(case, abi, 1)?;
    let newer = match case.newer.is_empty() {
        true => None,
        false => Some(tools.compile(case, abi, 2)?),
    };
    patch(tools, case, (&old, &new), newer.as_deref())
}

/// Patches one build to another, and on to a newer one where there is one; compares what
/// happens with what must.
fn patch(
    tools: &Tools,
    case: &Case,
    (old, new): (&Path, &Path),
    newer: Option<&Path>,
) -> Result<String, String> {
    let package = old.with_file_name("fix.hpk");
    let verdict = tools.build(case, (old, new), 1, &package)?;
    let has = |code: &String| verdict.codes.contains(code);
    if let Some(missing) = case.refused.iter().chain(&case.notes).find(|c| !has(c)) {
        return Err(format!("no finding {missing}: {}", verdict.text));
    }
    if !case.refused.is_empty() {
        return match verdict.exit {
            4 => Ok(format!("refused: {}", case.refused.join(", "))),
            other => Err(format!("build ends with {other}: {}", verdict.text)),
        };
    }
    if verdict.exit != 0 {
        return Err(format!(
            "build ends with {}: {}",
            verdict.exit, verdict.text
        ));
    }
    if !case.start.is_empty() {
        let mut server = Server::start_patched(tools, old, &package)?;
        server.expect("patched at the start", &case.start)?;
    }
    let mut server = Server::start(tools, old)?;
    server.expect("old", &case.old)?;
    if !case.checks.is_empty() {
        let (_, found) = tools.operate("check", server.pid, Some(&package))?;
        if let Some(missing) = case.checks.iter().find(|c| !found.contains(c.as_str())) {
            return Err(format!("check has no finding {missing}: {found}"));
        }
    }
    let (exit, said) = tools.operate("apply", server.pid, Some(&package))?;
    if !case.veto.is_empty() {
        if exit != 4 || case.veto.iter().any(|code| !said.contains(code.as_str())) {
            return Err(format!("apply ends with {exit}: {said}"));
        }
        server.expect("after the veto", &case.back)?;
        return Ok(format!("vetoed: {}", case.veto.join(", ")));
    }
    if exit != 0 {
        return Err(format!("apply ends with {exit}: {said}"));
    }
    server.expect("new", &case.new)?;
    if let Some(newer) = newer {
        let package = old.with_file_name("fix-2.hpk");
        let verdict = tools.build(case, (old, newer), 2, &package)?;
        if verdict.exit != 0 {
            let (exit, text) = (verdict.exit, verdict.text);
            return Err(format!("the second build ends with {exit}: {text}"));
        }
        for (operation, package, wanted) in [
            ("apply", Some(&*package), &case.newer),
            ("rollback", None, &case.rolled),
        ] {
            let (exit, said) = tools.operate(operation, server.pid, package)?;
            if exit != 0 {
                return Err(format!(
                    "{operation} of the second ends with {exit}: {said}"
                ));
            }
            server.expect(operation, wanted)?;
        }
    }
    let (exit, said) = tools.operate("revert", server.pid, None)?;
    if exit != 0 {
        return Err(format!("revert ends with {exit}: {said}"));
    }
    server.expect("back", &case.back)?;
    Ok("patched and reverted".into())
}
