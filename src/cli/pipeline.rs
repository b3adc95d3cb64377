//! Runs the pure stages over two builds: image → symbols → function → diff → plan.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Context, anyhow};

use super::Failure;
use super::builds::{self, BuildsArgs};
use super::progress::Progress;
use crate::diff::Diff;
use crate::exit::Exit;
use crate::finding::rules::{self, input};
use crate::finding::{Finding, Severity};
use crate::function::Program;
use crate::image::{self, Image};
use crate::plan::Plan;
use crate::symbols::{self, Lines, Mentions, Origins, Revisions, Symbols, Touches};

/// The files of one build.
pub struct BuildFiles {
    /// The image's file.
    pub image_path: PathBuf,
    /// The PDB's file, once it was looked for.
    pub pdb_path: Option<PathBuf>,
    /// Its bytes.
    pub pdb: Vec<u8>,
}

impl BuildFiles {
    /// The files of a build of which only the image is known so far.
    pub fn new(image_path: &Path) -> Self {
        BuildFiles {
            image_path: image_path.to_owned(),
            pdb_path: None,
            pdb: Vec::new(),
        }
    }
}

/// What the stages found. Where the images are of a kind that cannot be hotpatched,
/// nothing was compared.
pub struct Comparison<'c> {
    /// The old build's files and image.
    pub old_files: &'c BuildFiles,
    /// The new build's.
    pub new_files: &'c BuildFiles,
    /// The old image.
    pub old_image: &'c Image<'c>,
    /// The new image.
    pub new_image: &'c Image<'c>,
    /// Both programs and their difference, where they were compared.
    pub compared: Option<(&'c Program<'c>, &'c Program<'c>, &'c Diff)>,
    /// Source lines of the changed functions, old and new.
    pub lines: [&'c Lines; 2],
    /// The plan, always with a verdict.
    pub plan: &'c Plan,
    /// Milliseconds that each stage took, in order.
    pub timings: Vec<(&'static str, u64)>,
}

/// Names a stage for the progress display, and how long it took for the report.
struct Stages {
    progress: Progress,
    started: Instant,
    timings: Vec<(&'static str, u64)>,
}

impl Stages {
    fn new() -> Self {
        Stages {
            progress: Progress::new(),
            started: Instant::now(),
            timings: Vec::new(),
        }
    }

    fn run<T>(&mut self, name: &'static str, what: &str, work: impl FnOnce() -> T) -> T {
        self.progress.stage(what);
        let before = Instant::now();
        let result = work();
        self.timings.push((name, millis(before)));
        result
    }
}

/// Does the same for both builds at once. What panics goes on panicking.
fn side_by_side<T: Send>(old: impl FnOnce() -> T + Send, new: impl FnOnce() -> T + Send) -> (T, T) {
    thread::scope(|scope| {
        let of_new = scope.spawn(new);
        let of_old = old();
        (
            of_old,
            of_new.join().unwrap_or_else(|panic| resume_unwind(panic)),
        )
    })
}

fn millis(since: Instant) -> u64 {
    since.elapsed().as_millis() as u64
}

/// Checks that every code given with `--accept` is one that can be accepted.
///
/// # Errors
/// Exit code 2 where a code is unknown or names no risk.
pub fn check_codes(codes: &[String]) -> Result<(), Failure> {
    for code in codes {
        let problem = match rules::by_code(code) {
            Some(rule) if rule.severity == Severity::Risk => continue,
            Some(rule) => format!("{} ({}) cannot be accepted", rule.code, rule.title),
            None => format!("there is no finding with the code {code:?}"),
        };
        return Err(Failure::new(Exit::Usage, anyhow!(problem))
            .hint("`hotpatch explain --all` lists every code and which can be accepted"));
    }
    Ok(())
}

/// Refuses names that no function has.
fn check_names(program: &Program<'_>, names: &[String]) -> Result<(), Failure> {
    let known = |name: &str| {
        let mut functions = program.function_indices();
        functions.any(|f| program.function(f).is_called(name))
    };
    match names.iter().find(|name| !known(name)) {
        Some(name) => {
            let problem = anyhow!("the image has no function with the name {name:?}");
            Err(Failure::new(Exit::Usage, problem))
        }
        None => Ok(()),
    }
}

/// Takes those functions out of the changed ones that are to be left as they are.
///
/// # Errors
/// Exit code 2 where one was named that differs in more than the version.
fn leave_out(
    args: &BuildsArgs,
    diff: &mut Diff,
    (old, new): (&Program<'_>, &Program<'_>),
) -> Result<(), Failure> {
    let is_called =
        |f, g, name: &str| old.function(f).is_called(name) || new.function(g).is_called(name);
    for name in &args.leave_out {
        if diff
            .version_only
            .iter()
            .any(|v| is_called(v.old, v.new, name))
        {
            continue;
        }
        check_names(old, std::slice::from_ref(name))?;
        let mut changed = diff.functions.changed.iter();
        let problem = match changed.any(|c| is_called(c.old, c.new, name)) {
            true => anyhow!(
                "{name} can't be left out: that it differs in nothing but the version is not proven"
            ),
            false => anyhow!("{name} has not changed, there is nothing to leave out"),
        };
        return Err(Failure::new(Exit::Usage, problem).hint(
            "`hotpatch diff` marks the functions in which only the version differs; a fix has to be carried as a whole",
        ));
    }
    diff.leave_out(|v| {
        let mut named = args.leave_out.iter();
        args.leave_out_version || named.any(|name| is_called(v.old, v.new, name))
    });
    Ok(())
}

/// What a plan is wanted for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'w> {
    /// What changed, with these risks accepted.
    Changes(&'w [String]),
    /// Every function, with these risks accepted and these functions left where they are.
    Everything(&'w [String], &'w [String]),
}

/// Compares two builds and hands the result to `then`.
///
/// # Errors
/// Where a file cannot be read or does not belong to the others, and what `then` returns.
pub fn compare<T>(
    args: &BuildsArgs,
    wanted: Wanted<'_>,
    then: impl FnOnce(&Comparison<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut stages = Stages::new();
    let mut old = BuildFiles::new(&args.old);
    let mut new = BuildFiles::new(&args.new);
    let (old_bytes, new_bytes) = (
        builds::read_image(&args.old)?,
        builds::read_image(&args.new)?,
    );
    let (old_image, new_image) = stages.run("image", "reading images", || {
        let old = builds::image(&args.old, &old_bytes)?;
        Ok::<_, Failure>((old, builds::image(&args.new, &new_bytes)?))
    })?;
    if matches!(wanted, Wanted::Everything(..)) && old_bytes != new_bytes {
        let problem = anyhow!("{} and {} differ", args.old.display(), args.new.display());
        return Err(Failure::new(Exit::Usage, problem)
            .hint("--all-functions moves the functions of one build: give the same image twice"));
    }
    let mut findings = image::kind_findings(&old_image, "the old image");
    findings.extend(image::kind_findings(&new_image, "the new image"));
    if let Some(plan) = Plan::refused(findings) {
        let images = [&old_image, &new_image];
        return uncompared([&old, &new], images, &plan, finish(stages), then);
    }
    let given = (args.old_pdb.as_deref(), args.new_pdb.as_deref());
    let old_pdb = builds::find_pdb(&args.old, &old_image, given.0, "--old-pdb")?;
    let new_pdb = builds::find_pdb(&args.new, &new_image, given.1, "--new-pdb")?;
    let (old_symbols, new_symbols) = stages.run("symbols", "reading symbols", || {
        let of_new = || symbols(&mut new, new_pdb, &new_image);
        let (old, new) = side_by_side(|| symbols(&mut old, old_pdb, &old_image), of_new);
        Ok::<_, Failure>((old?, new?))
    })?;
    let mut findings = image::layout_findings(&old_image, "the old image");
    findings.extend(image::layout_findings(&new_image, "the new image"));
    findings.extend(symbols::findings(&old_symbols, &old_image, "the old"));
    let is_unclear = |f: &Finding| f.rule.code == input::DATA_IN_CODE.code;
    let of_new = symbols::findings(&new_symbols, &new_image, "the new");
    // Both builds are linked the same way: that is said once.
    let said = findings.iter().any(is_unclear);
    findings.extend(of_new.into_iter().filter(|f| !said || !is_unclear(f)));
    // What is no code can't be listed as functions.
    let is_unclear = findings
        .iter()
        .any(|f| f.rule.code == input::DATA_IN_CODE.code);
    let refused = Plan::refused(findings);
    if let Some(plan) = refused.as_ref().filter(|_| is_unclear) {
        let images = [&old_image, &new_image];
        return uncompared([&old, &new], images, plan, finish(stages), then);
    }
    let (old_program, new_program) = stages.run("function", "decoding functions", || {
        side_by_side(
            || Program::new(&old_image, &old_symbols),
            || Program::new(&new_image, &new_symbols),
        )
    });
    let mut diff = stages.run("diff", "comparing functions", || match wanted {
        Wanted::Changes(_) => Diff::new(&old_program, &new_program),
        Wanted::Everything(..) => Diff::identity(&old_program),
    });
    if let Wanted::Everything(_, except) = wanted {
        check_names(&old_program, except)?;
    }
    let (old_lines, new_lines) = stages.run("lines", "reading source lines", || {
        let lines = lines_of_changed(&diff, (&old_program, &old.pdb), (&new_program, &new.pdb));
        if !args.keep_line_numbers {
            diff.set_aside_line_numbers((&old_program, &lines.0), (&new_program, &lines.1));
        }
        diff.compare_sources((&old_program, &lines.0), (&new_program, &lines.1));
        lines
    });
    if diff.may_hold_version() {
        stages.run("version", "looking for the version", || {
            // What a PDB does not say of the revision proves nothing.
            let of = |pdb: &[u8]| Revisions::read(pdb).unwrap_or_default();
            let (of_old, of_new) = (of(&old.pdb), of(&new.pdb));
            diff.find_version_numbers((&old_program, &of_old), (&new_program, &of_new));
        });
    }
    leave_out(args, &mut diff, (&old_program, &new_program))?;
    let declared = diff.has_declared_types(&old_program, &new_program);
    let untold = diff.may_have_untold(&old_program, &new_program);
    let replaced = diff.may_have_replaced(&old_program, &new_program);
    let types = diff.has_open_types() || declared;
    if types || untold || replaced {
        stages.run("types", "looking for users of changed types", || {
            // Where a PDB does not say which file defines a type, whatever differs counts.
            if types
                && let (Ok(of_old), Ok(of_new)) = (Origins::read(&old.pdb), Origins::read(&new.pdb))
            {
                let (old, new) = (&old_symbols.types, &new_symbols.types);
                diff.tell_types_apart((old, &of_old), (new, &of_new));
            }
            // Where they can't be read, nothing explains what code does.
            let read = |wanted: bool, pdb: &[u8]| match wanted {
                true => Mentions::read(pdb).unwrap_or_default(),
                false => Mentions::default(),
            };
            let of_old = read(declared || replaced, &old.pdb);
            let of_new = read(declared || replaced || untold, &new.pdb);
            if declared {
                diff.add_declared_types((&old_program, &of_old), (&new_program, &of_new));
            }
            diff.find_replaced((&old_program, &of_old), (&new_program, &of_new));
            diff.find_untold(&old_program, (&new_program, &of_new));
            let of_old = touches(&diff, &old_symbols, &old.pdb);
            let of_new = touches(&diff, &new_symbols, &new.pdb);
            diff.find_type_users((&old_program, &of_old), (&new_program, &of_new));
        });
    }
    let plan = match refused {
        Some(plan) => plan,
        None => stages.run("plan", "planning the patch", || match wanted {
            Wanted::Changes(accepted) => Plan::new(&old_program, &new_program, &diff, accepted),
            Wanted::Everything(accepted, except) => {
                Plan::of_everything(&old_program, &diff, accepted, except)
            }
        }),
    };
    let comparison = Comparison {
        old_files: &old,
        new_files: &new,
        old_image: &old_image,
        new_image: &new_image,
        compared: Some((&old_program, &new_program, &diff)),
        lines: [&old_lines, &new_lines],
        plan: &plan,
        timings: finish(stages),
    };
    then(&comparison)
}

/// Hands on two builds that are refused before anything in them is compared.
fn uncompared<T>(
    [old_files, new_files]: [&BuildFiles; 2],
    [old_image, new_image]: [&Image<'_>; 2],
    plan: &Plan,
    timings: Vec<(&'static str, u64)>,
    then: impl FnOnce(&Comparison<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    then(&Comparison {
        old_files,
        new_files,
        old_image,
        new_image,
        compared: None,
        lines: [&Lines::default(), &Lines::default()],
        plan,
        timings,
    })
}

/// The source lines of all changed functions in both builds, and of those that show what is a
/// line number. Where a PDB has none that
/// can be read, there are none: they explain a change, they do not make it.
fn lines_of_changed(
    diff: &Diff,
    old: (&Program<'_>, &[u8]),
    new: (&Program<'_>, &[u8]),
) -> (Lines, Lines) {
    let changed = || diff.functions.changed.iter();
    let others = diff.line_witnesses(old.0, new.0);
    let of_old = changed().map(|c| c.old).chain(others.0);
    let of_new = changed().map(|c| c.new).chain(others.1);
    let of_old = of_old.flat_map(|f| old.0.code_ranges(f));
    let of_new = of_new.flat_map(|f| new.0.code_ranges(f));
    (
        Lines::read(old.1, &of_old.collect::<Vec<_>>()).unwrap_or_default(),
        Lines::read(new.1, &of_new.collect::<Vec<_>>()).unwrap_or_default(),
    )
}

/// How functions touch the types that changed. Where a PDB does not say, nothing is known:
/// it explains what a changed layout may do, the verdict does not rest on it.
fn touches(diff: &Diff, symbols: &Symbols, pdb: &[u8]) -> Touches {
    let keys: Vec<&str> = diff.types.iter().map(|t| t.key.as_str()).collect();
    Touches::read(pdb, &symbols.types, &keys).unwrap_or_default()
}

fn finish(mut stages: Stages) -> Vec<(&'static str, u64)> {
    stages.progress.done();
    stages.timings.push(("total", millis(stages.started)));
    stages.timings
}

/// Reads the PDB of a build and checks that it belongs to the image.
///
/// # Errors
/// Where it cannot be read, or is that of another build.
pub fn symbols(
    files: &mut BuildFiles,
    pdb_path: PathBuf,
    image: &Image<'_>,
) -> Result<Symbols, Failure> {
    files.pdb = builds::read_pdb(&pdb_path)?;
    let symbols =
        Symbols::parse(&files.pdb).with_context(|| format!("cannot use {}", pdb_path.display()))?;
    builds::check_identity(
        &files.image_path,
        image,
        &pdb_path,
        &symbols.guid,
        symbols.age,
    )?;
    files.pdb_path = Some(pdb_path);
    Ok(symbols)
}
