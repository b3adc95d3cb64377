//! Whole programs with all their functions in a payload: does any of them notice?
//!
//! Every program runs untouched, patched before its first instruction, and patched and
//! reverted in mid-run; what it prints and how it ends must be the same each time.
//! `tests/transplant/run.sh` builds the programs and runs this.
#![cfg(windows)]

mod running;
#[path = "../support/start.rs"]
mod start;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use running::{Results, Running, entries, hotpatch, hotpatch_done, texts};
use serde_json::Value;
use start::never_came;

/// Share of the procedures of C and C++ sources that must be carried, in percent.
const REQUIRED: usize = 98;

/// How a program is used.
struct Usage {
    arguments: Vec<String>,
    /// Its standard input at a start.
    input: Vec<u8>,
    /// Files that it writes.
    writes: &'static [&'static str],
    mid_run: Option<MidRun>,
}

/// A program that is fed in three parts and waits in between.
struct MidRun {
    arguments: &'static [&'static str],
    parts: [Vec<u8>; 3],
    /// How the line ends that it prints when it waits; nothing where it can't tell.
    waits: &'static str,
}

fn programs_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transplant/programs")
}

fn usage(program: &str) -> Usage {
    let source = |name: &str| std::fs::read_to_string(programs_folder().join(name)).expect(name);
    let script = programs_folder().join("script.lua");
    let script = script.to_str().expect("text").replace('\\', "/");
    let plain = |arguments: &[&str], writes| Usage {
        arguments: arguments.iter().map(|&a| a.to_owned()).collect(),
        input: Vec::new(),
        writes,
        mid_run: None,
    };
    match program {
        // The script runs in a coroutine that stops twice, so that everything it holds was
        // made by one version of the interpreter and is used by the other.
        "lua" => Usage {
            mid_run: Some(MidRun {
                arguments: &["-i"],
                parts: [
                    format!(
                        "co = coroutine.create(assert(loadfile('{script}'))); printed = 0; \
                         limit = 25; old_print = print\n\
                         function print(...) old_print(...) printed = printed + 1 if printed \
                         >= limit and coroutine.running() == co then limit = limit + 25 \
                         coroutine.yield() end end\n\
                         function step() print(coroutine.resume(co)) io.write('== waiting\\n') \
                         io.flush() end\n\
                         step()\n"
                    )
                    .into_bytes(),
                    b"step()\n".to_vec(),
                    b"step() old_print(coroutine.status(co))\n".to_vec(),
                ],
                waits: "== waiting",
            }),
            ..plain(&[&script], &[])
        },
        "sqlite" => {
            let text = source("script.sql");
            let (first, rest) = text.split_once("-- Changes").expect("a heading");
            let (second, third) = rest.split_once("-- Schema").expect("a heading");
            let part = |text: &str| format!("{text}\n.mode list\n.print == waiting\n").into_bytes();
            Usage {
                input: text.clone().into_bytes(),
                mid_run: Some(MidRun {
                    arguments: &["-interactive"],
                    parts: [
                        part(first),
                        part(&format!("--{second}")),
                        part(&format!("--{third}")),
                    ],
                    waits: "== waiting",
                }),
                ..plain(&[], &[])
            }
        }
        "program" => Usage {
            mid_run: Some(MidRun {
                arguments: &["rounds"],
                parts: [b"a\n".to_vec(), b"b\nc\n".to_vec(), b"d\n".to_vec()],
                waits: "== waiting",
            }),
            ..plain(&["one", "two words"], &[])
        },
        "minigzip" => {
            let text: Vec<u8> = source("script.lua").into_bytes().repeat(30);
            let third = text.len() / 3;
            let parts = [&text[..third], &text[third..2 * third], &text[2 * third..]];
            Usage {
                input: text.clone(),
                mid_run: Some(MidRun {
                    arguments: &[],
                    parts: parts.map(<[u8]>::to_vec),
                    waits: "",
                }),
                ..plain(&[], &[])
            }
        }
        "example" => plain(&["example.gz"], &["example.gz"]),
        "pngtest" => plain(&["pngtest.png", "out.png"], &["out.png"]),
        _ => panic!("nobody knows how to use {program}"),
    }
}

