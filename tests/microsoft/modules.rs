//! Modules that Microsoft's and Intel's compilers built, with all their functions moved while
//! they work: whatever they answer, they answer it before, meanwhile and after.
//! `tests/microsoft/modules.sh` gets the modules, builds the hosts and runs this.
#![cfg(windows)]

#[path = "../transplant/running.rs"]
mod running;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use running::{Running, hotpatch, hotpatch_done, texts};
use serde_json::Value;

/// How often all functions are moved and moved back.
const CYCLES: usize = 3;

/// Functions that may stay where they are because a call of them never ends.
const MAX_ON_STACK: usize = 32;

/// A module, and the program that works with it.
struct Module {
    /// The folder that both are in.
    folder: &'static str,
    /// What built it.
    built_by: &'static str,
    host: &'static str,
    arguments: &'static [&'static str],
    file: &'static str,
    /// Functions that are moved, at least.
    functions: usize,
}

const MODULES: [Module; 6] = [
    Module {
        folder: "libebm-0.7.4",
        built_by: "MSVC 14.44, /GL, static CRT",
        host: "ebm.exe",
        arguments: &["libebm_win_x64.dll", "boost"],
        file: "libebm_win_x64.dll",
        functions: 1870,
    },
    Module {
        folder: "libebm-0.4.3",
        built_by: "MSVC 14.29, /GL, static CRT",
        host: "ebm.exe",
        arguments: &["libebm_win_x64.dll"],
        file: "libebm_win_x64.dll",
        functions: 1430,
    },
    Module {
        folder: "openmp-2026.2.0",
        built_by: "Intel's compiler",
        host: "openmp.exe",
        arguments: &[],
        file: "libiomp5md.dll",
        functions: 3150,
    },
    Module {
        folder: "debugpy-1.8.21",
        built_by: "MSVC 14.44, /guard:cf",
        host: "attach.exe",
        arguments: &["attach_amd64.dll"],
        file: "attach_amd64.dll",
        functions: 115,
    },
    Module {
        folder: "ptvsd-4.3.2",
        built_by: "MSVC 14.0, static CRT, ConcRT, FH3",
        host: "attach.exe",
        arguments: &["attach_amd64.dll"],
        file: "attach_amd64.dll",
        functions: 1790,
    },
    Module {
        folder: "process-tree-0.7.0",
        built_by: "MSVC 14.44, /GL, /guard:cf, FH4",
        host: "node.exe",
        arguments: &["processes.js", "./windows_process_tree.node"],
        file: "windows_process_tree.node",
        functions: 545,
    },
];

/// A host at work, and the folder where `hotpatch` runs.
struct Session<'m> {
    module: &'m Module,
    place: PathBuf,
    process: Running,
    home: tempfile::TempDir,
    /// Functions of which a call is always under way.
    on_stack: Vec<String>,
}

impl<'m> Session<'m> {
    fn start(module: &'m Module) -> Self {
        let folder = std::env::var("HOTPATCH_MODULES").expect("HOTPATCH_MODULES, see modules.sh");
        let place = Path::new(&folder).join(module.folder);
        let home = tempfile::tempdir().expect("a folder");
        hotpatch_done(home.path(), &["keygen", "-o", "key.pem"]);
        let mut process = Running::start(&place.join(module.host), module.arguments, &place);
        assert_eq!(process.line(), "ready", "{}", module.folder);
        Session {
            module,
            place,
            process,
            home,
            on_stack: Vec::new(),
        }
    }

    fn ask(&mut self, request: &str) -> String {
        self.process.send(format!("{request}\n").as_bytes());
        self.process.line()
    }

    /// Asks for a round, and for what the threads of the host have seen since the last time.
    fn assert_works(&mut self, round: &str, when: &str) {
        let here = format!("{} {when}", self.module.folder);
        assert_eq!(self.ask("round"), round, "{here}");
        let busy = self.ask("busy");
        assert!(busy.ends_with(" rounds, 0 wrong"), "{here}: {busy}");
    }

