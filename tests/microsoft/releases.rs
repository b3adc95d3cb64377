//! Consecutive releases that Microsoft built: what changed between them is known, and that
//! much is found. `tests/microsoft/run.sh` unpacks those that every clone has; more of them
//! are compared where a folder with them is given (`HOTPATCH_MICROSOFT_MORE`).
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Two releases of one image.
struct Pair {
    from: &'static str,
    to: &'static str,
    changed: &'static [&'static str],
    /// Those of them in which nothing but the version differs.
    version_only: &'static [&'static str],
    added: &'static [&'static str],
    /// The risks that have to be accepted.
    risks: &'static [&'static str],
}

const ENDLESS_STREAM: &[&str] = &[
    "BrotliDecoderErrorString",
    "BrotliDecoderVersion",
    "DecodeCommandBlockSwitch",
    "DecodeDistanceBlockSwitch",
    "DecodeLiteralBlockSwitch",
    "ProcessCommands",
    "SafeDecodeCommandBlockSwitch",
    "SafeDecodeDistanceBlockSwitch",
    "SafeDecodeLiteralBlockSwitch",
    "SafeProcessCommands",
];

const PAIRS: [Pair; 7] = [
    Pair {
        from: "compression-10.0.12",
        to: "compression-10.0.14",
        changed: ENDLESS_STREAM,
        version_only: &[],
        added: &[],
        risks: &[],
    },
    Pair {
        from: "compression-10.0.10",
        to: "compression-10.0.11",
        changed: &[
            "BrotliBuildAndStoreHuffmanTreeFast",
            "BrotliCreateHuffmanTree",
            "BrotliDecoderDecompress",
            "BrotliDecoderStateInit",
            "BrotliEncoderCreateInstance",
            "BrotliEncoderPrepareDictionary",
            "BuildAndStoreBlockSplitCode",
            "CreatePreparedDictionaryWithParams",
            "SafeDecodeCommandBlockSwitch",
            "SafeDecodeDistanceBlockSwitch",
            "SafeDecodeLiteralBlockSwitch",
            "SafeProcessCommands",
            "StoreSymbol",
            "StoreSymbolWithContext",
            "build_tree",
            "deflateInit2",
            "gen_bitlen",
        ],
        version_only: &[],
        added: &["lm_set_level"],
        risks: &[],
    },
    rebuilt("compression-10.0.11", "compression-10.0.12"),
    rebuilt("compression-10.0.12", "compression-10.0.13"),
    Pair {
        from: "compression-10.0.13",
        to: "compression-10.0.14",
        changed: ENDLESS_STREAM,
        version_only: &[],
        added: &[],
        risks: &[],
    },
    rebuilt("harfbuzz-14.2.1.300", "harfbuzz-14.2.1.301"),
    Pair {
        from: "msquic-2.5.11",
        to: "msquic-2.5.12",
        changed: &[
            "CxPlatGetPortableCertificateFromSerialized",
            "DllMain",
            "MsQuicConnectionStart",
            "MsQuicLibraryLoad",
            "QuicConnPoolTryCreateConnection",
            "QuicConnProcessApiOperation",
            "QuicConnStart",
            "QuicRecvBufferGetChunkIterator",
            "QuicRecvBufferWrite",
            "QuicStreamInitialize",
            "QuicStreamReceiveComplete",
        ],
        version_only: &["DllMain", "MsQuicLibraryLoad"],
        added: &["QuicConnPoolStartConnection"],
        // Start-up code that holds the version, and a member in padding.
        risks: &["HP214", "HP319"],
    },
];

const fn rebuilt(from: &'static str, to: &'static str) -> Pair {
    Pair {
        from,
        to,
        changed: &[],
        version_only: &[],
        added: &[],
        risks: &[],
    }
}

/// The image of a release, in the first folder that has it.
fn image(folders: &[PathBuf], release: &str) -> Option<PathBuf> {
    let folder = folders
        .iter()
        .map(|f| f.join(release))
        .find(|f| f.is_dir())?;
    let files = fs::read_dir(folder).expect("a folder").flatten();
    let mut paths = files.map(|f| f.path());
    paths.find(|p| p.extension().is_some_and(|e| e == "dll" || e == "exe"))
}

/// What a run of `hotpatch` said, how long it took, and its largest memory in KiB.
struct Run {
    exit: Option<i32>,
    report: Value,
    time: Duration,
    memory: u64,
}

