//! Real security fixes, live: the same process shows the vulnerability, then the fix, then
//! the vulnerability again. `tests/live/run.sh` builds what it needs and runs this.
#![cfg(windows)]

#[path = "../transplant/running.rs"]
mod running;

use std::path::{Path, PathBuf};

use running::{Running, hotpatch_done, texts};

/// A fix, and how to see it.
struct Fix {
    cve: &'static str,
    package: &'static str,
    /// Parts of the names of the first and the last patch that belong to it.
    patches: [&'static str; 2],
    request: &'static str,
    vulnerable: &'static str,
    fixed: &'static str,
}

const FIXES: [Fix; 8] = [
    Fix {
        cve: "CVE-2022-25236",
        package: "expat",
        patches: ["lib-Protect-against-malicious"; 2],
        request: "separator",
        vulnerable: "accepted",
        fixed: "rejected, error 2",
    },
    Fix {
        cve: "CVE-2022-25235",
        package: "expat",
        patches: ["lib-Add-missing-validation"; 2],
        request: "encoding",
        vulnerable: "accepted",
        fixed: "rejected, error 4",
    },
    Fix {
        cve: "CVE-2024-45490",
        package: "expat",
        patches: ["CVE-2024-45490"; 2],
        request: "length",
        vulnerable: "accepted",
        fixed: "rejected, error 41",
    },
    Fix {
        cve: "CVE-2024-50602",
        package: "expat",
        patches: ["CVE-2024-50602"; 2],
        request: "stop",
        vulnerable: "accepted",
        fixed: "rejected, error 4",
    },
    Fix {
        cve: "CVE-2025-64505",
        package: "libpng1.6",
        patches: ["CVE-2025-64505"; 2],
        request: "colours",
        vulnerable: "room for 16 colours",
        fixed: "room for 256 colours",
    },
    Fix {
        cve: "CVE-2025-64506",
        package: "libpng1.6",
        patches: ["CVE-2025-64506"; 2],
        request: "convert",
        vulnerable: "other memory is written as if it were the image",
        fixed: "the image is written",
    },
    Fix {
        cve: "CVE-2026-34757",
        package: "libpng1.6",
        patches: ["CVE-2026-34757-part1", "CVE-2026-34757-part2"],
        request: "palette",
        vulnerable: "the palette comes from memory that was given back",
        fixed: "4 colours, the first 1 2 3",
    },
    Fix {
        cve: "CVE-2022-37434",
        package: "zlib",
        patches: [
            "getting-a-gzip-header-extra-field",
            "Fix-extra-field-processing",
        ],
        request: "extra",
        vulnerable: "writes beyond the room for the extra field",
        fixed: "status 1, 8 of 64 bytes kept, text hello",
    },
];

/// A line of pairs.txt.
struct Pair {
    package: String,
    version: String,
    patch: String,
    old: PathBuf,
    new: PathBuf,
}

fn pairs(folder: &Path) -> Vec<Pair> {
    let list = std::fs::read_to_string(folder.join("pairs.txt")).expect("pairs.txt");
    let parse = |line: &str| {
        let [package, version, patch, old, new] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a line of pairs.txt with other fields: {line}");
        };
        Pair {
            package: package.to_owned(),
            version: version.to_owned(),
            patch: patch.to_owned(),
            old: Path::new(old).join("library.dll"),
            new: Path::new(new).join("library.dll"),
        }
    };
    list.lines().map(parse).collect()
}

/// The builds before and after a fix, of every version that has it.
fn builds<'p>(pairs: &'p [Pair], fix: &Fix) -> Vec<(&'p Pair, &'p Pair)> {
    let of = |name: &str| {
        let named = pairs.iter().filter(|p| p.package == fix.package);
        named.filter(|p| p.patch.contains(name)).collect::<Vec<_>>()
    };
    let (firsts, lasts) = (of(fix.patches[0]), of(fix.patches[1]));
    let last_of = |first: &&'p Pair| {
        let last = lasts.iter().rev().find(|l| l.version == first.version)?;
        Some((*first, *last))
    };
    let mut found: Vec<_> = firsts.iter().filter_map(last_of).collect();
    found.dedup_by(|a, b| a.0.version == b.0.version);
    found
}

fn ask(process: &mut Running, request: &str) -> String {
    process.send(format!("{request}\n").as_bytes());
    process.line()
}