/// What a line of the table says.
#[derive(Default)]
struct Row {
    cells: Vec<String>,
    problems: Vec<String>,
}

impl Row {
    fn compare(&mut self, what: &str, expected: &Results, got: &Results) -> &'static str {
        if expected == got {
            return "same";
        }
        let text = |r: &Results| {
            let lines = [r.stdout.as_slice(), b"\n-- errors --\n", &r.stderr].concat();
            String::from_utf8_lossy(&lines).into_owned()
        };
        let (a, b) = (text(expected), text(got));
        let differs = a.lines().zip(b.lines()).find(|(a, b)| a != b);
        self.problems.push(format!(
            "{what}: exit code {:?} and {:?}, {} and {} bytes, first difference {:.200}",
            expected.code,
            got.code,
            a.len(),
            b.len(),
            format!("{differs:?}")
        ));
        "DIFFERENT"
    }
}

/// A program under test, with a place for what it writes.
struct Subject {
    program: PathBuf,
    /// Its files.
    home: PathBuf,
    folder: tempfile::TempDir,
    usage: Usage,
}

impl Subject {
    fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().expect("text").to_owned()
    }

    /// A folder for one run, with the program's files.
    fn place(&self, name: &str) -> PathBuf {
        let place = self.folder.path().join(name);
        std::fs::create_dir(&place).expect("a folder");
        let png = self.home.join("pngtest.png");
        if png.exists() {
            std::fs::copy(png, place.join("pngtest.png")).expect("copy");
        }
        place
    }

    /// Runs a command with the program's input to its end.
    fn run(&self, command: &mut Command, name: &str) -> Results {
        let place = self.place(name);
        let input = place.join("input");
        std::fs::write(&input, &self.usage.input).expect("write");
        let output = command
            .current_dir(&place)
            .stdin(Stdio::from(File::open(&input).expect("input")))
            .output()
            .expect("it starts");
        let mut stdout = output.stdout;
        for file in self.usage.writes {
            stdout
                .extend(std::fs::read(place.join(file)).unwrap_or_else(|e| panic!("{file}: {e}")));
        }
        Results {
            code: output.status.code(),
            stdout,
            stderr: output.stderr,
        }
    }

    fn untouched(&self) -> Results {
        let mut command = Command::new(&self.program);
        self.run(command.args(&self.usage.arguments), "untouched")
    }

    /// Builds the package; returns the report.
    fn build(&self, name: &str, except: &[String]) -> Value {
        let (program, output, key) = (self.program.to_str(), self.path(name), self.path("key.pem"));
        let program = program.expect("text");
        let mut arguments = vec!["build", program, program, "--all-functions", "--id", "all"];
        arguments.extend(["--accept", "HP214", "--accept", "HP217"]);
        arguments.extend(["-o", &output, "--key", &key]);
        arguments.extend(except.iter().flat_map(|name| ["--except", name]));
        hotpatch_done(self.folder.path(), &arguments)
    }

    /// Starts it patched; returns its results, without hotpatch's own report.
    fn started(&self) -> (Results, Value) {
        let (package, key) = (self.path("all.hpk"), self.path("key.pem"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_hotpatch"));
        command.args(["apply", &package, "--key", &key, "--format", "json"]);
        command
            .arg("--start")
            .arg(&self.program)
            .args(["--wait", "--"]);
        command.args(&self.usage.arguments);
        let mut results = self.run(&mut command, "started");
        if never_came(&String::from_utf8_lossy(&results.stderr)) {
            println!("{} was not started; once more", self.program.display());
            results = self.run(&mut command, "started");
        }
        let mut documents = serde_json::Deserializer::from_slice(&results.stderr).into_iter();
        let report: Value = match documents.next() {
            Some(Ok(report)) => report,
            _ => panic!("no report: {}", String::from_utf8_lossy(&results.stderr)),
        };
        let end = documents.byte_offset();
        let end = end + usize::from(results.stderr[end..].starts_with(b"\n"));
        results.stderr.drain(..end);
        (results, report)
    }

    /// Starts it and feeds it the first part.
    fn begin(&self, mid_run: &MidRun, name: &str) -> Running {
        let mut running = Running::start(&self.program, mid_run.arguments, &self.place(name));
        feed(&mut running, mid_run, 0);
        running
    }

    /// Patches it in mid-run, reverts it in mid-run.
    fn mid_run(&self, mid_run: &MidRun, row: &mut Row) -> String {
        let mut untouched = self.begin(mid_run, "mid-untouched");
        let mut patched = self.begin(mid_run, "mid-patched");
        let (pid, package, key) = (
            patched.pid().to_string(),
            self.path("mid.hpk"),
            self.path("key.pem"),
        );
        let all = self.path("all.hpk");
        let apply = |package: &str, timeout: &str| {
            let of = [
                "apply",
                "--pid",
                &pid,
                package,
                "--key",
                &key,
                "--timeout",
                timeout,
            ];
            hotpatch(self.folder.path(), &of)
        };
        // What waits is on the stack, and the report says which functions that are.
        let (code, report) = apply(&all, "1");
        if code != 7 || report["outcome"] != "busy" {
            row.problems.push(format!("not busy in main: {report:#}"));
            return "NOT BUSY".to_owned();
        }
        let mut except: Vec<String> = Vec::new();
        for name in texts(&report["blocked_by"], "function") {
            if !except.iter().any(|e| e == name) {
                except.push(name.to_owned());
            }
        }
        assert!(except.iter().any(|n| n == "main"), "{except:?}");
        assert!(except.len() <= 16, "{except:?}");
        self.build("mid.hpk", &except);
        let (code, report) = apply(&package, "10");
        if code != 0 {
            row.problems
                .push(format!("in mid-run, without {except:?}: {report:#}"));
            return "NOT APPLIED".to_owned();
        }
        let entries = entries(&report);
        let frozen = report["frozen_us"].to_string();
        let originals = untouched.bytes_at(&entries);
        let redirected = patched.bytes_at(&entries);
        let same = originals.iter().zip(&redirected).filter(|(a, b)| a == b);
        assert_eq!(same.count(), 0, "functions are not redirected");
        for running in [&mut untouched, &mut patched] {
            feed(running, mid_run, 1);
        }
        let revert = ["revert", "--pid", &pid, "--timeout", "10"];
        let (code, report) = hotpatch(self.folder.path(), &revert);
        if code != 0 {
            row.problems.push(format!("revert in mid-run: {report:#}"));
            return "NOT REVERTED".to_owned();
        }
        assert!(
            patched.bytes_at(&entries) == originals,
            "revert left something"
        );
        for running in [&mut untouched, &mut patched] {
            feed(running, mid_run, 2);
        }
        let (expected, got) = (untouched.finish(), patched.finish());
        assert!(expected.stdout.len() > 1000, "{expected:?}");
        let result = row.compare("in mid-run", &expected, &got);
        format!(
            "{result} ({} moved, {} on the stack, frozen {frozen} µs)",
            entries.len(),
            except.len()
        )
    }
}

fn feed(running: &mut Running, mid_run: &MidRun, part: usize) {
    running.send(&mid_run.parts[part]);
    if !mid_run.waits.is_empty() {
        // A part may be several rounds.
        let rounds = match mid_run.arguments {
            ["rounds"] => mid_run.parts[part].iter().filter(|&&b| b == b'\n').count(),
            _ => 1,
        };
        for _ in 0..rounds {
            running.until(mid_run.waits);
        }
    }
}

/// Counts names.
fn count<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counted = BTreeMap::new();
    for name in names {
        *counted.entry(name).or_default() += 1;
    }
    counted
}