fn hotpatch(arguments: &[&str]) -> Run {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hotpatch"))
        .args(arguments)
        .args(["--format", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("hotpatch starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let watch = thread::spawn(move || {
        let mut most = 0;
        while let Some(now) = peak(&status) {
            most = most.max(now);
            thread::sleep(Duration::from_millis(2));
        }
        most
    });
    let report = serde_json::from_reader(child.stdout.take().expect("piped"));
    let exit = child.wait().expect("a status").code();
    Run {
        exit,
        report: report.unwrap_or_else(|e| panic!("{arguments:?}: {e}")),
        time: begun.elapsed(),
        memory: watch.join().expect("a figure"),
    }
}

/// The largest memory of a process so far, in KiB; `None` when it has ended.
fn peak(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list").iter();
    let mut names: Vec<&str> = list.map(|f| f["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    names
}

/// Codes of the findings with their number, and those of risks and refusals.
fn findings(report: &Value) -> (BTreeMap<&str, u32>, Vec<&str>) {
    let list = report["verdict"]["findings"].as_array().expect("a list");
    let (mut all, mut weighty) = (BTreeMap::new(), Vec::new());
    for finding in list {
        let code = finding["code"].as_str().expect("a code");
        *all.entry(code).or_default() += 1;
        if finding["severity"] != "note" {
            weighty.push(code);
        }
    }
    weighty.dedup();
    (all, weighty)
}

/// Compares two releases and packs the change; returns a line of the table.
fn judge(pair: &Pair, old: &str, new: &str, home: &Path) -> String {
    let name = format!("{} to {}", pair.from, pair.to);
    let run = hotpatch(&["diff", old, new]);
    let functions = &run.report["functions"];
    assert_eq!(names(&functions["changed"]), pair.changed, "{name}");
    let changed = functions["changed"].as_array().expect("a list").iter();
    let marked = changed.filter(|c| c["version_only"].as_array().is_some_and(|v| !v.is_empty()));
    let marked = Value::Array(marked.cloned().collect());
    assert_eq!(names(&marked), pair.version_only, "{name}");
    assert_eq!(names(&functions["added"]), pair.added, "{name}");
    assert_eq!(names(&functions["removed"]), [""; 0], "{name}");
    for build in ["old", "new"] {
        let account = &run.report["account"][build];
        assert_eq!(account["unexplained"], 0, "{name}: {account:#}");
    }
    let (codes, weighty) = findings(&run.report);
    assert_eq!(weighty, pair.risks, "{name}");
    let (exit, status) = match (pair.changed, pair.risks) {
        ([], _) => (3, "unchanged"),
        (_, []) => (0, "patchable"),
        _ => (4, "restart-required"),
    };
    assert_eq!(run.exit, Some(exit), "{name}");
    assert_eq!(run.report["verdict"]["status"], status, "{name}");

    let package = home.join("fix.hpk");
    let size = (!pair.changed.is_empty()).then(|| {
        let (key, to) = (home.join("key.pem"), package.to_str().expect("text"));
        let key = key.to_str().expect("text");
        let mut arguments = vec!["build", old, new, "-o", to, "--key", key, "--id", "FIX"];
        arguments.extend(pair.risks.iter().flat_map(|risk| ["--accept", risk]));
        let built = hotpatch(&arguments);
        assert_eq!(built.exit, Some(0), "{name}: {:#}", built.report["verdict"]);
        fs::metadata(&package).expect("a package").len()
    });
    let codes: Vec<String> = codes.iter().map(|(c, n)| format!("{c} × {n}")).collect();
    format!(
        "{name} | {} + {} | {} | {status} | {} ms | {} MiB | {}",
        pair.changed.len(),
        pair.added.len(),
        codes.join(", "),
        run.time.as_millis(),
        run.memory / 1024,
        size.map_or_else(|| "–".to_owned(), |bytes| bytes.to_string()),
    )
}

#[test]
fn every_pair_of_releases_is_answered_right() {
    let folder = |name| std::env::var(name).ok().filter(|f| !f.is_empty());
    let own = folder("HOTPATCH_MICROSOFT").expect("HOTPATCH_MICROSOFT, see run.sh");
    let more = folder("HOTPATCH_MICROSOFT_MORE");
    let folders: Vec<PathBuf> = [Some(own), more]
        .into_iter()
        .flatten()
        .map(Into::into)
        .collect();
    let home = tempfile::tempdir().expect("a folder");
    let key = home.path().join("key.pem");
    hotpatch(&["keygen", "-o", key.to_str().expect("text")]);

    println!("releases | changed + added | findings | verdict | time | memory | package, bytes");
    println!("--- | --- | --- | --- | --: | --: | --:");
    let mut compared = 0;
    for pair in &PAIRS {
        let images = (image(&folders, pair.from), image(&folders, pair.to));
        if let (Some(old), Some(new)) = images {
            let (old, new) = (old.to_str().expect("text"), new.to_str().expect("text"));
            println!("{}", judge(pair, old, new, home.path()));
            compared += 1;
        }
    }
    // Those of fixtures/microsoft; with a folder of more, all.
    let expected = if folders.len() == 1 { 1 } else { PAIRS.len() };
    assert_eq!(compared, expected, "releases in {folders:?}");
}

#[test]
fn an_image_that_says_that_it_is_hotpatchable_is_told_so() {
    const EX_DLL_CHARACTERISTICS: u32 = 20;
    let own = std::env::var("HOTPATCH_MICROSOFT").expect("HOTPATCH_MICROSOFT, see run.sh");
    let image = image(&[own.into()], "compression-10.0.12").expect("the fixture");
    let home = tempfile::tempdir().expect("a folder");
    let name = image.file_name().expect("a name");
    let copy = home.path().join(name);
    let pdb = Path::new("System.IO.Compression.Native.pdb");
    fs::copy(image.with_file_name(pdb), copy.with_file_name(pdb)).expect("a copy");

    let mut bytes = fs::read(&image).expect("the image");
    let debug = goblin::pe::PE::parse(&bytes).expect("an image").debug_data;
    let mut entries = debug.expect("a debug directory").entries().flatten();
    let entry = entries.find(|e| e.data_type == EX_DLL_CHARACTERISTICS);
    let at = entry.expect("extended characteristics").pointer_to_raw_data as usize;
    for (declared, value) in [(false, bytes[at]), (true, bytes[at] | 0x80)] {
        bytes[at] = value;
        fs::write(&copy, &bytes).expect("a copy");
        let run = hotpatch(&["coverage", copy.to_str().expect("text")]);
        let ready = &run.report["ready"];
        assert_eq!(ready["declared"], declared, "{ready:#}");
        assert_eq!(ready["relocations_listed"], true, "{ready:#}");
        assert_eq!(ready["incremental"], false, "{ready:#}");
        assert!(ready["objects_hotpatch"].as_u64() > Some(40), "{ready:#}");
    }
}

/// The code reads a table of 128 bytes in pieces of 16, and the linker's list says of each that
/// it belongs to the table: no symbol says how large that is.
#[test]
fn a_table_that_is_read_in_pieces_is_compared_and_carried_to_its_end() {
    const TABLE: u32 = 0x6e3d0;
    const SIZE: u32 = 0x80;
    let own = std::env::var("HOTPATCH_MICROSOFT").expect("HOTPATCH_MICROSOFT, see run.sh");
    let image = image(&[own.into()], "compression-10.0.12").expect("the fixture");
    let home = tempfile::tempdir().expect("a folder");
    let copy = home.path().join(image.file_name().expect("a name"));
    let pdb = Path::new("System.IO.Compression.Native.pdb");
    fs::copy(image.with_file_name(pdb), copy.with_file_name(pdb)).expect("a copy");

    let bytes = fs::read(&image).expect("the image");
    let sections = goblin::pe::PE::parse(&bytes).expect("an image").sections;
    let holds = |s: &&goblin::pe::section_table::SectionTable| {
        (s.virtual_address..s.virtual_address + s.virtual_size).contains(&TABLE)
    };
    let section = sections.iter().find(holds).expect("a section");
    let table = (TABLE - section.virtual_address + section.pointer_to_raw_data) as usize;
    for offset in [0, 0x18, SIZE as usize - 1] {
        let mut changed = bytes.clone();
        changed[table + offset] ^= 1;
        fs::write(&copy, &changed).expect("a copy");
        let (old, new) = (image.to_str().expect("text"), copy.to_str().expect("text"));
        let run = hotpatch(&["diff", old, new]);
        let functions = names(&run.report["functions"]["changed"]);
        assert_eq!(functions, ["EnsureInitialized"], "{offset:#x}");

        let path = |name: &str| home.path().join(name).to_str().expect("text").to_owned();
        let (package, key, payload) = (path("fix.hpk"), path("key.pem"), path("fix.obj"));
        hotpatch(&["keygen", "-o", &key]);
        let built = hotpatch(&[
            "build", old, new, "-o", &package, "--key", &key, "--id", "FIX",
        ]);
        assert_eq!(built.exit, Some(0), "{:#}", built.report["verdict"]);
        hotpatch(&["inspect", &package, "--extract-payload", &payload]);
        let piece = &changed[table + (offset & !15)..][..16];
        let carried = fs::read(&payload).expect("a payload");
        assert!(carried.windows(16).any(|w| w == piece), "{offset:#x}");
        fs::remove_file(&payload).expect("a payload");
    }
}
