//! One small program for each kind of wrong answer that was ever found, and for its opposite:
//! programs that look alike and must be told apart.
//!
//! A case is a folder in `cases` with the sources, in which `#ifdef NEW` tells the builds
//! apart, and a `case.toml`:
//!
//! | key | meaning |
//! |---|---|
//! | `why` | what the case shows, in a sentence or two |
//! | `abi` | `"gnu"` (the default; `ld.lld -m i386pep`), `"msvc"` (`lld-link`), or a list of both |
//! | `options`, `new_options` | for the compiler, as one string; the default is `-O1`; and those of the new build where they differ |
//! | `sources` | the files in link order: C, C++ (`.cpp`), assembler (`.S`), resources (`.rc`) or import libraries (`.def`) |
//! | `new_sources` | their order in the new build, where it is another one |
//! | `without_debug` | files that are compiled without debug information |
//! | `link`, `new_link` | options for the linker, and those of the new build where they differ |
//! | `absolute` | compile by absolute path: names of anonymous namespaces hold a hash of it |
//! | `accept` | risks to accept |
//! | `separated`, `shortened` | records of the PDB that LLVM's tools do not write so |
//! | `arguments` | more arguments of `diff` and `build` |
//!
//! and in `[expect]`:
//!
//! | key | meaning |
//! |---|---|
//! | `verdict` | `unchanged`, `patchable`, `accepted` or `restart-required` |
//! | `findings` | codes that must be there |
//! | `no_findings` | codes that must not be there |
//! | `changed` | exactly the functions that changed, by their names in the records |
//! | `version_only` | exactly the changed functions in which nothing but the version differs |
//! | `left_out` | exactly the functions that are left out for that |
//! | `members` | exactly what became of the members of types whose layout changed: `came NAME`, … |
//! | `handles` | exactly what functions do with whole objects of such types: `NAME: allocates`, `NAME: may be frees`, … |
//! | `watched` | exactly the functions that stay and that no thread may be inside when the package is applied, with `&` in front of those whose address none may hold either |
//! | `must_not_stay` | exactly the functions of the package that may have no call under way when it is applied |
//! | `runs` | OLD started with the package ends and prints as NEW does; where nothing changed, OLD does |
//!
//! In the environment: `HOTPATCH_KIND` (only cases with this in their name),
//! `HOTPATCH_KINDS_PROGRAM` (another build of the program), `HOTPATCH_KINDS_AGAIN` (the cases as
//! they were built last), `HOTPATCH_KINDS_RUN` (run what can be run, under Wine;
//! `tests/kinds/run.sh` brings what that needs), `HOTPATCH_EXE` (the Windows build),
//! `LLVM_BIN` (the folder of clang and lld).
//!
//! Of every case in which the layout of a type changed, the skeleton of `--hooks-template` is
//! compiled.
#![cfg(target_os = "linux")]

mod build;
mod case;
mod layout;
mod left_out;
mod package;
mod run;
mod separated;
mod shortened;
#[path = "../support/start.rs"]
mod start;
mod stay;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use build::Abi;
use case::Case;
use serde_json::{Value, json};

/// Cases that are judged side by side.
const WORKERS: usize = 2;

