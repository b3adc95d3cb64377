//! One pair, judged by what the programs do.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::model;
use crate::objects;
use crate::run::{self, Behaviour, Program};
use crate::spec::{Side, Spec};
use crate::start::never_came;
use crate::workshop::Workshop;

/// What each program is asked for: three rounds.
const ROUNDS: &str = "rrr";

/// What a pair came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The builds are the same, and do the same.
    Same,
    /// OLD with the package did as NEW does.
    Patched { live: bool },
    /// Refused, by these findings; whether nothing in the edits asks for it.
    Refused {
        codes: Vec<String>,
        needless: bool,
        /// The findings, for reading.
        said: String,
    },
    /// Edits that move things only, and functions are said to have changed.
    Extra(Vec<String>),
    /// A wrong answer.
    Wrong { how: How, what: String },
    /// The edit of a random program cannot be compiled, or never ends.
    Skipped,
    /// No judgement: a tool failed.
    Broken(String),
}

/// Kinds of wrong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Nothing changed, but OLD and NEW do different things.
    Unseen,
    /// OLD, started with the package, does not do what NEW does.
    Started,
    /// OLD, patched in mid-run, does not go on as the model says.
    Live,
    /// A package that was built cannot be applied.
    Unapplied,
    /// `hotpatch build` failed in another way.
    Failed,
}

impl How {
    /// A word for names.
    pub fn word(self) -> &'static str {
        match self {
            How::Unseen => "unseen",
            How::Started => "started",
            How::Live => "live",
            How::Unapplied => "unapplied",
            How::Failed => "failed",
        }
    }
}

/// The programs that judge and are judged.
#[derive(Clone, Debug)]
pub struct Means {
    /// `hotpatch` for this machine.
    pub program: PathBuf,
    /// `hotpatch.exe`
    pub windows: PathBuf,
    pub key: PathBuf,
}

/// Builds NEW of a pair and judges it; `old` is OLD's image, built before.
pub fn judge(
    means: &Means,
    shop: &mut Workshop,
    old: &Path,
    spec: &Spec,
    live: bool,
) -> (Outcome, Functions) {
    match judged(means, shop, old, spec, live) {
        Ok(found) => found,
        Err(_) if spec.has_random() => (Outcome::Skipped, Functions::default()),
        Err(problem) => (Outcome::Broken(problem), Functions::default()),
    }
}

fn judged(
    means: &Means,
    shop: &mut Workshop,
    old: &Path,
    spec: &Spec,
    live: bool,
) -> Result<(Outcome, Functions), String> {
    let new = shop.build(spec, Side::New)?;
    let package = shop.folder().join("fix.hpk");
    let mut build = Command::new(&means.program);
    build
        .arg("build")
        .arg(old)
        .arg(&new)
        .args(["--id", "pair", "--format", "json"]);
    build.arg("--key").arg(&means.key).arg("-o").arg(&package);
    let said = run::finish_slowly(&mut build, "")?;
    let outcome = match said.did.exit {
        Some(3) => same(old, &new)?,
        Some(4) => refused(spec, &said.did.output),
        Some(0) => match patched(means, old, &new, &package)? {
            Outcome::Patched { .. } if live && model::is_worthwhile(spec) => {
                goes_on(means, shop, old, &package, spec)?
            }
            other => other,
        },
        code => wrong(
            How::Failed,
            format!("exit code {code:?}: {}", said.complaint),
        ),
    };
    let outcome = match outcome {
        Outcome::Patched { .. } if spec.moves_objects() => {
            Outcome::Extra(replaced(&said.did.output))
        }
        other => other,
    };
    let functions = match said.did.exit {
        Some(0 | 3) => functions(shop, spec, &replaced(&said.did.output)),
        _ => Functions::default(),
    };
    Ok((outcome, functions))
}

/// How the functions that a package carries compare with those that changed.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    /// How many it carries.
    pub replaced: usize,
    /// Changed for sure, and not carried.
    pub missed: Vec<String>,
    /// The same for sure, and carried.
    pub extra: Vec<String>,
}

fn functions(shop: &Workshop, spec: &Spec, replaced: &[String]) -> Functions {
    let config = &spec.config;
    let apart = config.options.iter().any(|o| o == "-ffunction-sections");
    let folded = config.link.iter().any(|o| o == "opt:icf");
    let certain = match apart && !folded {
        true => objects::compare(&shop.objects(spec)).unwrap_or_default(),
        false => objects::Certain::default(),
    };
    // Of what differs in line numbers alone nothing is carried.
    let lines = |name: &str| {
        let mut parts = spec.parts.iter().filter(|p| p.template == "lines");
        parts.any(|p| name.contains(&format!("{}_", p.prefix)))
    };
    let missed = certain.changed.iter();
    Functions {
        replaced: replaced.len(),
        missed: missed
            .filter(|n| !replaced.contains(n) && !lines(n))
            .cloned()
            .collect(),
        extra: certain
            .same
            .iter()
            .filter(|n| replaced.contains(n))
            .cloned()
            .collect(),
    }
}

fn wrong(how: How, what: String) -> Outcome {
    Outcome::Wrong { how, what }
}

/// The functions that a package carries.
fn replaced(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let names = report["functions"].as_array().into_iter().flatten();
    names
        .filter_map(|n| n.as_str())
        .map(str::to_owned)
        .collect()
}

