//! Real security fixes, live: the same process shows the vulnerability, then the fix, then
//! the vulnerability again. `tests/live/run.sh` builds what it needs and runs this.
#![cfg(windows)]

#[path = "../transplant/running.rs"]
mod running;

use std::path::{Path, PathBuf};

use running::{Running, hotpatch, hotpatch_done, texts};

/// A fix, and how to see it.
struct Fix {
    cve: &'static str,
    package: &'static str,
    /// Parts of the names of the first and the last patch that belong to it.
    patches: [&'static str; 2],
    request: &'static str,
    vulnerable: &'static str,
    fixed: &'static str,
    /// Whether something that is begun before the patch (`hold`) is to be ended as the fix says
    /// afterwards (`release`), too.
    held: bool,
}

const FIXES: [Fix; 10] = [
    Fix {
        cve: "CVE-2022-25236",
        package: "expat",
        patches: ["lib-Protect-against-malicious"; 2],
        request: "separator",
        vulnerable: "accepted",
        fixed: "rejected, error 2",
        held: false,
    },
    Fix {
        cve: "CVE-2022-25235",
        package: "expat",
        patches: ["lib-Add-missing-validation"; 2],
        request: "encoding",
        vulnerable: "accepted",
        fixed: "rejected, error 4",
        held: false,
    },
    Fix {
        cve: "CVE-2024-45490",
        package: "expat",
        patches: ["CVE-2024-45490"; 2],
        request: "length",
        vulnerable: "accepted",
        fixed: "rejected, error 41",
        held: false,
    },
    Fix {
        cve: "CVE-2024-50602",
        package: "expat",
        patches: ["CVE-2024-50602"; 2],
        request: "stop",
        vulnerable: "accepted",
        fixed: "rejected, error 4",
        held: false,
    },
    Fix {
        cve: "CVE-2025-64505",
        package: "libpng1.6",
        patches: ["CVE-2025-64505"; 2],
        request: "colours",
        vulnerable: "room for 16 colours",
        fixed: "room for 256 colours",
        held: false,
    },
    Fix {
        cve: "CVE-2025-64506",
        package: "libpng1.6",
        patches: ["CVE-2025-64506"; 2],
        request: "convert",
        vulnerable: "other memory is written as if it were the image",
        fixed: "the image is written",
        held: false,
    },
    Fix {
        cve: "CVE-2026-34757",
        package: "libpng1.6",
        patches: ["CVE-2026-34757-part1", "CVE-2026-34757-part2"],
        request: "palette",
        vulnerable: "the palette comes from memory that was given back",
        fixed: "4 colours, the first 1 2 3",
        held: false,
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
        held: false,
    },
    Fix {
        cve: "CVE-2023-52425",
        package: "expat",
        patches: ["rewritten CVE-2023-52425"; 2],
        request: "token",
        vulnerable: "reads a character many times, accepted",
        fixed: "reads a character a few times, accepted",
        held: true,
    },
    Fix {
        cve: "CVE-2018-25032",
        package: "zlib",
        patches: ["rewritten CVE-2018-25032"; 2],
        request: "far",
        vulnerable: "packs something else",
        fixed: "packs and unpacks",
        held: true,
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

/// The fix as its authors wrote it, of one that is written another way; that one is refused.
fn genuine<'p>(pairs: &'p [Pair], rewritten: &Pair) -> Option<&'p Pair> {
    let name = rewritten.patch.strip_prefix("rewritten ")?;
    let mut others = pairs.iter();
    let same = |p: &&Pair| (&p.package, &p.version) == (&rewritten.package, &rewritten.version);
    others.find(|p| same(p) && p.patch == name)
}

/// A fix that changes the layout of a type is refused, and the skeleton of another one written.
fn refused(home: &Path, key: &str, pair: &Pair) {
    let (old, new) = (
        pair.old.to_str().expect("text"),
        pair.new.to_str().expect("text"),
    );
    let skeleton = home.join("skeleton.c");
    let of_build = [
        "build",
        old,
        new,
        "-o",
        "refused.hpk",
        "--key",
        key,
        "--id",
        "refused",
        "--hooks-template",
        skeleton.to_str().expect("text"),
    ];
    let (code, report) = hotpatch(home, &of_build);
    let findings = texts(&report["verdict"]["findings"], "code");
    assert!(findings.contains(&"HP305"), "{}: {report:#}", pair.patch);
    assert_eq!(code, 4, "{}: {report:#}", pair.patch);
    let text = std::fs::read_to_string(skeleton).expect("a skeleton");
    assert!(text.contains("HOTPATCH_SHADOW_GET_OR_ALLOC"), "{text}");
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
fn prove(fix: &Fix, folder: &Path, pairs: &[Pair], (first, last): (&Pair, &Pair)) -> String {
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
    let genuine = genuine(pairs, last);
    if let Some(genuine) = genuine {
        refused(home.path(), &key, genuine);
    }
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
    if fix.held {
        assert_eq!(ask(&mut process, "hold"), "held", "{name}");
    }

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
    if fix.held {
        let released = ask(&mut process, "release");
        assert!(is_fixed(&released), "{name}, held: {released}");
        assert_eq!(ask(&mut process, "hold"), "held", "{name}, patched");
    }
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

    if fix.held {
        let released = ask(&mut process, "release");
        assert_eq!(released, fix.vulnerable, "{name}, held over the revert");
    }
    let results = process.finish();
    assert_eq!(results.code, Some(0), "{name}: {results:?}");

    // What was begun before the patch ended as it does in a process that is never patched,
    // and a process with the library of the fix, as its authors wrote it, answers as the patched
    // one did.
    let fixed_library = &genuine.unwrap_or(last).new;
    let mut control = start(&program, fixed_library, home.path());
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
            println!("{}", prove(fix, folder, &pairs, build));
        }
    }
}