/// Compares what was moved with the procedures that LLVM finds in the PDB.
fn judge_coverage(home: &Path, report: &Value, row: &mut Row) {
    let listed = std::fs::read_to_string(home.join("procedures.txt")).expect("procedures.txt");
    let procedures = count(listed.lines());
    let total: usize = procedures.values().sum();
    let moved = texts(&report["functions"], "");
    let left = report["left_out"].as_array().expect("a list");
    let carried = count(moved.iter().copied());
    let carried: usize = procedures
        .iter()
        .map(|(name, n)| n.min(carried.get(name).unwrap_or(&0)))
        .sum();
    let mut codes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut from_source = 0;
    for function in left {
        let code = function["findings"][0]["code"].as_str().expect("a code");
        let is_source = usize::from(function["from_source"] == true);
        let counts = codes.entry(code).or_default();
        counts.0 += 1;
        counts.1 += is_source;
        from_source += is_source;
    }
    if carried + from_source != total {
        row.problems.push(format!(
            "of {total} procedures {carried} are carried and {from_source} left out: what about the others?"
        ));
    }
    if carried * 100 < total * REQUIRED {
        row.problems
            .push(format!("only {carried} of {total} procedures are carried"));
    }
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, (all, source))| format!("{code}: {all} ({source})"))
        .collect();
    row.cells = vec![
        total.to_string(),
        format!("{carried} ({:.1} %)", carried as f64 * 100.0 / total as f64),
        moved.len().to_string(),
        codes.join(", "),
    ];
}