fn refused(spec: &Spec, report: &str) -> Outcome {
    let (codes, said) = findings(report);
    Outcome::Refused {
        codes,
        needless: spec.is_safe(),
        said,
    }
}

/// The findings of a report that are more than notes: their codes, and a text.
pub fn findings(report: &str) -> (Vec<String>, String) {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let list = report["verdict"]["findings"].as_array();
    let stops = |f: &&Value| f["severity"].as_str() != Some("note");
    let found: Vec<&Value> = list.into_iter().flatten().filter(stops).collect();
    let text = |f: &Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
    let mut codes: Vec<String> = found.iter().map(|f| text(f, "code")).collect();
    codes.sort();
    codes.dedup();
    let line = |f: &&Value| ["code", "subject", "detail"].map(|k| text(f, k)).join("  ");
    (codes, found.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// What a program does by itself; one that hangs or dies says nothing about a patch. One that
/// says nothing at all was not started: `tests/wine/settled.sh`.
fn native(image: &Path) -> Result<Behaviour, String> {
    let mut did = run::finish(run::wine().arg(image), ROUNDS)?.did;
    for _ in 0..2 {
        if !did.output.is_empty() {
            break;
        }
        did = run::finish(run::wine().arg(image), ROUNDS)?.did;
    }
    match did.output.lines().count() == ROUNDS.len() && !did.output.contains("(hangs)") {
        true => Ok(did),
        false => Err(format!("{} does not end well: {did:?}", image.display())),
    }
}

/// Whether a program comes to its end.
pub fn ends(image: &Path) -> bool {
    native(image).is_ok()
}

fn same(old: &Path, new: &Path) -> Result<Outcome, String> {
    let (old, new) = (native(old)?, native(new)?);
    Ok(match old == new {
        true => Outcome::Same,
        false => wrong(How::Unseen, difference(&old, &new)),
    })
}

/// Starts OLD with the package.
fn patched(means: &Means, old: &Path, new: &Path, package: &Path) -> Result<Outcome, String> {
    let wanted = native(new)?;
    let mut apply = run::wine();
    apply
        .arg(&means.windows)
        .arg("apply")
        .arg(package)
        .arg("--key")
        .arg(&means.key);
    apply.arg("--start").arg(old).arg("--wait");
    apply.env("HOTPATCH_AUDIT", package.with_extension("jsonl"));
    let ran = applied(&mut apply, ROUNDS)?;
    if !ran.complaint.contains(" is now active ") {
        return Ok(wrong(How::Unapplied, ran.complaint));
    }
    Ok(match ran.did == wanted {
        true => Outcome::Patched { live: false },
        false => wrong(How::Started, difference(&ran.did, &wanted)),
    })
}

/// Runs `hotpatch apply`; once more where it, or the program that it starts, was not started.
pub fn applied(apply: &mut Command, input: &str) -> Result<run::Run, String> {
    let ran = run::finish(apply, input)?;
    match never_came(&ran.complaint) {
        true => run::finish(apply, input),
        false => Ok(ran),
    }
}

/// Patches OLD after its first round.
fn goes_on(
    means: &Means,
    shop: &Workshop,
    old: &Path,
    package: &Path,
    spec: &Spec,
) -> Result<Outcome, String> {
    let model = shop.model(spec)?;
    let wanted = run::finish(&mut Command::new(model), "rprr")?.did;
    let mut program = Program::start(run::wine().arg(old))?;
    program.send("i");
    let pid = program.line().ok_or("OLD says nothing")?;
    program.send("r");
    let first = program.line().ok_or("OLD answers nothing")?;
    let mut apply = run::wine();
    apply
        .arg(&means.windows)
        .arg("apply")
        .arg(package)
        .arg("--key")
        .arg(&means.key);
    apply.args(["--pid", &pid]);
    apply.env("HOTPATCH_AUDIT", package.with_extension("jsonl"));
    let applied = applied(&mut apply, "")?;
    if applied.did.exit != Some(0) {
        return Ok(wrong(
            How::Unapplied,
            format!("{first}\n{}", applied.complaint),
        ));
    }
    program.send("rr");
    let ran = program.end()?.did;
    let output = ran.output.split_once('\n').map_or("", |o| o.1);
    let known: Vec<&str> = spec
        .parts
        .iter()
        .filter(|p| model::knows(spec, p))
        .map(|p| &*p.prefix)
        .collect();
    let (found, wanted) = (answers(output, &known), answers(&wanted.output, &known));
    Ok(match found == wanted {
        true => Outcome::Patched { live: true },
        false => wrong(How::Live, format!("{found}\ninstead of\n{wanted}")),
    })
}

/// The answers of some parts.
fn answers(output: &str, parts: &[&str]) -> String {
    let line = |line: &str| {
        let words = line.split(' ');
        let own = words.filter(|w| w.rsplit_once('=').is_some_and(|w| parts.contains(&w.1)));
        own.collect::<Vec<_>>().join(" ")
    };
    output.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn difference(found: &Behaviour, wanted: &Behaviour) -> String {
    format!(
        "{}(exit {:?})\ninstead of\n{}(exit {:?})",
        found.output, found.exit, wanted.output, wanted.exit
    )
}
