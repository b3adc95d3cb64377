//! The rows of the table.

use std::path::{Path, PathBuf};

use crate::grow;
use crate::measure::{Cost, EVERY_RUN, Task, in_turn, size, time};

/// Exit codes of an answer: patchable, nothing changed, a restart is needed.
const ANSWERS: [i32; 3] = [0, 3, 4];

/// An image with its PDB, before and after.
struct Pair {
    name: String,
    old: PathBuf,
    new: PathBuf,
}

impl Pair {
    /// The pair in a folder that has `old` and `new`.
    fn in_folder(folder: &Path) -> Result<Pair, String> {
        let image = |side: &str| {
            let folder = folder.join(side);
            let files =
                std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()));
            let mut paths = files?.flatten().map(|f| f.path());
            let is_image = |p: &PathBuf| p.extension().is_some_and(|e| e == "exe" || e == "dll");
            let found = paths.find(is_image);
            found.ok_or_else(|| format!("no image in {}", folder.display()))
        };
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Ok(Pair {
            name: name.into_owned(),
            old: image("old")?,
            new: image("new")?,
        })
    }

    fn diff(&self) -> Task {
        self.task("diff").args(["--format", "json"])
    }

    fn task(&self, command: &str) -> Task {
        let task = hotpatch().args([command]).args([&self.old, &self.new]);
        task.may_end_with(&ANSWERS)
    }

    fn files(&self) -> [PathBuf; 4] {
        let pdb = |image: &Path| image.with_extension("pdb");
        [
            self.old.clone(),
            pdb(&self.old),
            self.new.clone(),
            pdb(&self.new),
        ]
    }

    fn hashes(&self) -> Task {
        Task::new("openssl").args(["sha256"]).args(self.files())
    }

    fn bytes(&self) -> Result<u64, String> {
        self.files().iter().map(|f| size(f)).sum()
    }
}

fn hotpatch() -> Task {
    Task::new(env!("CARGO_BIN_EXE_hotpatch"))
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Measures everything and prints the table.
pub fn all() -> Result<(), String> {
    let runs = setting("HOTPATCH_BENCH_RUNS").map_or(Ok(5), |r| r.parse());
    let runs: usize = runs.map_err(|e| format!("HOTPATCH_BENCH_RUNS: {e}"))?;
    println!("| case | ours | floor | ratio | peak memory |");
    println!("|---|--:|--:|--:|--:|");
    if let Some(folder) = setting("HOTPATCH_BENCH_XL") {
        against_hashes(&Pair::in_folder(Path::new(&folder))?, runs.min(3))?;
    }
    let folder = setting("HOTPATCH_BENCH_PAIRS").ok_or("HOTPATCH_BENCH_PAIRS is not set")?;
    let folders = std::fs::read_dir(&folder).map_err(|e| format!("{folder}: {e}"))?;
    let mut folders: Vec<PathBuf> = folders.flatten().map(|f| f.path()).collect();
    folders.sort();
    for folder in folders.iter().filter(|f| f.join("old").is_dir()) {
        let pair = Pair::in_folder(folder)?;
        against_hashes(&pair, runs)?;
        against_pdbutil(&pair, runs)?;
        commands(&pair, runs)?;
        package(&pair)?;
    }
    growth(Path::new(&folder), runs.min(3))?;
    if let Some(program) = setting("HOTPATCH_EXE") {
        let megabytes = size(Path::new(&program))? as f64 / 1e6;
        row("`hotpatch.exe`", &format!("{megabytes:.1} MB"), "", "", "");
    }
    Ok(())
}

fn row(case: &str, ours: &str, floor: &str, ratio: &str, peak: &str) {
    println!("| {case} | {ours} | {floor} | {ratio} | {peak} |");
}

/// Wall time of `diff` beside that of hashing what it reads.
fn against_hashes(pair: &Pair, runs: usize) -> Result<(), String> {
    let costs = in_turn(&[pair.diff(), pair.hashes()], runs)?;
    let (ours, floor) = (costs[0], costs[1]);
    let bytes = pair.bytes()?;
    let memory = ours.peak as f64 / bytes as f64;
    row(
        &format!("`diff` {}, wall / `openssl sha256`", pair.name),
        &time(ours.wall),
        &time(floor.wall),
        &format!("{:.1}", ours.wall / floor.wall),
        &format!("{} MB, {memory:.1} × the files", ours.peak / 1_000_000),
    );
    Ok(())
}

/// CPU time of `diff`, which reads two PDBs, beside that of a dump of one.
fn against_pdbutil(pair: &Pair, runs: usize) -> Result<(), String> {
    let llvm = setting("LLVM_BIN").unwrap_or_else(|| "/usr/lib/llvm-19/bin".into());
    let dump = Task::new(format!("{llvm}/llvm-pdbutil"))
        .args(["dump", "-symbols", "-publics"])
        .args([pair.old.with_extension("pdb")]);
    let costs = in_turn(&[pair.diff(), dump], runs)?;
    cpu(
        &format!("`diff` {}, CPU / `llvm-pdbutil`", pair.name),
        &costs,
    );
    Ok(())
}

fn cpu(case: &str, costs: &[Cost]) {
    let (ours, floor) = (costs[0].cpu, costs[1].cpu);
    row(
        case,
        &time(ours),
        &time(floor),
        &format!("{:.2}", ours / floor),
        "",
    );
}

/// The other commands of the build side, beside `diff`.
fn commands(pair: &Pair, runs: usize) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let build = build(pair, scratch.path())?;
    let costs = in_turn(&[build, pair.diff()], runs)?;
    cpu(&format!("`build` {}, CPU / `diff`", pair.name), &costs);
    let coverage = hotpatch().args(["coverage"]).args([&pair.old]);
    let costs = in_turn(&[coverage, pair.diff()], runs)?;
    cpu(&format!("`coverage` {}, CPU / `diff`", pair.name), &costs);
    if let Some(package) = built(scratch.path()) {
        let inspect = hotpatch().args(["inspect"]).args([&package]);
        let costs = in_turn(&[inspect, hotpatch().args(["--version"])], runs)?;
        cpu(
            &format!("`inspect` {}, CPU / `--version`", pair.name),
            &costs,
        );
    }
    Ok(())
}