    /// Builds a package that moves all functions but those that never leave the stack; returns
    /// the report.
    fn build(&self) -> Value {
        let file = self.place.join(self.module.file);
        let file = file.to_str().expect("text");
        let mut arguments = vec!["build", file, file, "--all-functions", "--id", "MOVE"];
        arguments.extend(["--accept", "HP214", "--accept", "HP217"]);
        arguments.extend(["-o", "all.hpk", "--key", "key.pem"]);
        arguments.extend(self.on_stack.iter().flat_map(|name| ["--except", name]));
        hotpatch_done(self.home.path(), &arguments)
    }

    /// Applies the package; what it says is on the stack at all times is left out from then on,
    /// and whether anything was is returned as well.
    fn apply(&mut self) -> (Value, bool) {
        let pid = self.process.pid().to_string();
        let arguments = ["apply", "all.hpk", "--key", "key.pem", "--pid", &pid];
        let arguments = [&arguments[..], &["--timeout", "20"]].concat();
        let (code, report) = hotpatch(self.home.path(), &arguments);
        if code == 0 {
            return (report, false);
        }
        assert_eq!(report["outcome"], "busy", "{report:#}");
        let known = self.on_stack.len();
        for name in texts(&report["blocked_by"], "function") {
            if !self.on_stack.iter().any(|e| e == name) {
                self.on_stack.push(name.to_owned());
            }
        }
        let found = self.on_stack.len();
        assert!(found > known && found <= MAX_ON_STACK, "{report:#}");
        (report, true)
    }
}

/// What was left where it is, by the code of the finding.
fn left_out(built: &Value) -> String {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let list = built["left_out"].as_array().expect("a list");
    for function in list {
        let codes_of = texts(&function["findings"], "code");
        *codes
            .entry(codes_of.first().copied().unwrap_or(""))
            .or_default() += 1;
    }
    let words = codes.iter().map(|(code, count)| format!("{code} {count}"));
    format!("{}: {}", list.len(), words.collect::<Vec<_>>().join(", "))
}

/// Moves and moves back; returns a row of the table.
fn moved(module: &Module) -> String {
    let mut session = Session::start(module);
    let round = session.ask("round");
    session.assert_works(&round, "untouched");
    let mut built = session.build();
    let (mut frozen, mut functions, mut cycle) = (0, 0, 0);
    while cycle < CYCLES {
        let (report, is_busy) = session.apply();
        if is_busy {
            built = session.build();
            continue;
        }
        functions = report["functions"].as_array().expect("a list").len();
        assert!(
            functions >= module.functions,
            "{}: {functions}",
            module.folder
        );
        session.assert_works(&round, &format!("moved, {cycle}"));
        let pid = session.process.pid().to_string();
        let revert = ["revert", "--pid", &pid, "--id", "MOVE", "--timeout", "20"];
        let reverted = hotpatch_done(session.home.path(), &revert);
        assert_eq!(reverted["outcome"], "reverted", "{reverted:#}");
        session.assert_works(&round, &format!("moved back, {cycle}"));
        frozen = frozen.max(report["frozen_us"].as_u64().unwrap_or(0));
        cycle += 1;
    }
    let row = format!(
        "{} | {} | {functions} | {} | {} | {frozen} µs | yes",
        module.folder,
        module.built_by,
        left_out(&built),
        session.on_stack.len()
    );
    assert_eq!(session.process.finish().code, Some(0), "{}", module.folder);
    row
}

#[test]
fn modules_do_the_same_with_all_their_functions_moved() {
    let mut rows = vec![
        "module | built by | functions moved | left out | never off the stack | frozen | the same"
            .to_owned(),
        "--- | --- | --: | --- | --: | --: | ---".to_owned(),
    ];
    for module in &MODULES {
        rows.push(moved(module));
    }
    println!("{}", rows.join("\n"));
}