fn transplant(home: &Path) -> Row {
    let name = home.file_name().and_then(|n| n.to_str()).expect("a name");
    let program = name.split('-').next().expect("a program");
    let subject = Subject {
        program: home.join(format!("{program}.exe")),
        home: home.to_owned(),
        folder: tempfile::tempdir().expect("a folder"),
        usage: usage(program),
    };
    let mut row = Row::default();
    hotpatch_done(
        subject.folder.path(),
        &["keygen", "-o", &subject.path("key.pem")],
    );
    let report = subject.build("all.hpk", &[]);
    judge_coverage(home, &report, &mut row);
    let untouched = subject.untouched();
    assert!(!untouched.stdout.is_empty(), "{name}: {untouched:?}");
    let (started, applied) = subject.started();
    assert_eq!(applied["outcome"], "applied", "{name}: {applied:#}");
    let moved = applied["functions"].as_array().map_or(0, Vec::len);
    assert_eq!(moved.to_string(), row.cells[2], "{name}");
    let at_start = row.compare("at start", &untouched, &started);
    row.cells.push(format!(
        "{at_start} (exit code {})",
        untouched.code.unwrap_or(-1)
    ));
    let mid_run = match &subject.usage.mid_run {
        Some(mid_run) => subject.mid_run(mid_run, &mut row),
        None => "never waits".to_owned(),
    };
    row.cells.push(mid_run);
    row.cells.insert(0, name.to_owned());
    row
}

#[test]
fn programs_do_not_notice_that_they_were_moved() {
    let folder = std::env::var("HOTPATCH_TRANSPLANT").expect("HOTPATCH_TRANSPLANT, see run.sh");
    let wanted = std::env::var("HOTPATCH_TRANSPLANT_PROGRAMS").expect("names of programs");
    println!(
        "program | procedures | carried | all functions moved | left out (from source) | at start | in mid-run"
    );
    println!("--- | --: | --: | --: | --- | --- | ---");
    let mut problems = Vec::new();
    for name in wanted.split_whitespace() {
        let row = transplant(&Path::new(&folder).join(name));
        println!("{}", row.cells.join(" | "));
        problems.extend(row.problems.iter().map(|p| format!("{name}: {p}")));
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