fn start(program: &Path, library: &Path, folder: &Path) -> Running {
    let mut process = Running::start(program, &[library.to_str().expect("text")], folder);
    assert_eq!(process.line(), "ready", "{}", library.display());
    process
}

/// Returns a line of the table.
fn prove(fix: &Fix, folder: &Path, (first, last): (&Pair, &Pair)) -> String {
    let home = tempfile::tempdir().expect("a folder");
    let path = |name: &str| home.path().join(name).to_str().expect("text").to_owned();
    let (key, package) = (path("key.pem"), path("fix.hpk"));
    let (old, new) = (
        first.old.to_str().expect("text"),
        last.new.to_str().expect("text"),
    );
    hotpatch_done(home.path(), &["keygen", "-o", &key]);
    let of_build = [
        "build", old, new, "-o", &package, "--key", &key, "--id", fix.cve, "--cve", fix.cve,
    ];
    let built = hotpatch_done(home.path(), &of_build);
    let name = format!("{} of {} {}", fix.cve, fix.package, first.version);
    let program = folder.join("programs").join(format!("{}.exe", fix.package));

    let mut process = start(&program, &first.old, home.path());
    let pid = process.pid().to_string();
    let regular = ask(&mut process, "regular");
    assert_eq!(
        ask(&mut process, fix.request),
        fix.vulnerable,
        "{name}, before"
    );
    let begun = ask(&mut process, "begin");

    let of_apply = [
        "apply",
        "--pid",
        &pid,
        &package,
        "--key",
        &key,
        "--timeout",
        "10",
    ];
    let applied = hotpatch_done(home.path(), &of_apply);
    assert_eq!(applied["outcome"], "applied", "{name}: {applied:#}");
    let fixed = ask(&mut process, fix.request);
    let is_fixed = |answer: &str| answer.starts_with(fix.fixed);
    assert!(is_fixed(&fixed), "{name}, patched: {fixed}");
    assert_eq!(ask(&mut process, "regular"), regular, "{name}, patched");
    let ended = ask(&mut process, "end");
    assert_eq!(ask(&mut process, "begin"), begun, "{name}, patched");

    let of_revert = ["revert", "--pid", &pid, "--id", fix.cve, "--timeout", "10"];
    let reverted = hotpatch_done(home.path(), &of_revert);
    assert_eq!(reverted["outcome"], "reverted", "{name}: {reverted:#}");
    assert_eq!(
        ask(&mut process, fix.request),
        fix.vulnerable,
        "{name}, reverted"
    );
    assert_eq!(ask(&mut process, "regular"), regular, "{name}, reverted");
    assert_eq!(
        ask(&mut process, "end"),
        ended,
        "{name}: begun patched, ended reverted"
    );

    let results = process.finish();
    assert_eq!(results.code, Some(0), "{name}: {results:?}");

    // What was begun before the patch ended as it does in a process that is never patched,
    // and a process with the new library answers as the patched one did.
    let mut control = start(&program, &last.new, home.path());
    assert_eq!(ask(&mut control, fix.request), fixed, "{name}, new library");
    assert_eq!(ask(&mut control, "begin"), begun, "{name}, new library");
    assert_eq!(ask(&mut control, "end"), ended, "{name}, new library");
    format!(
        "{} | {} | {} | {} | {} | {} | {} | as before",
        fix.package,
        first.version,
        fix.cve,
        texts(&built["functions"], "").join(", "),
        applied["frozen_us"],
        fix.vulnerable,
        fixed
    )
}

#[test]
fn running_processes_are_fixed() {
    let folder = std::env::var("HOTPATCH_LIVE").expect("HOTPATCH_LIVE, see run.sh");
    let folder = Path::new(&folder);
    let only = std::env::var("HOTPATCH_LIVE_ONLY").unwrap_or_default();
    let pairs = pairs(folder);
    println!("library | version | fix | functions | frozen, µs | unpatched | patched | reverted");
    println!("--- | --- | --- | --- | --: | --- | --- | ---");
    for fix in &FIXES {
        if !only.is_empty() && !only.split(' ').any(|cve| cve == fix.cve) {
            continue;
        }
        let builds = builds(&pairs, fix);
        assert!(
            !builds.is_empty(),
            "no build of {} {}",
            fix.package,
            fix.cve
        );
        for build in builds {
            println!("{}", prove(fix, folder, build));
        }
    }
}