#[test]
fn every_kind_is_answered_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds/cases");
    let only = std::env::var("HOTPATCH_KIND").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of the cases")
        .map(|entry| entry.expect("a case").path())
        .filter(|path| path.to_string_lossy().contains(&only))
        .collect();
    folders.sort();
    let jobs: Vec<(Case, Abi)> = folders
        .iter()
        .map(|folder| Case::read(folder))
        .flat_map(|case| case.abis().into_iter().map(move |abi| (case.clone(), abi)))
        .collect();
    assert!(!jobs.is_empty(), "no case has {only:?} in its name");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((case, abi)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = format!("{} ({abi:?})", case.name);
                    match judge(case, *abi) {
                        Ok(said) => println!("{name:44} {said}"),
                        Err(problem) => {
                            println!("{name:44} FAILED: {problem}");
                            let mut failures = failures.lock().expect("no panic");
                            failures.push(format!("{name}: {problem}"));
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// The program under test.
fn program() -> PathBuf {
    let other = std::env::var_os("HOTPATCH_KINDS_PROGRAM").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_hotpatch").into())
}

/// Builds and compares one case; says what was found.
fn judge(case: &Case, abi: Abi) -> Result<String, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("kinds")
        .join(format!("{}-{abi:?}", case.name));
    let again = std::env::var_os("HOTPATCH_KINDS_AGAIN").is_some();
    if !again {
        let _ = std::fs::remove_dir_all(&folder);
    }
    let side = |name: &str, is_new: bool| {
        let built = folder.join(name).join("x.exe");
        match again && built.is_file() {
            true => Ok(built),
            false => build::build(case, abi, is_new, &folder.join(name)),
        }
    };
    let (old, new) = (side("old", false)?, side("new", true)?);
    let mut diff = Command::new(program());
    diff.arg("diff").arg(&old).arg(&new);
    diff.args(["--format", "json"]);
    case.accept.iter().for_each(|code| {
        diff.args(["--accept", code]);
    });
    diff.args(&case.arguments);
    let output = diff.output().map_err(|e| e.to_string())?;
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|e| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        format!("diff ends with {}: {e}: {said}", output.status)
    })?;
    let said = compare(case, &report)?;
    layout::judge(case, &program(), &folder, (&old, &new), &report)
        .map_err(|e| format!("{e}: {said}"))?;
    stay::judge(case, &program(), &folder, (&old, &new)).map_err(|e| format!("{e}: {said}"))?;
    if case.expect.runs && std::env::var_os("HOTPATCH_KINDS_RUN").is_some() {
        let ran = run::behaves_as_new(case, &program(), &folder, (&old, &new))?;
        return Ok(format!("{said}, {ran}"));
    }
    Ok(said)
}

/// Compares a report with what the case expects.
fn compare(case: &Case, report: &Value) -> Result<String, String> {
    let verdict = report["verdict"]["status"].as_str().unwrap_or_default();
    let texts = |list: &Value, key: &str| -> Vec<String> {
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        let mut texts: Vec<String> = list
            .iter()
            .map(|item| item[key].as_str().unwrap_or_default().to_owned())
            .collect();
        texts.sort();
        texts
    };
    let findings = texts(&report["verdict"]["findings"], "code");
    let changed = texts(&report["functions"]["changed"], "name");
    let said = format!("{verdict} {findings:?}, changed {changed:?}");
    let wrong = |what: &str| Err(format!("{what}: {said}"));
    let expect = &case.expect;
    if expect.verdict.as_deref().is_some_and(|v| v != verdict) {
        return wrong("another verdict");
    }
    if let Some(missing) = expect.findings.iter().find(|c| !findings.contains(c)) {
        return wrong(&format!("no finding {missing}"));
    }
    if let Some(code) = expect.no_findings.iter().find(|c| findings.contains(c)) {
        return wrong(&format!("a finding {code}"));
    }
    let changes = report["functions"]["changed"].as_array();
    let marked = changes
        .into_iter()
        .flatten()
        .filter(|c| c["version_only"] != json!([]));
    let marked = Value::Array(marked.cloned().collect());
    for (wanted, found, what) in [
        (&expect.changed, changed.clone(), "functions"),
        (
            &expect.version_only,
            texts(&marked, "name"),
            "version only in",
        ),
        (
            &expect.left_out,
            texts(&report["functions"]["left_out"], "name"),
            "left out",
        ),
    ] {
        let Some(mut wanted) = wanted.clone() else {
            continue;
        };
        wanted.sort();
        if wanted != found {
            return wrong(&format!("not {what} {wanted:?} but {found:?}"));
        }
    }
    Ok(said)
}