/// `build` with a new key; every run writes another package into the folder.
fn build(pair: &Pair, folder: &Path) -> Result<Task, String> {
    let key = folder.join("key.pem");
    hotpatch().args(["keygen", "--out"]).args([&key]).run()?;
    let build = pair.task("build").args(["--id", "bench", "--key"]);
    let package = folder.join(format!("{EVERY_RUN}.hpk"));
    Ok(build.args([&key]).args(["--output"]).args([package]))
}

/// A package in a folder.
fn built(folder: &Path) -> Option<PathBuf> {
    let mut files = std::fs::read_dir(folder).ok()?.flatten().map(|f| f.path());
    files.find(|p| p.extension().is_some_and(|e| e == "hpk"))
}

/// The size of the package beside what tools for files make of the two images.
fn package(pair: &Pair) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = |name: &str| scratch.path().join(name);
    build(pair, scratch.path())?.run()?;
    let Some(package) = built(scratch.path()) else {
        row(&format!("package {}", pair.name), "refused", "", "", "");
        return Ok(());
    };
    let ours = size(&package)?;
    let paths = [pair.old.as_os_str(), pair.new.as_os_str()];
    let bsdiff = Task::new("bsdiff").args(paths).args([file("bsdiff")]);
    let zstd = Task::new("zstd")
        .args(["-q", "-19", "--patch-from"])
        .args(paths)
        .args(["-o".as_ref(), file("zstd").as_os_str()]);
    for (name, task) in [("bsdiff", bsdiff), ("zstd", zstd)] {
        // Either is measured where it is installed.
        let Some(theirs) = task.run().ok().and_then(|_| size(&file(name)).ok()) else {
            continue;
        };
        row(
            &format!("package {} / `{name}`, bytes", pair.name),
            &ours.to_string(),
            &theirs.to_string(),
            &format!("{:.2}", ours as f64 / theirs as f64),
            "",
        );
    }
    Ok(())
}

/// Time for each function, of programs that grow.
fn growth(folder: &Path, runs: usize) -> Result<(), String> {
    let sizes = setting("HOTPATCH_BENCH_SIZES").unwrap_or_else(|| "5 10 20 40".into());
    let mut first = None;
    for size in sizes.split_whitespace() {
        let thousands: usize = size
            .parse()
            .map_err(|e| format!("HOTPATCH_BENCH_SIZES: {e}"))?;
        let [old, new] = grow::pair(&folder.join("grown"), thousands * 1000)?;
        let name = format!("{thousands},000 functions");
        let pair = Pair { name, old, new };
        let cost = in_turn(&[pair.diff()], runs)?[0];
        let each = cost.cpu / (thousands * 1000) as f64;
        let first = *first.get_or_insert(each);
        row(
            &format!("`diff` {}, CPU for each", pair.name),
            &format!("{:.1} µs", each * 1e6),
            &format!("{:.1} µs", first * 1e6),
            &format!("{:.2}", each / first),
            &format!("{} MB", cost.peak / 1_000_000),
        );
    }
    Ok(())
}
